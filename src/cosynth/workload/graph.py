"""A workload: tensors with roles and the einsums that connect them, in order of execution."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cosynth.errors import WorkloadError, did_you_mean
from cosynth.workload.einsum import Access, Einsum

ROLES = ("input", "weight", "activation", "state", "output")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """A named array; `repeat` equal copies of it exist.

    `format` is the number format the model itself prescribes, if any. A tensor with `view_of` is
    other tensors seen under another shape (reshape, slice, concatenation): it owns no data.
    """

    name: str
    shape: tuple[int, ...]
    role: str
    format: str | None = None
    repeat: int = 1
    view_of: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Elements of one copy."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A directed acyclic graph of einsums. `source` says where it was read from."""

    name: str
    tensors: tuple[Tensor, ...]
    einsums: tuple[Einsum, ...]
    source: str = ""
    citations: tuple[str, ...] = ()
    _by_name: dict[str, Tensor] = field(
        default_factory=dict, init=False, repr=False, compare=False, hash=False
    )

    def __hash__(self) -> int:
        """Cheap, for caches: workloads of one name and length seldom differ."""
        return hash((self.name, len(self.tensors), len(self.einsums)))

    def tensor(self, name: str) -> Tensor:
        """Return a tensor by name; KeyError if the graph has none."""
        if not self._by_name:
            self._by_name.update({tensor.name: tensor for tensor in self.tensors})
        return self._by_name[name]

    @property
    def operations(self) -> int:
        """Multiply-accumulates of the whole graph, one each."""
        return sum(einsum.operations for einsum in self.einsums)

    @property
    def vector_operations(self) -> int:
        """All other scalar operations of the whole graph."""
        return sum(einsum.vector_operations for einsum in self.einsums)

    @property
    def parameters(self) -> int:
        """Elements of all weights, copies included; views own nothing."""
        return self.elements("weight")

    def elements(self, role: str) -> int:
        """Elements of all tensors with a role, copies included; views own nothing."""
        return sum(t.size * t.repeat for t in self.tensors if t.role == role and not t.view_of)

    def sources(self, name: str) -> tuple[str, ...]:
        """Names of the tensors that own the data behind `name` (itself, unless it is a view)."""
        owners: dict[str, None] = {}
        pending, seen = [name], {name}
        while pending:
            here = pending.pop()
            below = self.tensor(here).view_of
            if not below:
                owners[here] = None
            pending += [n for n in reversed(below) if n not in seen]
            seen.update(below)
        return tuple(owners)

    def producers(self) -> dict[str, int]:
        """Tensor name -> position of the einsum that writes it."""
        return {einsum.output.tensor: at for at, einsum in enumerate(self.einsums)}

    def edges(self) -> tuple[tuple[int, int], ...]:
        """Pairs (producer, consumer) of positions in `einsums`, views looked through."""
        writer = self.producers()
        found: dict[tuple[int, int], None] = {}
        for at, einsum in enumerate(self.einsums):
            for access in einsum.inputs:
                # a view may itself be written: the new contents of a weight or a state
                written = access.tensor in writer
                for name in (access.tensor,) if written else self.sources(access.tensor):
                    if name in writer and writer[name] != at:
                        found[writer[name], at] = None
        return tuple(found)


def checked(workload: Workload) -> Workload:
    """Return the workload, or raise WorkloadError with every inconsistency found.

    Names are unique, every access has its tensor's dimensions, every tensor read is an input, a
    weight, a state or written earlier, and no tensor is written twice.
    """
    known = {tensor.name: tensor for tensor in workload.tensors}
    problems = [
        f"tensor {name!r} is defined twice" for name in _twice(t.name for t in workload.tensors)
    ]
    problems += [f"{n!r} names two einsums" for n in _twice(e.name for e in workload.einsums)]
    problems += [
        f"{n!r} is written twice" for n in _twice(e.output.tensor for e in workload.einsums)
    ]
    for tensor in workload.tensors:
        problems += _tensor_problems(tensor, known)
    ready = {
        t.name for t in workload.tensors if t.role in {"input", "weight", "state"} and not t.view_of
    }
    if not problems:
        for einsum in workload.einsums:
            for access in (einsum.output, *einsum.inputs):
                problems += _access_problems(einsum, access, known)
            if problems:
                continue
            for access in einsum.inputs:
                absent = [s for s in workload.sources(access.tensor) if s not in ready]
                problems += [
                    f"{einsum.name}: reads {name!r} before it is written" for name in absent
                ]
            ready.add(einsum.output.tensor)
    if problems:
        raise WorkloadError("\n".join(f"{workload.name}: {problem}" for problem in problems))
    return workload


def _twice(names: Iterable[str]) -> list[str]:
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
    return [name for name, count in seen.items() if count > 1]


def _tensor_problems(tensor: Tensor, known: Mapping[str, Tensor]) -> list[str]:
    where = f"tensor {tensor.name!r}"
    problems = []
    if tensor.role not in ROLES:
        problems.append(f"{where}: role {tensor.role!r}{did_you_mean(tensor.role, ROLES)}")
    if any(size < 0 for size in tensor.shape):
        problems.append(f"{where}: negative size in {list(tensor.shape)}")
    absent = [name for name in tensor.view_of if name not in known]
    problems += [f"{where}: is a view of {name!r}, which does not exist" for name in absent]
    pending, seen = list(tensor.view_of), set(tensor.view_of)
    while pending:
        here = known.get(pending.pop())
        below = here.view_of if here else ()
        pending += [name for name in below if name not in seen]
        seen.update(below)
    return problems + [f"{where}: is a view of itself"] * (tensor.name in seen)


def _access_problems(einsum: Einsum, access: Access, known: Mapping[str, Tensor]) -> list[str]:
    tensor = known.get(access.tensor)
    if tensor is None:
        near = did_you_mean(access.tensor, known)
        return [f"{einsum.name}: tensor {access.tensor!r} is not defined{near}"]
    if len(tensor.shape) != len(access.indices):
        return [
            f"{einsum.name}: {access} has {len(access.indices)} dimensions, "
            f"{access.tensor!r} has {len(tensor.shape)}"
        ]
    sizes = einsum.sizes
    if einsum.operator == "Pad":  # reads past the end of its input: that is the padding
        return []
    return [
        f"{einsum.name}: {access}: rank {index.name} runs to {sizes[index.name]}, "
        f"the dimension has {size}"
        for index, size in zip(access.indices, tensor.shape, strict=True)
        if index.plain and sizes[index.name] > size
    ]
