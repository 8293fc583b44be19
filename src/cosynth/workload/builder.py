"""A graph written down step by step; readers and the zoo build their workloads with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cosynth.errors import WorkloadError
from cosynth.workload.einsum import Einsum, Expression, accesses
from cosynth.workload.graph import Tensor, Workload, checked
from cosynth.workload.notation import parse


class Builder:
    """Collects tensors and einsums; every method returns the name of the tensor it made.

    >>> net = Builder("tiny")
    >>> x, w = net.input("x", (8, 16)), net.weight("w", (4, 16))
    >>> net.output(net.einsum("y[m,n] += x[m,k] * w[n,k]", shape=(8, 4)))
    'y'
    >>> net.build().operations
    512
    """

    def __init__(self, name: str, *, source: str = "", citations: Sequence[str] = ()) -> None:
        self.name, self.source, self.citations = name, source, tuple(citations)
        self.tensors: dict[str, Tensor] = {}
        self.einsums: list[Einsum] = []

    def add(self, tensor: Tensor) -> str:
        """Define a tensor; a second definition of a name is an error."""
        if tensor.name in self.tensors:
            raise WorkloadError(f"{self.name}: tensor {tensor.name!r} is defined twice")
        self.tensors[tensor.name] = tensor
        return tensor.name

    def input(self, name: str, shape: Sequence[int], format: str | None = None) -> str:
        """A tensor that the user supplies."""
        return self.add(Tensor(name=name, shape=tuple(shape), role="input", format=format))

    def weight(
        self, name: str, shape: Sequence[int], *, repeat: int = 1, format: str | None = None
    ) -> str:
        """A learned tensor, in `repeat` equal copies."""
        return self.add(
            Tensor(name=name, shape=tuple(shape), role="weight", repeat=repeat, format=format)
        )

    def state(self, name: str, shape: Sequence[int], *, repeat: int = 1) -> str:
        """A tensor kept from one run to the next, such as a cache of keys."""
        return self.add(Tensor(name=name, shape=tuple(shape), role="state", repeat=repeat))

    def view(self, name: str, shape: Sequence[int], of: str | Sequence[str]) -> str:
        """Existing tensors under another shape; costs nothing. Views of views name the owners."""
        of = (of,) if isinstance(of, str) else tuple(of)
        owners = tuple(dict.fromkeys(owner for below in of for owner in self.owners(below)))
        roles = {self.tensors[owner].role for owner in owners}
        return self.add(
            Tensor(
                name=name,
                shape=tuple(shape),
                role=roles.pop() if len(roles) == 1 else "activation",
                view_of=owners,
                format=self.format(of[0]),
            )
        )

    def einsum(
        self,
        text: str,
        *,
        shape: Sequence[int],
        bounds: Mapping[str, int] | None = None,
        operator: str = "",
        name: str = "",
        repeat: int = 1,
    ) -> str:
        """One statement; its output becomes an activation of this shape.

        Ranks that stand alone in a dimension take its size from the tensor; `bounds` adds the rest
        (and wins).
        """
        trial = parse(text, _ANYTHING, name=name, repeat=repeat, operator=operator)
        sizes = self._sizes(trial, shape) | dict(bounds or {})
        if any(sizes.get(rank, 0) < 1 for rank in trial.ranks):
            trial = parse(text, sizes)  # says which rank, and where
        sized = tuple((rank, int(sizes[rank])) for rank in trial.ranks)
        return self.append(replace(trial, bounds=sized), shape)

    def append(self, einsum: Einsum, shape: Sequence[int]) -> str:
        """Add an einsum made elsewhere; its output becomes an activation of this shape."""
        self.einsums.append(einsum)
        return self.add(
            Tensor(
                name=einsum.output.tensor,
                shape=tuple(shape),
                role="activation",
                repeat=einsum.repeat,
            )
        )

    def output(self, name: str) -> str:
        """Mark a tensor, and what a view shows of other activations, as a result of the model."""
        self.tensors[name] = replace(self.tensors[name], role="output")
        for owner in self.owners(name):
            if self.tensors[owner].role == "activation":
                self.tensors[owner] = replace(self.tensors[owner], role="output")
        return name

    def stored(self, name: str, format: str | None) -> str:
        """Give a tensor the number format that the model prescribes."""
        self.tensors[name] = replace(self.tensors[name], format=format)
        return name

    def owners(self, name: str) -> tuple[str, ...]:
        """Names of the tensors that hold the data of `name`: itself, unless it is a view."""
        return self.tensors[name].view_of or (name,)

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of a tensor defined before."""
        return self.tensors[name].shape

    def format(self, name: str) -> str | None:
        """Number format that the model prescribes for a tensor."""
        return self.tensors[name].format

    def build(self) -> Workload:
        """Return the checked graph."""
        return checked(
            Workload(
                name=self.name,
                tensors=tuple(self.tensors.values()),
                einsums=tuple(self.einsums),
                source=self.source,
                citations=self.citations,
            )
        )

    def _sizes(self, einsum: Einsum, shape: Sequence[int]) -> dict[str, int]:
        pairs = list(zip(einsum.output.indices, shape, strict=True))
        read: list[Expression] = [einsum.expression]
        for expression in read:
            for access in accesses(expression):
                pairs += zip(access.indices, self.shape(access.tensor), strict=True)
                read += [index.lookup for index in access.indices if index.lookup]
        return {index.name: size for index, size in reversed(pairs) if index.plain}


class _Anything(dict[str, int]):
    """Bounds for a first reading: a rank without a size has size 1."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> int:
        return 1


_ANYTHING = _Anything()
