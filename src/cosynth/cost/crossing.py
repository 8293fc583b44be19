"""Bytes that cross into the memory where a group's members meet, and what it must hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from cosynth.arrays import Array
from cosynth.cost.tile import Words
from cosynth.format import accumulator
from cosynth.hardware import Engine, Link, Memory
from cosynth.mapping import part_of
from cosynth.mapping.group import Family
from cosynth.mapping.placement import Order, common, sequence
from cosynth.mapping.shared import Along, made, reloads, served, whole


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """Where a group runs: the engine of each member, and the memory in which they meet."""

    engines: tuple[Engine, ...]
    memory: Memory

    def home(self, at: int, part: str) -> Memory | None:
        """The memory above the meeting one where an operand is at home; None if it passes by."""
        if part not in self.memory.keeps:
            return None
        found = self.engines[at].levels[self.engines[at].home(part)]
        assert isinstance(found, Memory)
        return None if found is self.memory else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """Bytes of an outside tensor between its home and the meeting memory.

    `taken` are read at home, `given` written there; `first` is one tile, `held` what the meeting
    memory must hold of it, doubled where it `streams`.
    """

    tensor: str
    at: int
    part: str
    home: str
    taken: Array
    given: Array
    drained: Array
    first: Array
    held: Array
    streams: Array


def crossings(
    family: Family, order: Order, cuts: Sequence[Along], place: Place, words: Words
) -> tuple[Crossing, ...]:
    """Count what crosses into the meeting memory and out of it; a tile two members read, once."""
    found: list[Crossing] = []
    seen: set[tuple[object, ...]] = set()
    for at, one in enumerate(family.members):
        sums = accumulator(place.engines[at].compute.accumulator).bits
        for number, access in enumerate(one.accesses):
            output = access is one.write
            inside = access.tensor in family.writer
            if (output and access.tensor not in family.leaves) or (inside and not output):
                continue
            part = _part(family, at, number)
            home = place.home(at, part)
            if home is None:
                continue
            key = _pattern(family, order, at, number)
            if not output and key in seen:
                continue
            seen.add(key)
            moved, tile = reloads(family, order, cuts, (at, number))
            bits = words.of(family, at, access.tensor).bits
            base = Crossing(
                tensor=access.tensor,
                at=at,
                part=part,
                home=home.name,
                taken=moved * bits / 8,
                given=0,
                drained=0,
                first=tile * bits / 8,
                held=tile * bits / 8,
                streams=moved > tile,
            )
            found.append(_leaving(family, order, at, base, bits, sums) if output else base)
    return tuple(found)


def _leaving(
    family: Family, order: Order, at: int, base: Crossing, bits: float, sums: float
) -> Crossing:
    """Sums that are not whole when they leave are as wide as the accumulator."""
    distinct = whole(family, (at, len(family.members[at].reads)), frozenset())
    moved = base.taken * 8 / bits
    additions = moved - distinct
    partial = max(bits, sums)
    split = _split(family, order, at)
    return replace(
        base,
        taken=additions * sums / 8,
        given=np.where(additions == 0, moved * bits, distinct * bits + additions * sums) / 8,
        drained=moved * np.where(additions == 0, bits, sums) / 8,
        held=base.held * (partial / bits if split else 1),
    )


def _split(family: Family, order: Order, at: int) -> bool:
    """Whether a shared loop cuts what a member sums over, so that its tile waits unfinished."""
    kept = family.members[at].write.ranks
    names = order.ranks[: order.depths[at]]
    return any(family.ranks[name][at] not in kept for name in names)


def _part(family: Family, at: int, number: int) -> str:
    one = family.members[at]
    access = one.accesses[number]
    if access is one.write:
        return "output"
    if number >= one.heads:
        return "input"
    direct = next(read for read in one.einsum.inputs if read == access)
    return part_of(one.einsum, direct, family.workload.tensor(access.tensor).role)


def _pattern(family: Family, order: Order, at: int, number: int) -> tuple[object, ...]:
    """How an operand moves with the shared loops, whatever the member calls its ranks."""
    one = family.members[at]
    access = one.accesses[number]
    cut = order.ranks[: order.depths[at]]
    shared = {family.ranks[name][at]: name for name in cut}
    sizes = one.einsum.sizes
    dimensions = tuple(
        (
            index.offset,
            tuple(
                (shared.get(t.rank, sizes[t.rank]), t.coefficient, t.divisor, t.modulus)
                for t in index.terms
            ),
            str(index.lookup or ""),
        )
        for index in access.indices
    )
    moving = [level for level, name in enumerate(cut) if family.ranks[name][at] in access.ranks]
    return access.tensor, dimensions, cut[: moving[-1] + 1 if moving else 0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How iterations overlap: outside tiles loaded ahead; engines on different iterations."""

    doubled: bool = False
    pipelined: bool = False


def held(
    family: Family,
    order: Order,
    cuts: Sequence[Along],
    place: Place,
    words: Words,
    crossing: Sequence[Crossing],
    style: Style,
) -> Array:
    """Bytes the meeting memory must hold at a time: what lives together while a member runs."""
    always: Array = sum(
        one.held * np.where(style.doubled & np.asarray(one.streams), 2, 1) for one in crossing
    )
    steps = sequence(family, order)
    turn = {member: position for position, member in enumerate(steps)}
    stage = stages(steps, place)
    living: list[Array] = [0.0] * len(steps)
    for tensor in family.inside:
        at, readers = family.writer[tensor], family.readers[tensor]
        bits = words.of(family, at, tensor).bits
        if _split(family, order, at):
            bits = max(bits, accumulator(place.engines[at].compute.accumulator).bits)
        data = made(family, order, cuts, tensor) * bits / 8
        if style.pipelined:
            last = max(stage[reader] for reader in readers)
            always = always + data * (max(0, last - stage[at]) + 1)
        elif _stays(family, order, tensor):
            always = always + data
        else:
            for position in range(turn[at], max(turn[reader] for reader in readers) + 1):
                living[position] = living[position] + data
    most: Array = 0.0
    for each in living:
        most = np.maximum(most, each)
    return always + most


def _stays(family: Family, order: Order, tensor: str) -> bool:
    """Whether an inside tensor lives from one iteration to the next."""
    at = family.writer[tensor]
    level = common(family, order, tensor)
    if at in family.readers[tensor] or _split(family, order, at):
        return True
    if level == 0:
        return False
    if order.depths[at] > level:
        return True
    rank = family.ranks[order.ranks[level - 1]][at]
    return any(
        not index.plain and other in index.ranks
        for reader in family.readers[tensor]
        for access in family.members[reader].reads
        if access.tensor == tensor
        for other in [family.ranks[order.ranks[level - 1]].get(reader, "")]
        for index in access.indices
    ) and bool(rank)


def stages(steps: Sequence[int], place: Place) -> dict[int, int]:
    """Member -> stage of the pipeline: a new one where the next member runs on other parts."""
    number = 0
    found = {steps[0]: 0}
    owner = resources(place)
    for before, now in pairwise(steps):
        number += owner[before] != owner[now]
        found[now] = number
    return found


def resources(place: Place) -> tuple[int, ...]:
    """For each member, the number of the first that shares an array, memory or unit with it."""
    found: list[int] = []
    for engine in place.engines:
        own = below(engine, place.memory)
        same = [
            at
            for at, other in enumerate(place.engines[: len(found)])
            if any(level in below(other, place.memory) for level in own)
        ]
        found.append(found[same[0]] if same else len(found))
    return tuple(found)


def below(engine: Engine, memory: Memory) -> list[object]:
    """Components of an engine's path that stand below a memory."""
    at = [level.name for level in engine.levels].index(memory.name)
    return [level for level in engine.levels[at + 1 :] if not isinstance(level, Link)]


def continued(
    family: Family,
    order: Order,
    cuts: Sequence[Along],
    place: Place,
    words: Words,
    at: int,
) -> tuple[Array, Array]:
    """Bytes read and written in the meeting memory because a shared loop cuts a member's sums.

    Every run but the first on a tile reads what there is; every run but the last leaves sums as
    wide as the accumulator.
    """
    if not _split(family, order, at):
        return 0.0, 0.0
    one = family.members[at]
    operand = at, len(one.reads)
    levels = range(order.depths[at])
    mine = [level for level in levels if operand in cuts[level].every]
    moved = frozenset(family.ranks[order.ranks[level]][at] for level in mine)
    once: Array = whole(family, operand, moved)
    for level in mine:
        once = once * cuts[level].every[operand]
    total = served(family, order, cuts, operand)
    if one.write.tensor in family.leaves:
        once, _ = reloads(family, order, cuts, operand)
    partial = accumulator(place.engines[at].compute.accumulator).bits
    bits = words.of(family, at, one.write.tensor).bits
    again = total - once
    return again * partial / 8, again * (partial - bits) / 8
