"""Walks a loop nest step by step and counts with sets: the oracle for `cosynth.mapping.traffic`.

It knows the data structures of a mapping and the retention rule in words, and none of the formulas.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

from cosynth.hardware import Engine, Memory
from cosynth.mapping import Mapping
from cosynth.workload import Access, Einsum, Index


def position(index: Index, point: dict[str, int]) -> int:
    total = index.offset
    for term in index.terms:
        value = point[term.rank] // term.divisor
        value = value % term.modulus if term.modulus else value
        total += term.coefficient * value
    return total


def elements(access: Access, shape, ranges: dict[str, range]) -> frozenset:
    """The stored positions touched by a box of the iteration space."""
    ranks = access.ranks
    found = set()
    for values in itertools.product(*(ranges[rank] for rank in ranks)):
        point = dict(zip(ranks, values, strict=True))
        place = tuple(position(index, point) for index in access.indices)
        if all(0 <= at < size for at, size in zip(place, shape, strict=True)):
            found.add(place)
    return frozenset(found)


class Walk:
    """One run of one mapping."""

    def __init__(self, einsum: Einsum, mapping: Mapping, engine: Engine) -> None:
        self.einsum, self.mapping = einsum, mapping
        self.loops = mapping.loops
        self.temporal = [at for at, loop in enumerate(self.loops) if loop.dimension is None]
        self.spatial = [at for at, loop in enumerate(self.loops) if loop.dimension is not None]
        self.dimensions = {d.name: d for d in engine.dimensions}
        left = dict(einsum.bounds)
        self.trips = []
        for loop in self.loops:
            self.trips.append(math.ceil(left[loop.rank] / loop.tile))
            left[loop.rank] = loop.tile
        memories = {level.name for level in engine.levels if isinstance(level, Memory)}
        self.whole = {memory.name for memory in engine.memories if not memory.slides}
        self.start, self.keeps, at = {}, [], 0
        for level in mapping.levels:
            self.start[level.name] = at
            at += len(level.loops)
            if level.name in memories:
                self.keeps.append((level.name, level.keep))
        self.steps = [step for step in self.all_steps() if self.box(step, {}, len(self.loops))]
        self.cache: dict = {}

    def all_steps(self):
        for counters in itertools.product(*(range(self.trips[at]) for at in self.temporal)):
            yield dict(zip(self.temporal, counters, strict=True))

    def instances(self, below: int):
        """Coordinates of all instances of what stands below the first `below` loops."""
        places = [at for at in self.spatial if at < below]
        for counters in itertools.product(*(range(self.trips[at]) for at in places)):
            yield dict(zip(places, counters, strict=True))

    def box(self, step, instance, below: int):
        """Ranges of all ranks at a state; None when a ragged edge leaves the instance idle."""
        ranges = {rank: (0, size) for rank, size in self.einsum.bounds}
        for at in range(below):
            low, high = ranges[self.loops[at].rank]
            counter = step.get(at, 0) if at in step else instance.get(at, 0)
            low += counter * self.loops[at].tile
            high = min(high, low + self.loops[at].tile)
            if low >= high:
                return None
            ranges[self.loops[at].rank] = (low, high)
        return {rank: range(*ends) for rank, ends in ranges.items()}

    def tile(self, access, shape, step, instance, below: int) -> frozenset:
        box = self.box(step, instance, below)
        if box is None:
            return frozenset()
        key = (access.tensor, str(access), tuple(box[rank] for rank in access.ranks))
        if key not in self.cache:
            self.cache[key] = elements(access, shape, box)
        return self.cache[key]

    def count(self, access: Access, part: str, shape) -> dict[str, dict[str, int]]:
        """Counts by memory for one operand."""
        levels = [name for name, tensors in self.keeps if access.tensor in tensors]
        result = {name: defaultdict(int) for name in levels}
        events = self.events(access, shape, levels)
        for place, here in enumerate(levels):
            below = levels[place + 1] if place + 1 < len(levels) else None
            self.serve(result, events, (access, part, shape), (here, below))
            spread = self.instances(self.start[here])
            result[here]["tile"] = max(
                len(self.tile(access, shape, step, instance, self.start[here]))
                for instance in spread
                for step in self.steps
            )
        return result

    def events(self, access, shape, levels):
        """Per memory, per step: what every instance takes in."""
        ranks = set(access.ranks)
        found = {}
        for level in levels[1:]:
            start = self.start[level]
            above = [at for at in self.temporal if at < start]
            changing = [a for a in above if self.loops[a].rank in ranks and self.trips[a] > 1]
            innermost = changing[-1] if changing else -1
            last: dict = {}
            before = None
            log = []
            for step in self.steps:
                now = {at: step[at] for at in above}
                taken = {}
                if now != before:
                    advanced = -1
                    if before is not None:
                        advanced = next(at for at in above if now[at] != before[at])
                    for instance in self.instances(start):
                        key = tuple(instance.items())
                        if self.box(step, instance, start) is None:
                            continue  # an idle instance keeps what it has
                        needed = self.tile(access, shape, step, instance, start)
                        if before is None or advanced < innermost:
                            taken[key] = needed
                        elif advanced == innermost:
                            held = frozenset() if level in self.whole else last.get(key)
                            taken[key] = needed - (held or frozenset())
                        if key in taken:
                            last[key] = needed
                before = now
                log.append(taken)
            found[level] = log
        return found

    def serve(self, result, events, operand, pair) -> None:
        """Count what one memory gives to (or gets from) the next that keeps the operand."""
        access, part, shape = operand
        here, below = pair
        above = self.start[here]
        end = len(self.loops) if below is None else self.start[below]
        united = {
            at
            for at in self.spatial
            if above <= at < end and part in self.combines(self.loops[at].dimension)
        }
        written: dict = defaultdict(set)
        for number, step in enumerate(self.steps):
            if here in events:
                for key, taken in events[here][number].items():
                    # a tile that enters starts at zero: nothing of it is written yet
                    written[key] -= taken
                    result[here]["drains" if part == "output" else "fills"] += len(taken)
            if below is None:
                given = {
                    tuple(i.items()): self.tile(access, shape, step, i, end)
                    for i in self.instances(end)
                }
            else:
                given = events[below][number]
            groups: dict = defaultdict(set)
            for key, taken in given.items():
                groups[tuple(pair for pair in key if pair[0] not in united)] |= taken
            for key, taken in groups.items():
                holder = tuple(pair for pair in key if pair[0] < above)
                if part != "output":
                    result[here]["reads"] += len(taken)
                    continue
                result[here]["updates"] += len(taken)
                result[here]["additions"] += len(taken & written[holder])
                written[holder] |= taken

    def combines(self, dimension: str) -> tuple[str, ...]:
        found = self.dimensions[dimension]
        return found.multicast + (("output",) if found.reduce else ())
