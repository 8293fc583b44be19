"""Equal layers found by their content, so that each is priced once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from fractions import Fraction

from cosynth.workload.einsum import Access, Apply, Constant, Einsum, Expression, Index
from cosynth.workload.graph import Workload
from cosynth.workload.passes.fuse import groups

Group = tuple[int, ...]


def merge(workload: Workload) -> tuple[tuple[Group, int], ...]:
    """Return one execution group of each kind with how often it occurs; see `classes`."""
    return classes(workload, groups(workload))


def classes(workload: Workload, groups: Iterable[Group]) -> tuple[tuple[Group, int], ...]:
    """Return the first group of each content with the number of groups equal to it.

    Groups are equal when they differ in nothing but names: same expressions, bounds, repeats,
    and operands of the same shapes, roles and formats. Counts of `repeat` stay in the einsums.
    """
    found: dict[Hashable, list[Group]] = {}
    for group in groups:
        found.setdefault(content(workload, group), []).append(group)
    return tuple((same[0], len(same)) for same in found.values())


def content(workload: Workload, group: Group) -> Hashable:
    """Return a key that two groups share exactly when they cost the same in any place."""
    return _Names(workload).group(workload.einsums[at] for at in group)


class _Names:
    """Numbers tensors and ranks in order of appearance, so that names do not matter."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.tensors: dict[str, int] = {}
        self.ranks: dict[str, int] = {}

    def group(self, einsums: Iterable[Einsum]) -> Hashable:
        return tuple(self.einsum(einsum) for einsum in einsums)

    def einsum(self, einsum: Einsum) -> Hashable:
        self.ranks = {rank: at for at, rank in enumerate(einsum.ranks)}
        sizes = tuple(size for _, size in einsum.bounds)
        output = self.access(einsum.output)
        return sizes, einsum.reduction, einsum.repeat, output, self.expression(einsum.expression)

    def expression(self, expression: Expression) -> Hashable:
        match expression:
            case Access():
                return self.access(expression)
            case Constant(value=value):
                return value
            case Apply(function=function, arguments=arguments):
                return function, *(self.expression(argument) for argument in arguments)

    def access(self, access: Access) -> Hashable:
        tensor = self.workload.tensor(access.tensor)
        # data reached through different views is the same data
        owners = tuple(
            self.tensors.setdefault(name, len(self.tensors))
            for name in self.workload.sources(access.tensor)
        )
        roles = tuple(self.workload.tensor(n).role for n in self.workload.sources(access.tensor))
        indices = tuple(self.index(index) for index in access.indices)
        density: Fraction = access.density
        return (
            owners, roles, tensor.role, tensor.shape, tensor.format, tensor.repeat, indices, density
        )  # fmt: skip

    def index(self, index: Index) -> Hashable:
        if index.lookup is not None:
            return self.access(index.lookup)
        terms = tuple(
            (self.ranks[t.rank], t.coefficient, t.divisor, t.modulus) for t in index.terms
        )
        return terms, index.offset
