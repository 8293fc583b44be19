"""One run of a group's member as a job of its own, at home in the memory where members meet."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cosynth.cost.job import Job
from cosynth.format import Assignment, Format, known
from cosynth.mapping.footprint import groups, touched
from cosynth.mapping.group import Family
from cosynth.mapping.shared import Cut
from cosynth.workload import Access, Apply, Einsum, Index, Tensor, Workload
from cosynth.workload.einsum import Expression
from cosynth.workload.passes.rewrite import mapped

# scalar function -> operations that a unit takes for it; 1 where absent
Steps = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Words:
    """Number formats of a group's tensors, and operations that scalar functions take."""

    formats: Assignment
    functions: Steps

    def of(self, family: Family, at: int, tensor: str) -> Format:
        """The format of an operand of a member; one that the model prescribes wins."""
        found = family.workload.tensor(tensor)
        if found.format:
            return known(found.format)
        return self.formats.of(found.role, family.members[at].name)


def tile_job(family: Family, at: int, cuts: Mapping[str, Cut], words: Words) -> Job:
    """Return the job of one member's tile; `cuts` says how shared loops cut its own ranks.

    Operands have names of their own, so that equal tiles of equal members are equal jobs.
    """
    one = family.members[at]
    head = one.einsum
    sizes = head.sizes | {rank: cut.size for rank, cut in cuts.items()}
    names = {access: f"read{number}" for number, access in enumerate(one.reads)}
    tensors: dict[str, Tensor] = {}
    formats: list[tuple[str, Format]] = []

    def tiled(access: Access, number: int, name: str) -> Access:
        found = family.workload.tensor(access.tensor)
        pairs = [
            _dimension(index, size, number, cuts)
            for index, size in zip(access.indices, found.shape, strict=True)
        ]
        indices = tuple(_looked(index, names) for index, _ in pairs)
        role = found.role if found.role == "weight" else "activation"
        tensors[name] = Tensor(name=name, shape=tuple(size for _, size in pairs), role=role)
        formats.append((name, words.of(family, at, access.tensor)))
        return replace(access, tensor=name, indices=indices)

    table = {
        access: tiled(access, number, names[access]) for number, access in enumerate(one.reads)
    }
    number = len(one.reads)
    bounds = tuple((rank, sizes[rank]) for rank in head.ranks)
    einsum = replace(
        head,
        name=one.name,
        output=tiled(one.write, number, "made"),
        expression=mapped(head.expression, lambda access: table[access]),
        bounds=bounds,
        repeat=1,
    )
    inner = {a.tensor for a in einsum.inputs} | {"made"}
    workload = Workload(name=one.name, tensors=tuple(tensors.values()), einsums=(einsum,))
    extras = tuple(
        (name, _elements(table[access], einsum, tensors[name].shape), dict(formats)[name])
        for access, name in list(names.items())[one.heads :]
    )
    return Job(
        name=one.name,
        einsum=einsum,
        workload=workload,
        formats=tuple((name, format) for name, format in formats if name in inner),
        extras=extras,
        vector_operations=_vector_operations(family, at, einsum, words.functions),
    )


def points_cost(einsum: Einsum, functions: Steps) -> float:
    """Scalar operations of a point that are not its multiply-accumulate."""
    steps = _steps(einsum.expression, functions) + (einsum.reduction is not None)
    return steps - 2 if einsum.contraction else steps


def _steps(expression: Expression, functions: Steps) -> float:
    if isinstance(expression, Apply):
        own = functions.get(expression.function, 1)
        return own + sum(_steps(argument, functions) for argument in expression.arguments)
    return 0


def _vector_operations(family: Family, at: int, tile: Einsum, functions: Steps) -> int:
    one = family.members[at]
    made = math.prod(tile.sizes[rank] for rank in dict.fromkeys(one.write.ranks))
    followers = [family.workload.einsums[place] for place in one.positions[1:]]
    total = points_cost(tile, functions) * tile.points
    return math.ceil(total + sum(points_cost(one, functions) for one in followers) * made)


def _dimension(index: Index, size: int, number: int, cuts: Mapping[str, Cut]) -> tuple[Index, int]:
    """A dimension of an operand as its tile has it: index expression and size."""
    for rank in index.ranks:
        if rank not in cuts:
            continue
        if index.plain:
            return index, cuts[rank].size
        for place, offset, held in cuts[rank].windows:
            if place == number:
                return replace(index, offset=offset), held
    return index, size


def _looked(index: Index, names: Mapping[Access, str]) -> Index:
    if index.lookup is None:
        return index
    indices = tuple(_looked(inner, names) for inner in index.lookup.indices)
    return replace(
        index,
        lookup=replace(index.lookup, tensor=names[index.lookup], indices=indices),
    )


def _elements(access: Access, einsum: Einsum, shape: tuple[int, ...]) -> int:
    parts = groups(access, einsum, shape)
    return math.prod(touched(g, ()) if g.windows else g.sizes[0] for g in parts)
