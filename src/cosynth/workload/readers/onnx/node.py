"""One node as its handler sees it: inputs, attributes and inferred shapes; and the registry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from cosynth.errors import WorkloadError
from cosynth.workload.builder import Builder

if TYPE_CHECKING:
    import onnx

    from cosynth.workload.readers.onnx.graph import Scope

Data = npt.NDArray[np.generic]
Attribute = int | float | str | list[int] | list[float] | list[str] | object
MICROSOFT = "com.microsoft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What is known of a named value: its shape and type, and its content where it is small.

    `constant` values depend on no input. A `source` is the constant that this one shows
    under another shape.
    """

    name: str
    shape: tuple[int, ...]
    type: int
    constant: bool = False
    data: Data | None = None
    source: str = ""


Result = str | Sequence[str]
Handler = Callable[["Node"], Result]
HANDLERS: dict[tuple[str, str], Handler] = {}
H = TypeVar("H", bound=Handler)


def operator(*names: str, domain: str = "") -> Callable[[H], H]:
    """Register the function that turns these operators into einsums."""

    def register(handler: H) -> H:
        for name in names:
            HANDLERS[domain, name] = handler
        return handler

    return register


def clean(name: str) -> str:
    """Return a value's name as tensors and layers carry it: printable, never empty."""
    return "".join(c if c.isprintable() and c != "`" else "_" for c in name) or "unnamed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An operator with its operands. A handler returns the tensors that hold its outputs."""

    scope: Scope
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    shapes: tuple[tuple[int, ...] | None, ...]
    attributes: dict[str, Attribute] = field(default_factory=dict)
    version: int = 0

    @property
    def net(self) -> Builder:
        """The graph under construction."""
        return self.scope.net

    def has(self, at: int) -> bool:
        """Whether an optional input is given."""
        return at < len(self.inputs) and bool(self.inputs[at])

    def value(self, at: int) -> Value:
        """What is known of an input."""
        if not self.has(at):
            raise WorkloadError(f"input {at} is absent")
        return self.scope.value(self.inputs[at])

    def tensor(self, at: int) -> str:
        """The tensor of an input; constants become weights here."""
        return self.scope.tensor(self.value(at).name)

    def optional(self, at: int) -> str | None:
        """The tensor of an input that may be absent."""
        return self.tensor(at) if self.has(at) else None

    def shape(self, at: int) -> tuple[int, ...]:
        """The shape of an input."""
        return self.value(at).shape

    def data(self, at: int) -> Data:
        """The content of an input, which must be a small constant."""
        known = self.value(at).data
        if known is None:
            raise WorkloadError(f"input {at} ({self.inputs[at]!r}) must be a constant")
        return known

    def whole(self, at: int) -> list[int]:
        """The content of an input as whole numbers."""
        return [int(x) for x in self.data(at).ravel()]

    def name(self, at: int = 0) -> str:
        """A free tensor name for an output."""
        return self.scope.free(self.outputs[at])

    def made(self, at: int = 0) -> tuple[int, ...]:
        """The inferred shape of an output."""
        shape = self.shapes[at] if at < len(self.shapes) else None
        if shape is None:
            raise WorkloadError("the shape of its output depends on data")
        return shape

    def wants(self, at: int) -> bool:
        """Whether an optional output is asked for."""
        return at < len(self.outputs) and bool(self.outputs[at])

    def integer(self, name: str, default: int | None = None) -> int:
        """A whole-number attribute."""
        found = self.attributes.get(name, default)
        if not isinstance(found, int):
            raise WorkloadError(f"attribute {name!r} is absent or no whole number")
        return found

    def integers(self, name: str, default: Sequence[int] | None = None) -> list[int]:
        """An attribute that is a list of whole numbers."""
        found = self.attributes.get(name, default)
        if not isinstance(found, (list, tuple)) or not all(isinstance(x, int) for x in found):
            raise WorkloadError(f"attribute {name!r} is absent or no list of whole numbers")
        return list(found)

    def number(self, name: str, default: float) -> float:
        """A number attribute."""
        found = self.attributes.get(name, default)
        if not isinstance(found, (int, float)):
            raise WorkloadError(f"attribute {name!r} is no number")
        return float(found)

    def text(self, name: str, default: str = "") -> str:
        """A text attribute."""
        found = self.attributes.get(name, default)
        if not isinstance(found, str):
            raise WorkloadError(f"attribute {name!r} is no text")
        return found

    def graph(self, name: str) -> onnx.GraphProto:
        """A subgraph attribute."""
        import onnx

        found = self.attributes.get(name)
        if not isinstance(found, onnx.GraphProto):
            raise WorkloadError(f"attribute {name!r} is absent or no graph")
        return found

    def axis(self, name: str = "axis", default: int | None = None, rank: int | None = None) -> int:
        """An axis attribute, counted from the front."""
        return self.front(self.integer(name, default), rank)

    def front(self, axis: int, rank: int | None = None) -> int:
        """An axis of the first input, counted from the front."""
        count = len(self.shape(0)) if rank is None else rank
        if not -count <= axis < count:
            raise WorkloadError(f"axis {axis} of a tensor with {count} dimensions")
        return axis % count
