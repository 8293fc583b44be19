"""Faults in a network on the circuit: single flips at drawn places and cycles, each to its end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cosynth.errors import CircuitError, SpecError, did_you_mean
from cosynth.rtl import outcome as oc
from cosynth.rtl import reference
from cosynth.rtl.bench import Dram
from cosynth.rtl.chip import Chip
from cosynth.rtl.injector import BROKE, ENDED, LATE, SAME, Injectable, Injected
from cosynth.rtl.machine import MOST_CYCLES
from cosynth.rtl.network import Host, Layer, Network, Whole
from cosynth.rtl.outcome import Fault, Flip, Stratum
from cosynth.rtl.program import Program, Section, read_codes, write_tensor
from cosynth.rtl.sites import KINDS, Sites
from cosynth.rtl.words import codes_of, whole_of

# a program with a fault has hung after so many times its own cycles
HANGS = 2
SPARE = 2000  # cycles that a short program has on top
# draws to learn how many flips of memories are ever read, and how many more may be drawn for that
PILOT, MOST_DRAWS = 400, 50
# bytes that the recorded states may take
KEPT = 1 << 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """When an output that differs is still tolerable: the same greatest element (`top1`), or an
    error relative to the output's norm of at most `error`.
    """

    top1: bool
    error: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Campaign:
    """Faults with their ends; `cycles` are those of the run without, `seconds` of the faults."""

    faults: tuple[Fault, ...]
    sites: Sites
    strata: tuple[Stratum, ...]
    answer: Answer
    layers: Mapping[str, int]
    seconds: float

    @property
    def simulated(self) -> int:
        """Faults that were simulated: others lay in words that are never read."""
        return sum(one.cycles > 0 for one in self.faults)

    @property
    def rate(self) -> float:
        """Faults simulated per second."""
        return self.simulated / max(self.seconds, 1e-9)


def inject(  # noqa: PLR0913 - what a campaign depends on
    program: Program,
    network: Network,
    chip: Chip,
    sources: Sequence[Path],
    inputs: Mapping[str, Whole],
    *,
    dram: Dram,
    faults: int,
    seed: int = 0,
    layer: str = "",
    answer: Answer | None = None,
    kinds: Sequence[str] = KINDS,
    top: str = "chip",
    parameters: Mapping[str, int] | None = None,
    on_fault: Callable[[int, int], None] | None = None,
) -> Campaign:
    """Flip `faults` bits, one at a time, in a layer or anywhere, and run the network to its end.

    Kinds of sites get equal shares of the faults; within a kind, bits and cycles are drawn
    uniformly. A flip in a memory that is never read costs no simulation: of memories so many more
    are drawn that about their share has to be simulated. SpecError for an unknown layer;
    CircuitError if the chip is wrong without faults.
    """
    sections = [one for one in program.order if isinstance(one, Section)]
    names = [one.layer for one in sections]
    if layer and layer not in names:
        raise SpecError(
            f"--layer {layer}: the array runs no such layer{did_you_mean(layer, names)}"
        )
    opened = Injectable.open(sources, top, parameters)
    case = _Case(program, network, chip, inputs, answer or likely_answer(network), dram)
    every = case.spacing(opened)
    rng = np.random.default_rng(seed)
    memory = case.memory()
    with opened.powered(memory, dram) as running:
        lengths = case.record(running, every)
        begun = time.perf_counter()
        only = names.index(layer) if layer else -1
        drawn = []
        for number, kind in enumerate(kinds):
            share = faults * (number + 1) // len(kinds) - faults * number // len(kinds)
            if kind == "memory":
                tried = _draw(rng, opened.sites, kind, PILOT, lengths, only)
                used = sum(_used(running, one, lengths) is not None for one in tried)
                share = min(share * PILOT // max(used, 1), share * MOST_DRAWS)
            drawn += _draw(rng, opened.sites, kind, share, lengths, only)
        found = []
        for done, one in enumerate(drawn):
            if on_fault:
                on_fault(done, len(drawn))
            found.append(case.fault(running, lengths, one))
        seconds = time.perf_counter() - begun
    counts = {kind: Counter[str]() for kind in kinds}
    for fault in found:
        counts[opened.sites.sites[fault.flip.site].kind][fault.outcome] += 1
    return Campaign(
        faults=tuple(found),
        sites=opened.sites,
        strata=tuple(
            Stratum(kind=kind, bits=opened.sites.bits(kind), counts=dict(counts[kind]))
            for kind in kinds
        ),
        answer=case.answer,
        layers=dict(zip(names, lengths, strict=True)),
        seconds=seconds,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Vulnerable:
    """A register of a block, over all instances; `part` is its share of the chip's failures."""

    name: str
    kind: str
    bits: int
    faults: int
    failures: int
    part: float


def ranked(found: Campaign) -> tuple[Vulnerable, ...]:
    """Return registers by the failures that a flip anywhere would cause in them, most first."""
    bits, drawn, failed = Counter[str](), Counter[str](), Counter[str]()
    kinds = {one.register: one.kind for one in found.sites.sites}
    for one in found.sites.sites:
        bits[one.register] += len(one.bits)
    for fault in found.faults:
        register = found.sites.sites[fault.flip.site].register
        drawn[register] += 1
        failed[register] += fault.outcome in oc.FAILURES
    # a failure stands for as many bits as there are for each fault of its kind
    weights = {one.kind: one.bits / max(one.faults, 1) for one in found.strata}
    loads = {name: failed[name] * weights.get(kinds[name], 0.0) for name in bits}
    total = sum(loads.values()) or 1.0
    order = sorted(bits, key=lambda name: (-loads[name], -drawn[name], name))
    return tuple(
        Vulnerable(
            name=name, kind=kinds[name], bits=bits[name], faults=drawn[name],
            failures=failed[name], part=loads[name] / total,
        )
        for name in order
    )  # fmt: skip


def likely_answer(network: Network) -> Answer:
    """A network that ends in a softmax classifies: its answer is the greatest element."""
    outs = set(_outputs(network))
    last = [
        einsum
        for one in network.operations
        if isinstance(one, Host) and one.einsums[-1].output.tensor in outs
        for einsum in one.einsums
    ]
    return Answer(top1=any("exp(" in str(einsum) for einsum in last))


def _outputs(network: Network) -> tuple[str, ...]:
    made = {
        one.out if isinstance(one, Layer) else one.einsums[-1].output.tensor
        for one in network.operations
    }
    graph = network.graph
    return tuple(t.name for t in graph.tensors if t.role == "output" and t.name in made)


def _draw(
    rng: np.random.Generator,
    sites: Sites,
    kind: str,
    share: int,
    lengths: Sequence[int],
    only: int,
) -> list[Flip]:
    """Flips of one kind, uniform over its bits and the cycles of one program or of all."""
    ends = np.cumsum(lengths)
    low, high = (
        (0, int(ends[-1])) if only < 0 else (int(ends[only]) - lengths[only], int(ends[only]))
    )
    of_kind = [at for at, one in enumerate(sites.sites) if one.kind == kind]
    sizes = np.cumsum([len(sites.sites[at].bits) for at in of_kind])
    places, moments = rng.integers(0, sizes[-1], share), rng.integers(low, high, share)
    found = []
    for place, moment in zip(places.tolist(), moments.tolist(), strict=True):
        which = int(np.searchsorted(sizes, place, side="right"))
        section = int(np.searchsorted(ends, moment, side="right"))
        found.append(
            Flip(
                site=of_kind[which],
                bit=place - (int(sizes[which - 1]) if which else 0),
                section=section,
                cycle=moment - int(ends[section]) + lengths[section],
            )
        )
    return found


class _Case:
    """A network with its inputs, run with faults and without."""

    def __init__(
        self, program: Program, network: Network, chip: Chip, inputs: Mapping[str, Whole],
        answer: Answer, dram: Dram,
    ) -> None:  # fmt: skip
        self.program, self.network, self.chip, self.inputs = program, network, chip, inputs
        self.answer, self.dram = answer, dram
        self.expected = reference.run(network, inputs, chip.accumulator)
        self.outs = {one.name: one.out for one in network.operations if isinstance(one, Layer)}
        self.outputs = _outputs(network)

    def memory(self) -> NDArray[np.uint8]:
        """DRAM before the first program."""
        memory = self.program.image.copy()
        for name, values in self.inputs.items():
            write_tensor(self.program, self.network, name, values, memory)
        return memory

    def spacing(self, opened: Injectable) -> int:
        """Cycles between two recorded states, for all to fit into `KEPT` bytes."""
        with opened.powered(self.memory(), self.dram) as running:
            cycles = sum(self.record(running, MOST_CYCLES))
            size = running.state_bytes()
        return max(64, -(-cycles * size // KEPT))

    def record(self, running: Injected, every: int) -> list[int]:
        """Run the network without faults; cycles of each program."""
        number = 0
        for one in self.program.order:
            if isinstance(one, Host):
                self._host(running, one, self.expected)
                continue
            running.record(one.address, one.words, every, MOST_CYCLES)
            number += 1
            out = self.outs[one.layer]
            wanted = codes_of(self.expected[out], self.network.activation_format)
            if not np.array_equal(read_codes(self.program, out, running.memory), wanted):
                raise CircuitError(f"layer {one.layer}: the chip is wrong without any fault")
        running.recorded()
        return [running.cycles(at) for at in range(number)]

    def fault(self, running: Injected, lengths: Sequence[int], flip: Flip) -> Fault:
        """Flip one bit and see what becomes of it."""
        ended, cycles = SAME, 0
        moment = _used(running, flip, lengths)
        if moment:
            bits = running.chip.sites.sites[flip.site].bits[flip.bit]
            ended = running.fault(*moment, bits, _limit(lengths[moment[0]]))
            cycles = running.simulated()
            if ended == ENDED:
                ended = self._rest(running, moment[0], lengths)
                cycles = running.simulated()
        return Fault(
            flip=flip,
            outcome=self._class(running, ended),
            said=running.said() if ended == BROKE else "",
            cycles=cycles,
        )

    def _rest(self, running: Injected, section: int, lengths: Sequence[int]) -> int:
        """Run what comes after a program, with what the fault left."""
        at = -1
        for one in self.program.order:
            at += isinstance(one, Section)
            if at < section or (at == section and isinstance(one, Section)):
                continue
            if isinstance(one, Host):
                self._host(running, one, self._read(running, one))
                continue
            ended = running.go_on(at, _limit(lengths[at]))
            if ended != ENDED:
                return ended
        return ENDED

    def _class(self, running: Injected, ended: int) -> str:
        if ended == SAME:
            return oc.MASKED
        if ended in {LATE, BROKE}:
            return oc.HANG
        found = {name: read_codes(self.program, name, running.memory) for name in self.outputs}
        same = tolerable = True
        for name, codes in found.items():
            wanted = self.expected[name]
            value = whole_of(codes, self.network.activation_format)
            same &= bool(np.array_equal(value, wanted))
            tolerable &= _tolerable(value, wanted, self.answer)
        return oc.MASKED if same else oc.TOLERABLE if tolerable else oc.WRONG

    def _read(self, running: Injected, one: Host) -> dict[str, Whole]:
        """Values as they lie in DRAM, of all that a host's operation may read."""
        found: dict[str, Whole] = dict(self.expected)
        for name in self.program.places:
            codes = read_codes(self.program, name, running.memory)
            found[name] = whole_of(codes, self.network.activation_format)
        return found

    def _host(self, running: Injected, one: Host, values: Mapping[str, Whole]) -> None:
        for name, value in reference.host(self.network, one, values).items():
            write_tensor(self.program, self.network, name, value, running.memory)
            place = self.program.places[name]
            running.changed(place.address, place.bytes)


def _used(running: Injected, flip: Flip, lengths: Sequence[int]) -> tuple[int, int] | None:
    """Program and cycle from which on a flip can be seen; None if it never is.

    A word of a memory keeps its flip until it is read, and loses it if it is written before.
    """
    site, section, cycle = running.chip.sites.sites[flip.site], flip.section, flip.cycle
    if site.memory < 0:
        return section, cycle
    ends = np.cumsum(lengths)
    time = int(ends[section]) - lengths[section] + cycle
    word, place = divmod(flip.bit, site.width)
    read = running.next_read(site.memory, word, place, time)
    if read < 0:
        return None
    at = int(np.searchsorted(ends, read, side="right"))
    return at, read - int(ends[at]) + lengths[at]


def _limit(cycles: int) -> int:
    return HANGS * cycles + SPARE


def _tolerable(found: Whole, wanted: Whole, answer: Answer) -> bool:
    if answer.top1:
        same = np.argmax(found, axis=-1) == np.argmax(wanted, axis=-1)
        return bool(same.all())
    distance = float(np.linalg.norm((found - wanted).astype(np.float64)))
    return distance <= answer.error * float(np.linalg.norm(wanted.astype(np.float64)))
