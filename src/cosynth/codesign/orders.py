"""A circuit's program as the cost model sees it: what each command is worth in cycles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cosynth import rtl
from cosynth.codesign.reading import apart, at, grouped, pace, together
from cosynth.cost import Machine, Order, Timeline, cycles
from cosynth.cost.orders import Copy, Drain, Fill, Read, Reload, Walk, Work

# beats of a burst: `run_bursts.sv`
MOST_BEATS = 16
# steps and runs up to which each is looked at, and chunks of a half
MOST_STEPS, MOST_CHUNKS = 1 << 15, 64
READERS = ("moving", "second", "params", "residual")
# bits of `flags` of steps and drains: `stepper.sv`, `drain.sv`
ADDS, LOADED, BEGUN, UNFINISHED = 1, 2, 4, 8
RESIDUAL, SPILLS, TABLE = 1, 2, 32


def timed(chip: rtl.Chip, words: NDArray[np.uint64], latency: int) -> Timeline:
    """Return the cycles of a program on a chip; `latency` is that of its DRAM, in cycles."""
    return cycles(machine(chip, latency), orders(chip, words))


def machine(chip: rtl.Chip, latency: int) -> Machine:
    """Numbers of a chip that time depends on."""
    kept = chip.flow == "output"
    floats = bool(chip.parameters()["O_FLOAT"])
    levels = math.ceil(math.log2(chip.rows))
    return Machine(
        kept=kept,
        delay=2 if kept else 3 + (levels + 1) // 2 + (chip.shift > 0),
        post=(9 if floats else 7) + (chip.table > 0),
        latency=latency,
        write_latency=latency,
        beats=min(1.0, chip.bytes_per_cycle / (chip.beat / 8)),
        words=chip.beat // 64,
        parts=-(-chip.sum_bits // chip.line),
    )


def orders(chip: rtl.Chip, words: NDArray[np.uint64]) -> list[Order]:
    """Return what the commands of a program are worth, in order."""
    found: list[Order] = []
    vectors: dict[str, list[rtl.Command]] = {name: [] for name in READERS}
    for one in rtl.commands(words):
        command = replace(one.command, takes=0, gives=0)
        if command.unit in vectors:
            vectors[command.unit].append(command)
        found.append(
            Order(
                unit=command.unit,
                early=one.early,
                takes=_bits(one.command.takes),
                gives=_bits(one.command.gives),
                work=_work(chip, command),
            )
        )
    if chip.flow != "output":
        return _apart(chip, found, vectors)
    pairs = zip(vectors["moving"], vectors["second"], strict=True)
    return [_paced(chip, one, *next(pairs)) if one.unit == "step" else one for one in found]


def _apart(
    chip: rtl.Chip, found: list[Order], vectors: dict[str, list[rtl.Command]]
) -> list[Order]:
    """Orders whose readers know how fast they are beside one another, in the order of commands."""
    places = _places(chip, "moving"), _places(chip, "second")
    banks = _banks(found)
    shares: dict[str, list[float]] = {"moving": [], "second": []}
    for one, name in enumerate(shares):
        rest = "second" if name == "moving" else "moving"
        own, other = vectors[name], vectors[rest]
        for number, command in enumerate(own):
            beside = min(number * len(other) // len(own), len(other) - 1)
            pair = [(command, banks[name][number]), (other[beside], banks[rest][beside])]
            pair = pair if name == "moving" else pair[::-1]
            keys = [_low(each, many) for (each, _), many in zip(pair, places, strict=True)]
            shares[name].append(apart(*keys, places, (pair[0][1], pair[1][1]))[one])
    left = {name: iter(some) for name, some in shares.items()}
    return [
        replace(one, work=replace(one.work, beside=next(left[one.unit])))
        if one.unit in left and isinstance(one.work, Read)
        else one
        for one in found
    ]


def _banks(found: list[Order]) -> dict[str, list[int]]:
    """Banks of registers that each command of a reader serves, by reader."""
    banks: dict[str, list[int]] = {"moving": [], "second": []}
    for one in found:
        if isinstance(one.work, Fill):
            banks["second"].append(one.work.banks)
        elif one.unit == "step" and isinstance(one.work, Walk):
            banks["moving"].append(max(one.work.chunks // one.work.bank, 1))
    return banks


def _bits(mask: int) -> tuple[int, ...]:
    return tuple(bit for bit in range(mask.bit_length()) if mask >> bit & 1)


def _places(chip: rtl.Chip, unit: str) -> int:
    """Elements of a line of the buffer as a reader sees it."""
    sizes = chip.parameters()
    bits = {"moving": sizes["X"], "second": sizes["Y"], "residual": sizes["O"]}
    return chip.line // (rtl.PARAMETER_BITS if unit == "params" else bits[unit])


def _paced(chip: rtl.Chip, step: Order, first: rtl.Command, second: rtl.Command) -> Order:
    """Steps for which two readers share the port of the buffer."""
    places = _places(chip, "moving"), _places(chip, "second")
    keys = [_low(one, many) for one, many in zip((first, second), places, strict=True)]
    period = together(*keys, places)
    reads = sum(pace(one, many)[1] for one, many in zip(keys, places, strict=True))
    assert isinstance(step.work, Walk)
    return replace(step, work=replace(step.work, period=period, reads=min(reads, period)))


def _low(command: rtl.Command, places: int) -> rtl.Command:
    """A reader's command as low in the buffer as its place in a line allows."""
    address, *rest = command.bases
    return replace(command, bases=(address % places, *rest))


def _work(chip: rtl.Chip, one: rtl.Command) -> Work:
    if one.unit in READERS:
        places = _places(chip, one.unit)
        each, reads = pace(_low(one, places), places)
        vectors = math.prod(one.turns[grouped(one) :])
        return Read(vectors=vectors, cycles=each, reads=reads)
    if one.unit in {"load", "store"}:
        grains = chip.beat // chip.grain
        bases = tuple(base % (MOST_BEATS * chip.line // chip.grain) for base in one.bases)
        return _copy(replace(one, bases=bases), grains, chip.line // chip.grain)
    if one.unit == "fill":
        return Fill(vectors=one.turns[0] * one.turns[1], banks=one.turns[2])
    if one.unit == "reload":
        inside = _prefix(one.extras[0], len(one.turns))
        return Reload(
            lines=math.prod(one.turns[:inside]),
            halves=math.prod(one.turns[inside:]),
            zero=bool(one.extras[1]),
        )
    if one.unit == "drain":
        return _drain(replace(one, bases=(0, one.bases[1] % chip.line)), _places(chip, "residual"))
    return _walk(one, kept=one.unit == "step" and chip.flow == "output")


def _prefix(mask: int, loops: int) -> int:
    """How many loops from the innermost on are in a mask."""
    count = 0
    while count < loops and mask >> count & 1:
        count += 1
    return count


@lru_cache(maxsize=1 << 14)
def _walk(one: rtl.Command, *, kept: bool) -> Walk:
    """Steps, or lines; where sums are kept, steps have no part in their memory."""
    sums, bank, half, flags = one.extras
    loops = len(one.turns)
    banks = _prefix(bank, loops)
    halves = loops if kept else _prefix(half, loops)
    inner = min(banks, halves)
    chunk = math.prod(one.turns[:inner])
    return Walk(
        chunk=chunk,
        chunks=math.prod(one.turns[inner:]),
        bank=math.prod(one.turns[inner:banks]),
        half=math.prod(one.turns[inner:halves]),
        begins=not flags & BEGUN,
        ends=not flags & UNFINISHED,
        loaded=bool(flags & LOADED),
        fetches=(0.0,) if kept else _fetches(one, sums, bool(flags & ADDS), halves, chunk),
    )


def _fetches(one: rtl.Command, sums: int, adds: bool, halves: int, chunk: int) -> tuple[float, ...]:
    """Share of the steps that read sums, for each chunk of a half: none of those that begin one.

    Nor those that add to the line of the step before.
    """
    whole = math.prod(one.turns[:halves])
    count = min(whole // chunk, MOST_CHUNKS, max(MOST_STEPS // chunk, 1))
    size = min(chunk, MOST_STEPS)
    numbers = (np.arange(count)[:, None] * chunk + np.arange(size)).reshape(-1)
    line = at(one.turns, one.strides[1], 0, numbers)
    first = np.full(numbers.size, not adds)
    left = numbers
    for loop, turns in enumerate(one.turns):
        if sums >> loop & 1:
            first &= left % turns == 0
        left = left // turns
    same = np.zeros(numbers.size, dtype=bool)
    same[1:] = line[1:] == line[:-1]
    return tuple((~first & ~same).reshape(count, size).mean(axis=1).tolist())


@lru_cache(maxsize=1 << 14)
def _copy(one: rtl.Command, beat: int, line: int) -> Copy:
    """Beats, bursts and moves of runs between DRAM, in beats, and lines of the buffer."""
    total = math.prod(one.turns)
    numbers = np.arange(min(total, MOST_STEPS))
    dram, local = (
        at(one.turns, strides, base, numbers)
        for strides, base in zip(one.strides, one.bases, strict=True)
    )
    run = one.extras[0]
    first, last = dram // beat, (dram + run - 1) // beat
    shares, follows = np.zeros(numbers.size, dtype=bool), np.zeros(numbers.size, dtype=bool)
    shares[1:] = first[1:] == last[:-1]
    follows[1:] = shares[1:] | (first[1:] == last[:-1] + 1)
    beats = int((last - first + 1 - shares).sum())
    bursts = max(int((~follows).sum()), beats / MOST_BEATS)
    # the first piece ends with its beat or line, the second with its line, others are whole beats
    left = np.full(numbers.size, run)
    pieces = np.minimum(np.minimum(beat - dram % beat, line - local % line), left)
    begin, end = local // line, (local + run - 1) // line
    hits = np.zeros(numbers.size, dtype=bool)
    hits[1:] = begin[1:] == end[:-1]
    left, local, moves = left - pieces, local + pieces, numbers.size
    pieces = np.minimum(np.minimum(beat, line - local % line), left)
    moves += int((pieces > 0).sum() + (-(-(left - pieces) // beat)).sum())
    # what is stored is read a line at a time, what is loaded written piece by piece
    touches = int((end - begin + 1 - hits).sum()) if one.unit == "store" else moves
    scale = total / numbers.size
    return Copy(
        beats=beats * scale, runs=total, bursts=bursts * scale, moves=moves * scale,
        touches=touches * scale,
    )  # fmt: skip


@lru_cache(maxsize=1 << 14)
def _drain(one: rtl.Command, places: int) -> Drain:
    run, _, half, params, flags = one.extras[:5]
    loops = len(one.turns)
    inside, sharing = _prefix(half, loops), _prefix(params, loops)
    spills = bool(flags & SPILLS)
    width = 1.0
    if not spills and not flags & TABLE:
        numbers = np.arange(min(math.prod(one.turns), MOST_STEPS))
        address = at(one.turns, one.strides[1], one.bases[1], numbers)
        width = float(((address + run - 1) // places - address // places + 1).mean())
    return Drain(
        lines=math.prod(one.turns[:inside]),
        halves=math.prod(one.turns[inside:]),
        begins=not flags & BEGUN,
        ends=not flags & UNFINISHED,
        spills=spills,
        width=width,
        params=math.prod(one.turns[sharing:inside]) if sharing < inside else 1,
        residual=bool(flags & RESIDUAL),
    )


def predicted(
    chip: rtl.Chip, program: rtl.Program, latency: int, only: Sequence[str] | None = None
) -> dict[str, Timeline]:
    """Return the time of each layer of a program that the circuit runs, or of some of them."""
    image = program.image
    return {
        one.layer: timed(
            chip, image[one.address : one.address + 8 * one.words].view(np.uint64), latency
        )
        for one in program.order
        if isinstance(one, rtl.Section) and (only is None or one.layer in only)
    }
