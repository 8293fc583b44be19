"""Commands that make the array work through one segment of a tile."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cosynth.errors import MappingError
from cosynth.rtl.entries import Entries, entries_of, life_of
from cosynth.rtl.instructions import EVERY_SECOND, LOWEST, Command
from cosynth.rtl.plan import Plan
from cosynth.rtl.segments import Segment, Tile, Turn
from cosynth.rtl.streams import Layout, Loops, Stream, stream
from cosynth.rtl.woven import offset, vectors, weave
from cosynth.workload import Access

ADDS, LOADED, BEGUN, UNFINISHED, GREATEST = 1, 2, 4, 8, 16


def reader(unit: str, one: Stream) -> Command:
    """A reader's command."""
    return Command(
        unit=unit,
        turns=one.loops.turns,
        bases=one.bases,
        strides=one.loops.strides,
        extras=(one.run, one.a_limit, one.b_limit, one.grouped | EVERY_SECOND * (one.stride == 2)),
    )


def array_commands(
    one: Plan, tile: Tile, segment: Segment, boxes: Mapping[str, Layout], at: Mapping[str, int]
) -> tuple[Command, ...]:
    """Commands of readers, filling, steps and lines; `at` is where boxes lie, in grains.

    The first is the reader of what rows share, the second that of the other operand.
    """
    work, weight = one.work, one.chip.flow == "weight"
    start = {rank: tile.start[rank] + segment.start[rank] for rank in tile.start}
    loops = tuple(reversed(segment.loops))  # innermost first
    operands: dict[str, Access] = {"data": work.data, "weight": work.weight}
    moving, second = ("data", "weight") if weight else ("weight", "data")

    woven = boxes["weight"].weave
    apart = bool(woven) and woven[0].apart

    def read(kind: str, ranks: Sequence[str], walk: Sequence[tuple[str, int, int]]) -> Stream:
        base = at[kind] * one.chip.grain // one.bits(kind)
        if woven and kind == "weight":
            mine = weave(one.chip, work, one.rows, one.columns, tile, segment)
            return vectors(mine, base + offset(woven, mine), walk[apart * len(one.rows) :])
        lanes = [(rank, segment.lanes[rank]) for rank in ranks]
        packing = one.packing if kind == "weight" else None
        if packing:
            box = packing.within(boxes[kind])
            begin = packing.start(segment.start)
            return stream(
                packing.split, box, base, begin, packing.vector(lanes), packing.walk(walk)
            )
        strided = one.chip.strided and kind == "data"
        found = stream(operands[kind], boxes[kind], base, start, lanes, walk, strided=strided)
        lowest = LOWEST * (kind == "data" and work.maxima)
        return replace(found, grouped=found.grouped | lowest)

    every = [(turn.rank, turn.turns, turn.step) for turn in loops]
    found = [reader("moving", read(moving, one.rows, every))]
    stays = operands[second] if one.held else work.output
    if one.passes:
        stays = Access(tensor="identity")
    life = life_of(loops, stays)
    entries = entries_of(loops[:life], stays)
    if entries.total > one.chip.entries:
        raise MappingError(
            f"{work.name}: {entries.total} entries in a bank of registers, which has"
            f" {one.chip.entries}"
        )
    if one.held:
        rows = [(rank, segment.lanes[rank], 1) for rank in one.rows]
        banks = loops[life:]
        walk = [*rows, *entries.fills, *((t.rank, t.turns, t.step) for t in banks)]
        if one.passes:
            found.append(reader("second", _identity(one, segment, boxes["weight"], at["weight"])))
        else:
            found.append(reader("second", read(second, one.columns, walk)))
        counts = (
            one.chip.rows if one.passes else math.prod(count for _, count, _ in rows) + apart,
            entries.total,
            math.prod(turn.turns for turn in banks),
        )
        found.append(Command(unit="fill", turns=counts))
        found.append(_steps(one, segment, loops, entries, life))
    else:
        found.append(reader("second", read(second, one.columns, every)))
        found.append(_kept_steps(one, loops, stays, entries, life))
        found.append(_lines(one, segment, loops, stays, entries, life))
    return tuple(found)


def _identity(one: Plan, segment: Segment, layout: Layout, at: int) -> Stream:
    """Rows of an identity; those of no lane are zero."""
    lanes = math.prod(segment.lanes[rank] for rank in one.columns)
    rows = Loops(turns=(layout.extent[0],), strides=((layout.extent[1],), (0,), (0,)))
    base = at * one.chip.grain // one.bits("weight")
    return Stream(loops=rows, bases=(base, 0, 0), run=lanes, a_limit=1, b_limit=lanes, grouped=0)


def _mask(flags: Sequence[bool]) -> int:
    return sum(1 << at for at, flag in enumerate(flags) if flag)


def _line_steps(one: Plan, segment: Segment, loops: Sequence[Turn]) -> tuple[int, list[int]]:
    """Line where a segment begins, and lines between turns of each loop."""
    pitch = one.lines(segment.half)
    base = sum(
        (segment.start[rank] - segment.half[rank][0]) // one.lanes(rank) * pitch[rank]
        for rank in one.outputs
    )
    steps = [
        0
        if turn.level == "buffer" or turn.rank not in one.outputs
        else turn.step // one.lanes(turn.rank) * pitch[turn.rank]
        for turn in loops
    ]
    return base, steps


def _flags(one: Plan, segment: Segment) -> int:
    """Whether sums go on from before, and which end of its half a segment is."""
    reduced = one.nest.reduced
    again = segment.follows or any(segment.start[rank] != segment.half[rank][0] for rank in reduced)
    return (
        ADDS * (again or one.spilled)
        | LOADED * one.spilled
        | BEGUN * (not segment.opens)
        | UNFINISHED * (not segment.closes)
        | GREATEST * one.work.maxima
    )


def _steps(
    one: Plan, segment: Segment, loops: Sequence[Turn], entries: Entries, life: int
) -> Command:
    """Steps of an array that holds an operand: each adds a line to the sums."""
    base, lines = _line_steps(one, segment, loops)
    inside = [turn.level != "buffer" for turn in loops]
    return Command(
        unit="step",
        turns=tuple(turn.turns for turn in loops),
        bases=(0, base, 0),
        strides=(_padded(entries, loops), tuple(lines), (0,) * len(loops)),
        extras=(
            _mask([turn.rank in one.nest.reduced and turn.level != "buffer" for turn in loops]),
            _mask([at < life for at in range(len(loops))]),
            _mask(inside),
            _flags(one, segment),
        ),
    )


def _padded(entries: Entries, loops: Sequence[Turn]) -> tuple[int, ...]:
    """Entries between turns of all loops: none for those outside a bank's life."""
    return (*entries.steps, *(0 for _ in loops[len(entries.steps) :]))


def _kept_steps(
    one: Plan, loops: Sequence[Turn], stays: Access, entries: Entries, life: int
) -> Command:
    """Steps of an array that keeps sums: each adds to one entry of every unit."""
    zero = (0,) * len(loops)
    return Command(
        unit="step",
        turns=tuple(turn.turns for turn in loops),
        bases=(0, 0, 0),
        strides=(_padded(entries, loops), zero, zero),
        extras=(
            _mask([at < life and turn.rank not in stays.ranks for at, turn in enumerate(loops)]),
            _mask([at < life for at in range(len(loops))]),
            0,
            GREATEST * one.work.maxima,
        ),
    )


def _lines(
    one: Plan,
    segment: Segment,
    loops: Sequence[Turn],
    stays: Access,
    entries: Entries,
    life: int,
) -> Command:
    """Lines that leave an array which keeps sums: rows, then entries, then banks."""
    base, steps = _line_steps(one, segment, loops)
    pitch = one.lines(segment.half)
    places = _padded(entries, loops)
    walk: list[tuple[int, int, int, int, bool, bool, bool]] = []
    row = 1
    for rank in one.rows:
        walk.append((segment.lanes[rank], 0, pitch[rank], row, False, True, True))
        row *= segment.lanes[rank]
    for at, turn in enumerate(loops):
        if at < life and turn.rank not in stays.ranks:
            continue
        reduces = turn.rank in one.nest.reduced and turn.level != "buffer"
        inside = turn.level != "buffer"
        walk.append((turn.turns, places[at], steps[at], 0, reduces, at < life, inside))
    return Command(
        unit="lines",
        turns=tuple(entry[0] for entry in walk),
        bases=(0, base, 0),
        strides=tuple(tuple(entry[at] for entry in walk) for at in (1, 2, 3)),
        extras=(
            *(_mask([bool(entry[at]) for entry in walk]) for at in (4, 5, 6)),
            _flags(one, segment),
        ),
    )
