"""Where members of a group stand in its shared loops, and which placements can run."""

from __future__ import annotations

from dataclasses import dataclass

from cosynth.mapping.group import Family, Member
from cosynth.workload import Access

# members and the depth that each is to be taken out to
Repair = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Shared ranks of the loops, outermost first, and how many of them each member is inside."""

    ranks: tuple[str, ...]
    depths: tuple[int, ...]


def legal(family: Family, order: Order) -> bool:
    """Whether the members, so placed, find what they read made and whole."""
    return repairs(family, order) is None


def repairs(family: Family, order: Order) -> tuple[Repair, ...] | None:
    """None for a legal order, else ways out of its first conflict; one of them must be taken."""
    for at, one in enumerate(family.members):
        depth = order.depths[at]
        inside = order.ranks[:depth]
        ranks = [family.ranks[name].get(at, "") for name in inside]
        if "" in ranks:
            return (((at, ranks.index("")),),)
        if not _alone(one, set(ranks)):
            return (((at, depth - 1),),)
        deeper = {m for m, other in enumerate(order.depths) if other > depth}
        before = [m for m in deeper if at in family.after[m]]
        behind = deeper & family.after[at]
        if before and behind:
            return tuple(tuple((m, depth) for m in own) for own in (before, behind))
    for tensor in family.inside:
        found = _unfed(family, order, tensor)
        if found:
            return found
    return None


def _alone(member: Member, ranks: set[str]) -> bool:
    """Whether no dimension of an operand is moved by two loops."""
    return all(
        len(ranks.intersection(index.ranks)) < 2
        for access in member.accesses
        for index in access.indices
    )


def _unfed(family: Family, order: Order, tensor: str) -> tuple[Repair, ...]:
    """Ways out where a reader of an inside tensor runs before what it needs is made and kept."""
    writer = family.writer[tensor]
    kept = family.members[writer].write.ranks
    for reader in family.readers[tensor]:
        reads = [a for a in family.members[reader].reads if a.tensor == tensor]
        for level in range(min(order.depths[writer], order.depths[reader])):
            rank = family.ranks[order.ranks[level]][writer]
            own = family.ranks[order.ranks[level]][reader]
            out: tuple[Repair, ...] = (((writer, level),), ((reader, level),))
            if rank not in kept:
                return out  # the sum is not whole inside this loop
            if any(family.relation(tensor, rank, reader, access) != own for access in reads):
                return out
            leaves = tensor in family.leaves
            if leaves and not all(_same(family, tensor, rank, access) for access in reads):
                return out
            if reader == writer and not _scans(family, order, tensor, level):
                return (((writer, level),), ((writer, level + 1),))
    return ()


def _scans(family: Family, order: Order, tensor: str, level: int) -> bool:
    """Whether what a member reads of its own last step is still there: no loop inside moves it."""
    writer = family.writer[tensor]
    rank = family.ranks[order.ranks[level]][writer]
    for access in family.members[writer].reads:
        if access.tensor != tensor:
            continue
        steps = [index.offset for index in access.indices if rank in index.ranks]
        if any(steps) and level != common(family, order, tensor) - 1:
            return False
    return True


def _same(family: Family, tensor: str, rank: str, access: Access) -> bool:
    """Whether a reader's step takes exactly the part that the writer's step makes."""
    made = family.members[family.writer[tensor]].write.indices
    pairs = zip(made, access.indices, strict=True)
    return all(read.plain for index, read in pairs if index.ranks == (rank,))


def common(family: Family, order: Order, tensor: str) -> int:
    """How many loops an inside tensor is cut by: those around its writer and all its readers.

    A reader that comes after a loop and needs the last step alone counts as inside of it.
    """
    writer = family.writer[tensor]
    found = order.depths[writer]
    for reader in family.readers[tensor]:
        depth = order.depths[reader]
        while depth < found and _reads_last(family, order, tensor, reader, depth):
            depth += 1
        found = min(found, depth)
    return found


def _reads_last(family: Family, order: Order, tensor: str, reader: int, level: int) -> bool:
    """Whether a reader takes only the last position along a loop of the writer."""
    writer = family.members[family.writer[tensor]]
    rank = family.ranks[order.ranks[level]][family.writer[tensor]]
    last = writer.einsum.sizes[rank] - 1
    found = [
        not index.terms and index.lookup is None and index.offset == last
        for access in family.members[reader].reads
        if access.tensor == tensor
        for made, index in zip(writer.write.indices, access.indices, strict=True)
        if made.plain and made.name == rank
    ]
    return bool(found) and all(found)


def size(family: Family, order: Order, level: int) -> int:
    """What there is to cut along a loop: the rank's size at the members that others do not drive.

    0 where they disagree.
    """
    name = order.ranks[level]
    sizes = set()
    for at, rank in family.ranks[name].items():
        if order.depths[at] > level and not _driven(family, order, level, at):
            sizes.add(family.members[at].einsum.sizes[rank])
    return sizes.pop() if len(sizes) == 1 else 0


def _driven(family: Family, order: Order, level: int, at: int) -> bool:
    """Whether readers inside the loop say which part of its rank a member makes."""
    tensor = family.members[at].write.tensor
    readers = [m for m in family.readers.get(tensor, ()) if m != at and order.depths[m] > level]
    rank = family.ranks[order.ranks[level]][at]
    if rank not in family.members[at].write.ranks or tensor not in family.inside:
        return False
    return bool(readers) and level < common(family, order, tensor)


def fits(family: Family, name: str, tile: int) -> bool:
    """Whether tiles of a shared rank fall on whole groups of indices like `h//4`."""
    for at, rank in family.ranks[name].items():
        for access in family.members[at].accesses:
            for index in access.indices:
                for term in index.terms:
                    if term.rank == rank and tile % term.divisor and term.divisor % tile:
                        return False
    return True


def sequence(family: Family, order: Order) -> tuple[int, ...]:
    """Members in the order they run within an iteration: before, in and after the inner loops."""
    first: list[int] = []
    last: list[int] = []
    for depth in range(len(order.ranks) + 1):
        deeper = {m for m, d in enumerate(order.depths) if d > depth}
        mine = [m for m, d in enumerate(order.depths) if d == depth]
        late = [m for m in mine if any(m in family.after[one] for one in deeper)]
        first += [m for m in mine if m not in late]
        last = late + last
    return (*first, *last)
