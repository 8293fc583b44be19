"""Executes fused einsums iteration by iteration with sets: the oracle for shared loops.

It takes einsums, loops as (rank of each member, tile), and depths, and knows the rules in words:
outside tensors are kept or loaded as one einsum's would be; what stays inside is made when a reader
needs it and the memory lacks it. It shares no code with the counting or the mapper.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from cosynth.workload import Access, Einsum, Workload


def place(index, point) -> int:
    total = index.offset
    for term in index.terms:
        value = point[term.rank] // term.divisor
        total += term.coefficient * (value % term.modulus if term.modulus else value)
    return total


def elements(access: Access, shape, box) -> frozenset:
    ranks = access.ranks
    found = set()
    for values in itertools.product(*(box[rank] for rank in ranks)):
        point = dict(zip(ranks, values, strict=True))
        at = tuple(place(index, point) for index in access.indices)
        if all(0 <= here < size for here, size in zip(at, shape, strict=True)):
            found.add(at)
    return frozenset(found)


class ImpossibleError(Exception):
    """A member needs what is not made, or not whole."""


@dataclass
class Counted:
    """What the walk saw."""

    moved: Counter = field(default_factory=Counter)  # (member, access text) -> elements
    tile: Counter = field(default_factory=Counter)  # the largest that was there at a time
    kept: Counter = field(default_factory=Counter)  # inside tensor -> most elements held
    runs: Counter = field(default_factory=Counter)  # (member, sizes of its box) -> times
    points: Counter = field(default_factory=Counter)


class GroupWalk:
    """Runs a group; `loops` are ({member: rank}, tile), outermost first."""

    def __init__(self, workload: Workload, einsums: tuple[Einsum, ...], loops, depths) -> None:
        self.workload, self.einsums, self.loops, self.depths = workload, einsums, loops, depths
        self.writer = {e.output.tensor: at for at, e in enumerate(einsums)}
        self.readers = defaultdict(list)
        for at, e in enumerate(einsums):
            for access in e.inputs:
                if access.tensor in self.writer and at not in self.readers[access.tensor]:
                    self.readers[access.tensor].append(at)
        for at in range(len(einsums)):
            if any(at not in loops[level][0] for level in range(depths[at])):
                raise ImpossibleError
        self.trips = [self.length(level) for level in range(len(loops))]
        self.counted = Counted()
        self.held: dict[str, frozenset] = {}
        self.sums: dict[str, dict] = defaultdict(dict)
        self.last: dict = {}
        self.before: dict = {}

    def shape(self, access: Access):
        return self.workload.tensor(access.tensor).shape

    def inner(self, tensor: str) -> int:
        """Loops around the writer and all readers."""
        return min(self.depths[m] for m in (self.writer[tensor], *self.readers[tensor]))

    def driven(self, at: int, level: int) -> bool:
        tensor = self.einsums[at].output.tensor
        return bool(self.readers.get(tensor)) and level < self.inner(tensor)

    def length(self, level: int) -> int:
        ranks, tile = self.loops[level]
        sizes = {
            self.einsums[at].sizes[rank]
            for at, rank in ranks.items()
            if self.depths[at] > level and not self.driven(at, level)
        }
        if len(sizes) != 1:
            raise ImpossibleError
        return -(-sizes.pop() // tile)

    def box(self, at: int, step):
        """Ranges of a member's ranks, those that readers drive still whole."""
        einsum = self.einsums[at]
        box = {rank: range(size) for rank, size in einsum.bounds}
        for level in range(self.depths[at]):
            rank, tile = self.loops[level][0][at], self.loops[level][1]
            if self.driven(at, level):
                continue
            low = step[level] * tile
            box[rank] = range(low, min(einsum.sizes[rank], low + tile))
            if not box[rank]:
                raise ImpossibleError
        return box

    def demand(self, at: int, step):
        """Ranges of what readers need at this step and the memory lacks, along loops they share."""
        einsum = self.einsums[at]
        tensor = einsum.output.tensor
        need: frozenset = frozenset()
        for reader in self.readers[tensor]:
            box = self.boxes[reader]
            for access in self.einsums[reader].inputs:
                if access.tensor == tensor and box is not None:
                    need |= elements(access, self.shape(access), box)
        levels = range(self.inner(tensor))
        found = {}
        for number, level in enumerate(levels):
            rank = self.loops[level][0][at]
            places = [d for d, index in enumerate(einsum.output.indices) if index.ranks == (rank,)]
            if len(places) != 1:
                raise ImpossibleError
            if not need:
                found[rank] = range(0)
                continue
            spots = {element[places[0]] for element in need}
            low, high = min(spots), min(max(spots) + 1, einsum.sizes[rank])
            self.window[tensor, rank] = range(low, high)
            innermost = number == len(levels) - 1
            if innermost:
                old = {element[places[0]] for element in self.snapshot(tensor, step)}
                if old:
                    low = max(low, min(max(old) + 1, high))
            found[rank] = range(low, high)
        return found

    def snapshot(self, tensor: str, step) -> frozenset:
        """What was there when the loops around writer and readers last advanced, if it stays."""
        inner = self.inner(tensor)
        now = step[:inner]
        at, kept = self.before.get(tensor, (None, frozenset()))
        if at != now:
            stays = at is not None and at[:-1] == now[:-1]
            kept = self.held.get(tensor, frozenset()) if stays else frozenset()
            self.before[tensor] = now, kept
        return kept

    def walk(self) -> Counted:
        everywhere = [range(trip) for trip in self.trips]
        order = list(range(len(self.einsums)))
        deps = {at: set() for at in order}
        for tensor, readers in self.readers.items():
            for reader in readers:
                deps[reader].add(self.writer[tensor])
        for at in order:  # writers stand before readers
            for other in list(deps[at]):
                deps[at] |= deps[other]
        late = {at: any(self.depths[m] > self.depths[at] for m in deps[at]) for at in order}
        early = {
            at: any(self.depths[m] > self.depths[at] and at in deps[m] for m in order)
            for at in order
        }
        if any(late[at] and early[at] for at in order):
            raise ImpossibleError
        for step in itertools.product(*everywhere):
            running = []
            for at in order:
                rest = range(self.depths[at], len(self.loops))
                edge = [self.trips[level] - 1 if late[at] else 0 for level in rest]
                if all(step[level] == e for level, e in zip(rest, edge, strict=True)):
                    running.append(at)
            self.run(running, step, late)
        return self.counted

    def run(self, running, step, late) -> None:
        self.boxes, self.window = {}, {}
        for at in reversed(range(len(self.einsums))):
            box = self.box(at, step)
            if any(self.driven(at, level) for level in range(self.depths[at])):
                box |= self.demand(at, step)
            self.boxes[at] = box if all(box.values()) else None
        # deeper members run between those that come before and after them
        for at in sorted(running, key=lambda at: (late[at], at)):
            if self.boxes[at] is not None:
                self.member(at, step)

    def member(self, at: int, step) -> None:
        einsum, box = self.einsums[at], self.boxes[at]
        sizes = tuple((rank, len(box[rank])) for rank in einsum.ranks)
        self.counted.runs[at, sizes] += 1
        for access in dict.fromkeys(einsum.inputs):
            need = elements(access, self.shape(access), box)
            if access.tensor in self.writer:
                if not need <= self.held.get(access.tensor, frozenset()):
                    raise ImpossibleError
                whole = self.sums[access.tensor]
                parts = self.splits(self.writer[access.tensor])
                if any(whole[element] != parts for element in need):
                    raise ImpossibleError
            else:
                self.load(at, access, step, need)
        made = elements(einsum.output, self.shape(einsum.output), box)
        tensor = einsum.output.tensor
        if self.readers.get(tensor):
            self.make(at, tensor, made)
        else:
            self.load(at, einsum.output, step, made)

    def splits(self, at: int) -> int:
        kept = self.einsums[at].output.ranks
        total = 1
        for level in range(self.depths[at]):
            if self.loops[level][0][at] not in kept:
                total *= self.trips[level]
        return total

    def make(self, at: int, tensor: str, made: frozenset) -> None:
        held = self.held.get(tensor, frozenset())
        window = {rank: span for (name, rank), span in self.window.items() if name == tensor}
        indices = self.einsums[at].output.indices
        keep = frozenset(
            element
            for element in held
            if all(
                element[d] in window[index.ranks[0]]
                for d, index in enumerate(indices)
                if index.ranks and index.ranks[0] in window
            )
        )
        again = made & held
        for element in made:
            self.sums[tensor][element] = (
                self.sums[tensor].get(element, 0) + 1
                if (element in again and self.splits(at) > 1)
                else 1
            )
        self.held[tensor] = keep | made
        self.counted.kept[tensor] = max(self.counted.kept[tensor], len(self.held[tensor]))

    def load(self, at: int, access: Access, step, need: frozenset) -> None:
        """The rule for one einsum: keep what both steps share while the innermost loop advances."""
        key = at, str(access)
        mine = [
            level for level in range(self.depths[at]) if self.loops[level][0][at] in access.ranks
        ]
        innermost = mine[-1] if mine else -1
        old = self.last.get(key)
        if old is None:
            taken = need
        else:
            changed = [level for level in range(self.depths[at]) if old[0][level] != step[level]]
            first = changed[0] if changed else len(step)
            if first > innermost:
                taken = frozenset()
            elif first == innermost:
                taken = need - old[1]
            else:
                taken = need
        self.last[key] = (step, need)
        self.counted.moved[key] += len(taken)
        self.counted.tile[key] = max(self.counted.tile[key], len(need))
