"""Reader of `torch.export` programs: ATen operators as einsums. Torch itself is never imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cosynth.errors import CosynthError, WorkloadError, did_you_mean
from cosynth.workload.builder import Builder
from cosynth.workload.graph import Workload

if TYPE_CHECKING:
    from torch.export import ExportedProgram

Handler = Callable[["Call"], str]
_FORMATS = {
    "torch.int8": "int8", "torch.uint8": "uint8", "torch.float8_e4m3fn": "fp8_e4m3fn",
    "torch.float8_e5m2": "fp8_e5m2",
}  # fmt: skip


def read(program: ExportedProgram, name: str = "model") -> Workload:
    """Return the workload of an exported program; its shapes must be static.

    Parameters and the buffers that the graph reads are weights. Raises WorkloadError that names the
    node and operator that cannot be expressed.
    """
    from cosynth.workload.readers import torch_operators  # they register themselves

    known = torch_operators.HANDLERS
    net = Builder(name, source=f"torch.export:{name}")
    signature = program.graph_signature
    stored = {
        **signature.inputs_to_parameters,
        **signature.inputs_to_buffers,
        **getattr(signature, "inputs_to_lifted_tensor_constants", {}),
    }
    reading = Reading(net=net, stored=stored, handlers=known)
    for node in program.graph_module.graph.nodes:
        try:
            _visit(reading, node)
        except CosynthError as error:
            raise WorkloadError(f"{name}: node {node.name!r} ({node.target}): {error}") from None
    results = signature.user_outputs
    for result in results:
        if isinstance(result, str):
            net.output(reading.tensor(result))
    return net.build()


@dataclass(slots=True, kw_only=True)
class Reading:
    """The graph under construction, and which tensor holds each node's value."""

    net: Builder
    stored: Mapping[str, str]
    handlers: Mapping[str, Handler]
    tensors: dict[str, str] = field(default_factory=dict)
    weights: dict[str, tuple[tuple[int, ...], str | None]] = field(default_factory=dict)
    parts: dict[str, list[str]] = field(default_factory=dict)

    def tensor(self, node: str) -> str:
        """The tensor of a node; a stored one becomes a weight when it is first read."""
        if node not in self.tensors:
            if node not in self.weights:
                raise WorkloadError(f"reads {node!r}, which holds no tensor")
            shape, form = self.weights[node]
            owner = self.stored.get(node, node)
            if owner not in self.net.tensors:
                self.net.weight(owner, shape, format=form)
            self.tensors[node] = owner
        return self.tensors[node]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One operator with its arguments by name, defaults filled in."""

    reading: Reading
    name: str
    operator: str
    arguments: Mapping[str, Any]
    shape: tuple[int, ...]

    @property
    def net(self) -> Builder:
        """The graph under construction."""
        return self.reading.net

    def tensor(self, argument: str) -> str:
        """The tensor of an argument."""
        return self.reading.tensor(self.arguments[argument].name)

    def first(self) -> str:
        """The tensor of the first argument, whose name differs between operators."""
        return self.tensor(next(iter(self.arguments)))

    def optional(self, argument: str) -> str | None:
        """The tensor of an argument that may be None."""
        return None if self.arguments.get(argument) is None else self.tensor(argument)

    def list(self, argument: str, count: int, default: int = 0) -> list[int]:
        """Whole numbers, one repeated where fewer are given."""
        found = self.arguments.get(argument)
        values = [found] if isinstance(found, int) else list(found or [default])
        return values * count if len(values) == 1 else values


def _visit(reading: Reading, node: Any) -> None:
    value = node.meta.get("val")
    if node.op == "placeholder":
        if not hasattr(value, "shape"):
            return
        form = _FORMATS.get(str(value.dtype))
        if node.name in reading.stored:
            reading.weights[node.name] = _static(value.shape), form
        else:
            made = reading.net.input(node.name, _static(value.shape), format=form)
            reading.tensors[node.name] = made
        return
    if node.op != "call_function":
        return
    name = str(node.target).removeprefix("aten.").partition(".")[0].rstrip("_")
    if "getitem" in getattr(node.target, "__name__", ""):
        source, at = node.args
        reading.tensors[node.name] = reading.parts[source.name][at]
        return
    handler = reading.handlers.get(name)
    if handler is None:
        near = did_you_mean(name, reading.handlers)
        raise WorkloadError(f"cannot be expressed: operator {name!r} is unknown{near}")
    schema = node.target._schema.arguments
    given = {a.name: a.default_value if a.has_default_value() else None for a in schema}
    given |= dict(zip((a.name for a in schema), node.args, strict=False)) | dict(node.kwargs)
    several = isinstance(value, (list, tuple))
    first = value[0] if several else value
    shape = _static(first.shape) if hasattr(first, "shape") else ()
    call = Call(reading=reading, name=node.name, operator=name, arguments=given, shape=shape)
    made = handler(call)
    if several:
        shapes = [_static(v.shape) for v in value if hasattr(v, "shape")]
        reading.parts[node.name] = _parts(call, made, shapes)
    reading.tensors[node.name] = made


def _parts(call: Call, made: str, shapes: list[tuple[int, ...]]) -> list[str]:
    """Outputs of an operator with several: views of what it made, or its first and no others."""
    if call.operator in {"split", "split_with_sizes", "chunk", "unbind"}:
        parts = enumerate(shapes)
        return [call.net.view(f"{call.name}.{at}", shape, made) for at, shape in parts]
    return [made]


def _static(shape: Sequence[Any]) -> tuple[int, ...]:
    if not all(isinstance(size, int) for size in shape):
        raise WorkloadError(f"shape {list(shape)} is symbolic; export with static shapes")
    return tuple(int(size) for size in shape)
