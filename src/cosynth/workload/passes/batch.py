"""The same model for another number of samples."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from cosynth.errors import WorkloadError
from cosynth.workload.einsum import Access, Einsum, Index
from cosynth.workload.graph import Tensor, Workload, checked


def with_batch(workload: Workload, batch: int) -> Workload:
    """Return the workload for `batch` samples; the first input's first dimension is the batch.

    Every dimension that the batch runs through grows with it, inputs and states included. Raises
    WorkloadError that names the einsum in which samples meet, so that no such dimension exists.
    """
    inputs = [t for t in workload.tensors if t.role == "input" and t.shape and not t.view_of]
    if batch < 1:
        raise WorkloadError(f"{workload.name}: a batch of {batch} samples is not 1 or more")
    if not inputs or not inputs[0].shape[0]:
        raise WorkloadError(f"{workload.name}: no input whose first dimension could be the batch")
    old = inputs[0].shape[0]
    if old == batch:
        return workload
    alike = [t.name for t in inputs if t.shape[0] == old]
    try:
        return _changed(workload, alike, old, batch)
    except WorkloadError:
        # a table by position may have as many rows as there are samples
        return _changed(workload, alike[:1], old, batch)


def _changed(workload: Workload, inputs: list[str], old: int, new: int) -> Workload:
    change = _Change(workload=workload, old=old, new=new)
    return change.run(inputs)


@dataclass(slots=True, kw_only=True)
class _Change:
    """Follows the batch through the graph: which dimension of each tensor grows."""

    workload: Workload
    old: int
    new: int
    dimension: dict[str, int] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    views: dict[str, list[Tensor]] = field(default_factory=dict)

    def run(self, inputs: list[str]) -> Workload:
        self.tensors = {tensor.name: tensor for tensor in self.workload.tensors}
        for tensor in self.workload.tensors:
            for below in tensor.view_of:
                self.views.setdefault(below, []).append(tensor)
        for name in inputs:
            self.grow(name, 0)
        einsums = [self.einsum(einsum) for einsum in self.workload.einsums]
        return checked(
            replace(self.workload, tensors=tuple(self.tensors.values()), einsums=tuple(einsums))
        )

    def scaled(self, size: int, where: str) -> int:
        if size % self.old:
            raise WorkloadError(
                f"{self.workload.name}: {where}: size {size} is no multiple of the batch {self.old}"
            )
        return size // self.old * self.new

    def grow(self, name: str, dimension: int) -> None:
        """Note that a dimension of a tensor holds the samples, and so do its views."""
        if name in self.dimension:
            return
        self.dimension[name] = dimension
        tensor = self.tensors[name]
        shape = list(tensor.shape)
        shape[dimension] = self.scaled(shape[dimension], f"tensor {name!r}")
        self.tensors[name] = replace(tensor, shape=tuple(shape))
        for view in self.views.get(name, ()):
            self.grow(view.name, self.seen(self.workload.tensor(name), dimension, view))
        for below in tensor.view_of if len(tensor.view_of) > 1 else ():
            # what is joined to samples, such as a cache to new keys, holds samples too
            other = self.tensors[below]
            if other.role in {"state", "input"} and len(other.shape) == len(tensor.shape):
                self.grow(below, dimension)

    def seen(self, source: Tensor, dimension: int, view: Tensor) -> int:
        """Where a view has the dimension that holds the samples."""
        before = math.prod(source.shape[:dimension])
        if len(view.view_of) > 1 or source.size != view.size:
            if len(view.shape) == len(source.shape):
                return dimension
            before = before if dimension else 1
        passed = 1
        for at, size in enumerate(view.shape):
            if passed == before and size % self.old == 0:
                return at
            passed *= size
        raise WorkloadError(
            f"{self.workload.name}: view {view.name!r} of {source.name!r} mixes the samples"
        )

    def einsum(self, einsum: Einsum) -> Einsum:
        growing = {
            rank
            for access in einsum.inputs
            if access.tensor in self.dimension
            for rank in self.ranks(einsum, access)
        }
        if not growing:
            return einsum
        if len(growing) > 1:
            raise self.blocked(einsum, f"samples run along {' and '.join(sorted(growing))}")
        for access in einsum.inputs:
            self.operand(einsum, access, growing)
        places = [at for at, i in enumerate(einsum.output.indices) if growing & set(i.ranks)]
        if len(places) != 1:
            raise self.blocked(einsum, "its result does not keep the samples apart")
        self.check(einsum, einsum.output.indices[places[0]])
        self.grow(einsum.output.tensor, places[0])
        sizes = einsum.sizes
        return einsum.resized(**{r: self.scaled(sizes[r], einsum.name) for r in growing})

    def ranks(self, einsum: Einsum, access: Access) -> tuple[str, ...]:
        index = access.indices[self.dimension[access.tensor]]
        self.check(einsum, index)
        return index.ranks

    def check(self, einsum: Einsum, index: Index) -> None:
        simple = index.lookup is None and len(index.terms) == 1 and not index.offset
        if not simple or index.terms[0].coefficient != 1 or index.terms[0].modulus:
            raise self.blocked(einsum, f"the samples are indexed by {index}")

    def operand(self, einsum: Einsum, access: Access, growing: set[str]) -> None:
        # a table looked up by sample holds no samples itself
        direct = {at: i for at, i in enumerate(access.indices) if i.lookup is None}
        places = [at for at, index in direct.items() if growing & set(index.ranks)]
        if not places or (self.dimension.get(access.tensor) == places[0] and len(places) == 1):
            return
        tensor = self.workload.tensor(access.tensor)
        if tensor.role not in {"state", "input"} or len(places) > 1:
            raise self.blocked(einsum, f"{access} holds one {tensor.role} for all samples")
        index = access.indices[places[0]]
        self.check(einsum, index)
        if index.plain and einsum.sizes[index.name] != tensor.shape[places[0]]:
            raise self.blocked(einsum, f"{access} is not one {tensor.role} a sample")
        for name in self.workload.sources(access.tensor):
            self.grow(name, places[0])
        self.grow(access.tensor, places[0])

    def blocked(self, einsum: Einsum, why: str) -> WorkloadError:
        return WorkloadError(
            f"{self.workload.name}: cannot change the batch from {self.old} to {self.new}: "
            f"{einsum.name}: {why}: {einsum}"
        )
