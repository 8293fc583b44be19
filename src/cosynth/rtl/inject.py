"""Faults in a network on the circuit: single flips at drawn places and cycles, each to its end."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cosynth.errors import SpecError, did_you_mean
from cosynth.rtl import outcome as oc
from cosynth.rtl.bench import Dram
from cosynth.rtl.chip import Chip
from cosynth.rtl.faulted import Answer, Case, likely_answer, spacing, used
from cosynth.rtl.injector import Injectable, Injected
from cosynth.rtl.machine import MOST_CYCLES
from cosynth.rtl.network import Network, Whole
from cosynth.rtl.outcome import Fault, Flip, Stratum
from cosynth.rtl.program import Program, Section
from cosynth.rtl.sites import KINDS, Sites

# draws to learn how many flips of memories are ever read, and how many more may be drawn for that
PILOT, MOST_DRAWS = 400, 50


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
    workers: int = 1,
    on_fault: Callable[[int, int], None] | None = None,
) -> Campaign:
    """Flip `faults` bits, one at a time, in a layer or anywhere, and run the network to its end.

    Kinds of sites get equal shares of the faults; within a kind, bits and cycles are drawn
    uniformly. A flip in a memory that is never read costs no simulation: of memories so many more
    are drawn that about their share has to be simulated. `workers` chips run beside one another,
    with the same ends as one. SpecError for an unknown layer; CircuitError if the chip is wrong
    without faults.
    """
    sections = [one for one in program.order if isinstance(one, Section)]
    names = [one.layer for one in sections]
    if layer and layer not in names:
        raise SpecError(
            f"--layer {layer}: the array runs no such layer{did_you_mean(layer, names)}"
        )
    opened = Injectable.open(sources, top, parameters)
    case = Case(program, network, chip, inputs, answer or likely_answer(network), dram)
    present = [kind for kind in kinds if opened.sites.bits(kind)]
    with opened.powered(case.memory(), dram) as running:
        lengths = case.record(running, MOST_CYCLES)
        every = spacing(sum(lengths), running.state_bytes(), workers)
        only = names.index(layer) if layer else -1
        rng = np.random.default_rng(seed)
        drawn = list(_plan(rng, running, present, faults, lengths, only))
    begun = time.perf_counter()
    found = _ends(case, opened, every, drawn, workers, on_fault)
    seconds = time.perf_counter() - begun
    counts = {kind: Counter[str]() for kind in kinds}
    for fault in found:
        counts[opened.sites.sites[fault.flip.site].kind][fault.outcome] += 1
    return Campaign(
        faults=tuple(found),
        sites=opened.sites,
        strata=tuple(
            Stratum(kind=kind, bits=opened.sites.bits(kind), counts=dict(counts[kind]))
            for kind in present
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


def _plan(
    rng: np.random.Generator,
    running: Injected,
    kinds: Sequence[str],
    faults: int,
    lengths: Sequence[int],
    only: int,
) -> Iterator[Flip]:
    """All flips of a campaign, kind by kind."""
    sites = running.chip.sites
    for number, kind in enumerate(kinds):
        share = faults * (number + 1) // len(kinds) - faults * number // len(kinds)
        if kind == "memory":
            tried = _draw(rng, sites, kind, PILOT, lengths, only)
            read = sum(used(running, one, lengths) is not None for one in tried)
            share = min(share * PILOT // max(read, 1), share * MOST_DRAWS)
        yield from _draw(rng, sites, kind, share, lengths, only)


def _ends(
    case: Case,
    opened: Injectable,
    every: int,
    drawn: Sequence[Flip],
    workers: int,
    on_fault: Callable[[int, int], None] | None,
) -> list[Fault]:
    """What becomes of each flip; every worker takes the next one that is left."""
    from concurrent.futures import ThreadPoolExecutor

    found: list[Fault | None] = [None] * len(drawn)
    waiting = iter(range(len(drawn)))
    lock = threading.Lock()

    def work() -> None:
        with opened.powered(case.memory(), case.dram) as running:
            lengths = case.record(running, every)
            while True:
                with lock:
                    at = next(waiting, None)
                    if at is None:
                        return
                    if on_fault:
                        on_fault(at, len(drawn))
                found[at] = case.fault(running, lengths, drawn[at])

    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(work) for _ in range(workers)]:
            done.result()
    return [one for one in found if one is not None]


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
