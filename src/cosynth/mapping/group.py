"""Einsums that run as one under common loops: members, shared ranks, and the fused nest.

A fused nest has loops over shared ranks above one memory on the chip, the *meeting* memory. Each
member sits inside the first `depth` of them and runs on its tile once per iteration; what one
member makes and only others of the group read never leaves the meeting memory. A member that
comes before or after an inner loop, and not within it, has a smaller depth.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from cosynth.mapping.nest import Loop, Mapping
from cosynth.workload import Access, Einsum, Index, Workload
from cosynth.workload.passes.rewrite import consumers, plain_ranks, redirected, renamed

# (number of the member, its rank)
Place = tuple[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An einsum of a group with the pointwise ones applied as it drains.

    `reads` are what it and its followers read from outside, the first `heads` of them by the einsum
    itself, all in its own ranks; `write` is what the last follower writes.
    """

    name: str
    einsum: Einsum
    reads: tuple[Access, ...]
    heads: int
    write: Access
    positions: tuple[int, ...] = (0,)

    @property
    def accesses(self) -> tuple[Access, ...]:
        """Everything read, then what is written."""
        return (*self.reads, self.write)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Equal runs of one member: its tile of each rank, how often, and the nest below."""

    member: int
    tile: tuple[tuple[str, int], ...]
    times: int
    mapping: Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Fused:
    """One group on one chip: shared loops above `memory`, a depth and an engine for each member.

    With `pipelined`, engines work on different iterations at a time; with `doubled`, what comes
    from outside is loaded while the tiles before it are worked on.
    """

    members: tuple[str, ...]
    memory: str
    loops: tuple[Loop, ...]
    depths: tuple[int, ...]
    engines: tuple[str, ...]
    runs: tuple[Run, ...] = ()
    doubled: bool = False
    pipelined: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Family:
    """What a group shares: its members, the tensors that stay inside, and the ranks in common.

    `writer` and `readers` name members by number; a tensor in `leaves` is written to its home too.
    `ranks` maps a shared rank to the rank of each member it stands for.
    """

    workload: Workload
    members: tuple[Member, ...]
    writer: dict[str, int]
    readers: dict[str, tuple[int, ...]]
    leaves: frozenset[str]
    ranks: dict[str, dict[int, str]]

    @cached_property
    def shared(self) -> dict[Place, str]:
        """Member and rank -> the shared rank it is one of."""
        return {
            (at, rank): name for name, ranks in self.ranks.items() for at, rank in ranks.items()
        }

    @cached_property
    def inside(self) -> tuple[str, ...]:
        """Tensors that one member writes and another (or itself, one step later) reads."""
        return tuple(name for name in self.writer if name in self.readers)

    @cached_property
    def after(self) -> tuple[frozenset[int], ...]:
        """For each member, the members that need what it makes, directly or not."""
        found: list[frozenset[int]] = [frozenset()] * len(self.members)
        for at in reversed(range(len(self.members))):
            name = self.members[at].write.tensor
            direct = [reader for reader in self.readers.get(name, ()) if reader != at]
            found[at] = frozenset(direct).union(*(found[reader] for reader in direct))
        return tuple(found)

    def relation(self, tensor: str, rank: str, reader: int, access: Access) -> str | None:
        """The reader's rank that walks along a dimension of `tensor` as the writer's `rank` does.

        None where the reader needs other parts of that dimension than the step at hand.
        """
        writer = self.members[self.writer[tensor]]
        for made, read in zip(writer.write.indices, access.indices, strict=True):
            if made.ranks == (rank,) and made.plain:
                return driver(read, self.members[reader])
        return None


def driver(index: Index, member: Member) -> str | None:
    """The rank that moves a dimension of what a member reads; None if no single one does.

    A window `p*2+r` is moved by `p`, which the member keeps, and not by `r`, which it sums over.
    """
    if index.lookup is not None or any(t.divisor != 1 or t.modulus for t in index.terms):
        return None
    if len(index.terms) == 1:
        term = index.terms[0]
        return term.rank if term.coefficient > 0 else None
    kept = set(member.einsum.output.ranks)
    moving = [term for term in index.terms if term.rank in kept]
    if len(moving) != 1 or len(index.ranks) != len(index.terms):
        return None
    return moving[0].rank if all(t.coefficient > 0 for t in index.terms) else None


def member(workload: Workload, positions: Sequence[int]) -> Member:
    """Return the member that an execution group (a head and its pointwise followers) makes."""
    head, *tail = (workload.einsums[at] for at in positions)
    made = {head.output.tensor}
    reads = list(head.inputs)
    count = len(dict.fromkeys(reads))
    for einsum in tail:
        own, theirs = plain_ranks(head.output), plain_ranks(einsum.output)
        # a follower is applied element by element
        assert own is not None
        assert theirs is not None
        names = dict(zip(theirs, own, strict=True))
        for access in einsum.inputs:
            if made.isdisjoint(workload.sources(access.tensor)):
                reads.append(_with_ranks(access, names))
        made.add(einsum.output.tensor)
    last = tail[-1].output.tensor if tail else head.output.tensor
    owners = {access.tensor: _owner(workload, access.tensor) for access in reads}
    return Member(
        name=head.name,
        einsum=redirected(head, owners),
        reads=tuple(renamed(access, owners) for access in dict.fromkeys(reads)),
        heads=count,
        write=replace(head.output, tensor=last),
        positions=tuple(positions),
    )


def family(workload: Workload, members: Iterable[Sequence[int]]) -> Family | None:
    """Return what a group shares, or None where it cannot be one.

    It cannot where a member reads another's result under another shape, or equal copies of the
    members do not correspond.
    """
    found = tuple(member(workload, positions) for positions in members)
    writer = {one.write.tensor: at for at, one in enumerate(found)}
    hidden = {workload.einsums[p].output.tensor for one in found for p in one.positions}
    readers: dict[str, dict[int, None]] = {}
    for at, one in enumerate(found):
        for access in one.reads:
            if access.tensor in writer:
                readers.setdefault(access.tensor, {})[at] = None
            elif not hidden.isdisjoint(workload.sources(access.tensor)):
                return None
    if len({one.einsum.repeat for one in found}) != 1:
        return None
    own = {position for one in found for position in one.positions}
    outside = consumers(workload)
    leaves = frozenset(
        name
        for name in writer
        if name not in readers
        or workload.tensor(name).role != "activation"
        or not own.issuperset(outside.get(name, ()))
    )
    bare = Family(
        workload=workload,
        members=found,
        writer=writer,
        readers={name: tuple(places) for name, places in readers.items()},
        leaves=leaves,
        ranks={},
    )
    return replace(bare, ranks=_shared(bare))


def _with_ranks(access: Access, names: dict[str, str]) -> Access:
    return replace(
        access,
        indices=tuple(
            replace(
                index, terms=tuple(replace(t, rank=names.get(t.rank, t.rank)) for t in index.terms)
            )
            for index in access.indices
        ),
    )


def _owner(workload: Workload, name: str) -> str:
    """The tensor behind a view that shows it as it is."""
    seen = workload.tensor(name)
    while len(seen.view_of) == 1 and workload.tensor(seen.view_of[0]).shape == seen.shape:
        seen = workload.tensor(seen.view_of[0])
    return seen.name


def _shared(family: Family) -> dict[str, dict[int, str]]:
    """Ranks united along the dimensions of inside tensors, less those no loop may cut."""
    parent: dict[Place, Place] = {
        (at, rank): (at, rank) for at, one in enumerate(family.members) for rank in one.einsum.ranks
    }

    def root(place: Place) -> Place:
        while parent[place] != place:
            place = parent[place]
        return place

    for tensor in family.inside:
        at = family.writer[tensor]
        for reader in family.readers[tensor]:
            for access in family.members[reader].reads:
                if access.tensor != tensor:
                    continue
                for index in family.members[at].write.indices:
                    rank = index.name if index.plain else ""
                    other = rank and family.relation(tensor, rank, reader, access)
                    if other:
                        parent[root((reader, other))] = root((at, rank))
    united: dict[Place, list[Place]] = {}
    for place in parent:
        united.setdefault(root(place), []).append(place)
    found: dict[str, dict[int, str]] = {}
    for places in united.values():
        ranks = dict(places)
        if len(ranks) == len(places) and all(_cuts(family.members[at], r) for at, r in places):
            name = places[-1][1]
            found[name if name not in found else f"{name}.{places[-1][0]}"] = ranks
    return found


def _cuts(member: Member, rank: str) -> bool:
    """Whether a loop may cut a rank of a member: it moves at most one dimension of each operand."""
    if member.einsum.sizes[rank] == 1:
        return False
    for access in member.accesses:
        moved = [index for index in access.indices if rank in index.ranks]
        if len(moved) > 1:
            return False
        for index in moved:
            if index.lookup is not None or any(t.coefficient < 1 or t.modulus for t in index.terms):
                return False
            several = len(index.terms) > 1
            if several and (access is member.write or any(t.divisor != 1 for t in index.terms)):
                return False
    return True


def write_fused(fused: Fused) -> str:
    """Write a fused nest as text: shared loops, then members at their depth.

    Members stand in order; one that a deeper loop precedes runs after that loop.
    """
    lines = [f"{', '.join(fused.members)} meet in {fused.memory}"]
    if fused.doubled or fused.pipelined:
        said = ["double-buffered"] * fused.doubled + ["pipelined"] * fused.pipelined
        lines[0] += f" ({', '.join(said)})"
    now = 0
    for at, name in enumerate(fused.members):
        depth = fused.depths[at]
        for level in range(now, depth):
            loop = fused.loops[level]
            lines.append("  " * (level + 1) + f"for {loop.rank} in steps of {loop.tile}")
        now = depth
        lines.append("  " * (depth + 1) + f"{name} on {fused.engines[at]}")
        for run in fused.runs:
            if run.member == at:
                tile = ", ".join(f"{rank} {size}" for rank, size in run.tile)
                lines.append("  " * (depth + 2) + f"{run.times} x [{tile}]")
    return "\n".join(lines) + "\n"
