"""The walk over a graph: every node is inferred, folded if constant, or given to its handler."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from cosynth.errors import CosynthError, WorkloadError, did_you_mean
from cosynth.workload.builder import Builder
from cosynth.workload.graph import Tensor
from cosynth.workload.readers.onnx.fold import LIMIT, fold
from cosynth.workload.readers.onnx.infer import inferred
from cosynth.workload.readers.onnx.node import (
    HANDLERS,
    MICROSOFT,
    Attribute,
    Data,
    Node,
    Value,
    clean,
)

# types that a file prescribes for storage; plain floating point leaves the choice to the user
FORMATS = {
    "INT8": "int8", "UINT8": "uint8", "INT4": "int4", "UINT4": "uint4", "INT16": "int16",
    "UINT16": "uint16", "INT2": "int2", "UINT2": "uint2", "FLOAT8E4M3FN": "fp8_e4m3fn",
    "FLOAT8E4M3FNUZ": "fp8_e4m3fnuz", "FLOAT8E5M2": "fp8_e5m2",
    "FLOAT8E5M2FNUZ": "fp8_e5m2fnuz", "FLOAT4E2M1": "fp4_e2m1", "FLOAT8E8M0": "e8m0",
    "FLOAT6E2M3": "fp6_e2m3", "FLOAT6E3M2": "fp6_e3m2",
}  # fmt: skip
_MALFORMED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, AssertionError)


@dataclass(slots=True, kw_only=True)
class Scope:
    """Names visible at a place: values, and the tensors made for them so far."""

    net: Builder
    where: str
    opsets: Mapping[str, int]
    values: dict[str, Value] = field(default_factory=dict)
    tensors: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def inner(self) -> Scope:
        """The scope of a subgraph: it sees everything outside, and what it defines stays in it."""
        return replace(self, values=dict(self.values), tensors=dict(self.tensors))

    def value(self, name: str) -> Value:
        """What is known of a value."""
        if name in self.missing:
            raise WorkloadError(self.missing[name])
        if name not in self.values:
            raise WorkloadError(f"input {name!r} is not computed before it is read")
        return self.values[name]

    def tensor(self, name: str) -> str:
        """The tensor that holds a value; a constant becomes a weight when it is first read."""
        if name in self.tensors:
            return self.tensors[name]
        value = self.value(name)
        made = self.free(name)
        if value.source:
            self.net.view(made, value.shape, self.tensor(value.source))
        elif value.constant:
            self.net.weight(made, value.shape, format=format_of(value.type))
        else:
            self.net.state(made, value.shape)
        self.tensors[name] = made
        return made

    def free(self, name: str) -> str:
        """A tensor name that nothing has yet."""
        bare = clean(name)
        wanted, count = bare, 1
        while wanted in self.net.tensors:
            count += 1
            wanted = f"{bare}.{count}"
        return wanted

    def bind(self, name: str, tensor: str, kind: int) -> None:
        """Say that a tensor holds a value."""
        self.tensors[name] = tensor
        self.values[name] = Value(name=name, shape=self.net.shape(tensor), type=kind)
        form = format_of(kind)
        if form and not self.net.tensors[tensor].view_of and not self.net.format(tensor):
            self.net.stored(tensor, form)

    def know(self, name: str, data: Data, source: str = "") -> None:
        """Say that a value is a small constant."""
        kind = onnx.helper.np_dtype_to_tensor_dtype(data.dtype)
        self.values[name] = Value(
            name=name, shape=data.shape, type=kind, constant=True, data=data, source=source
        )


def format_of(kind: int) -> str | None:
    """The number format that an ONNX element type prescribes."""
    return FORMATS.get(TensorProto.DataType.Name(kind)) if kind else None


def walk(scope: Scope, graph: onnx.GraphProto) -> None:
    """Take in the constants of a graph and all of its nodes, in order."""
    for constant in graph.initializer:
        scope.values[constant.name] = constant_value(scope, constant)
    for sparse in graph.sparse_initializer:
        name, dims = sparse.values.name, tuple(sparse.dims)
        scope.values[name] = Value(
            name=name, shape=dims, type=sparse.values.data_type, constant=True
        )
    for proto in graph.node:
        try:
            _visit(scope, proto)
        except CosynthError as error:
            raise _located(scope, proto, str(error)) from None
        except _MALFORMED as error:
            raise _located(scope, proto, f"is malformed ({error})") from None


def constant_value(scope: Scope, constant: TensorProto) -> Value:
    """Shape and type of a stored constant; its content only if it is small and in the file."""
    shape = tuple(constant.dims)
    if any(size < 0 for size in shape):
        raise WorkloadError(f"{scope.where}: constant {constant.name!r}: negative size in {shape}")
    known = None
    outside = constant.data_location == TensorProto.EXTERNAL
    if math.prod(shape) <= LIMIT and not outside and constant.data_type != TensorProto.STRING:
        try:
            known = numpy_helper.to_array(constant)
        except _MALFORMED as error:
            raise WorkloadError(
                f"{scope.where}: constant {constant.name!r} is malformed: {error}"
            ) from None
    return Value(
        name=constant.name, shape=shape, type=constant.data_type, constant=True, data=known
    )


def _visit(scope: Scope, proto: onnx.NodeProto) -> None:
    domain = "" if proto.domain == "ai.onnx" else proto.domain
    handler = HANDLERS.get((domain, proto.op_type))
    attributes = {a.name: _attribute(scope, a) for a in proto.attribute}
    _check_attributes(attributes)
    node = Node(
        scope=scope,
        operator=proto.op_type,
        inputs=tuple(proto.input),
        outputs=tuple(proto.output),
        shapes=(None,) * len(proto.output),
        attributes=attributes,
        version=scope.opsets.get(domain, 0),
    )
    if domain in {"", MICROSOFT} and (known := fold(node)):
        for name, data in zip(proto.output, known, strict=False):
            scope.know(name, data, _shown(node, data))
        return
    if handler is None:
        raise WorkloadError(_unknown(domain, proto.op_type))
    kinds: Sequence[int] = [_fallback(node)] * len(proto.output)
    if domain == "":
        shapes, kinds = inferred(node, proto)
        node = replace(node, shapes=shapes)
    result = handler(node)
    made = [result] if isinstance(result, str) else list(result)
    made += [""] * (len(proto.output) - len(made))
    for at, (name, tensor) in enumerate(zip(proto.output, made, strict=False)):
        if name and not tensor and name not in scope.values:
            scope.missing[name] = f"output {at} ({name!r}) of {proto.op_type} cannot be expressed"
        if not name or not tensor or scope.tensors.get(name) == tensor:
            continue
        wanted = node.shapes[at]
        if wanted is not None and wanted != scope.net.shape(tensor):
            found = list(scope.net.shape(tensor))
            raise WorkloadError(f"its output {name!r} has shape {found}, not {list(wanted)}")
        scope.bind(name, tensor, kinds[at])


def _shown(node: Node, data: Data) -> str:
    """The constant of which a folded result is only another view, so that it is stored once."""
    if node.operator not in {"Reshape", "Unsqueeze", "Squeeze", "Flatten", "Identity", "Transpose"}:
        return ""
    value = node.value(0)
    return value.source or value.name if data.size == math.prod(value.shape) else ""


def _fallback(node: Node) -> int:
    """Type of the outputs of an operator without a schema: that of its first input."""
    return node.value(0).type if node.has(0) else TensorProto.FLOAT


def _attribute(scope: Scope, proto: onnx.AttributeProto) -> Attribute:
    if proto.type == onnx.AttributeProto.TENSOR:
        return constant_value(scope, proto.t)
    found = onnx.helper.get_attribute_value(proto)
    if isinstance(found, bytes):
        return found.decode("utf-8", "replace")
    if proto.type == onnx.AttributeProto.STRINGS:
        return [text.decode("utf-8", "replace") for text in found]
    return found if isinstance(found, (int, float, str, onnx.GraphProto)) else list(found)


def _check_attributes(attributes: Mapping[str, Attribute]) -> None:
    """Windows that do not move, or have no size, are refused before anything divides by them."""
    for name in ("strides", "dilations", "kernel_shape", "group", "blocksize", "num_heads"):
        found = attributes.get(name)
        sizes = found if isinstance(found, list) else [found] if found is not None else []
        if any(not isinstance(s, int) or not 0 < s < 2**31 for s in sizes):
            raise WorkloadError(f"attribute {name!r} must be 1 or more, is {found}")


def _unknown(domain: str, name: str) -> str:
    known = sorted({n for d, n in HANDLERS if d == domain} or {n for _, n in HANDLERS})
    of = f" of domain {domain!r}" if domain else ""
    return f"cannot be expressed: operator {name!r}{of} is unknown{did_you_mean(name, known)}"


def _located(scope: Scope, proto: onnx.NodeProto, problem: str) -> WorkloadError:
    called = proto.name or (proto.output[0] if proto.output else "")
    at = f"{scope.where}: node {called!r} ({proto.op_type})"
    if problem.startswith(f"{scope.where}: node "):  # from a subgraph: it knows better
        return WorkloadError(problem)
    return WorkloadError(f"{at}: {problem}")


def graph_inputs(scope: Scope, graph: onnx.GraphProto, dims: Mapping[str, int]) -> None:
    """Make an input tensor of everything the user supplies."""
    stored = {constant.name for constant in graph.initializer}
    stored |= {sparse.values.name for sparse in graph.sparse_initializer}
    used: set[str] = set()
    for given in graph.input:
        if given.name in stored:
            continue
        if given.type.WhichOneof("value") != "tensor_type":
            raise WorkloadError(f"{scope.where}: input {given.name!r} is no tensor")
        kind = given.type.tensor_type
        if not kind.HasField("shape"):
            raise WorkloadError(f"{scope.where}: input {given.name!r} has no shape")
        shape = [
            _dimension(scope, given.name, at, d, dims, used) for at, d in enumerate(kind.shape.dim)
        ]
        name = scope.net.input(scope.free(given.name), shape, format=format_of(kind.elem_type))
        scope.bind(given.name, name, kind.elem_type)
    unused = sorted(set(dims) - used)
    if unused:
        names = {d.dim_param for v in graph.input for d in v.type.tensor_type.shape.dim} - {""}
        near = did_you_mean(unused[0], names) or f"; it has {', '.join(sorted(names)) or 'none'}"
        raise WorkloadError(f"{scope.where}: no input has a dimension {unused[0]!r}{near}")


def _dimension(
    scope: Scope,
    name: str,
    at: int,
    dimension: onnx.TensorShapeProto.Dimension,
    dims: Mapping[str, int],
    used: set[str],
) -> int:
    label = dimension.dim_param or f"{name}.{at}"
    if dimension.HasField("dim_value"):
        size = int(dimension.dim_value)
    elif label in dims:
        used.add(label)
        size = dims[label]
    else:
        raise WorkloadError(
            f"{scope.where}: dimension {at} of input {name!r} is {label!r}: "
            f"give it a size with --dim {label}=8"
        )
    if size < 1:
        raise WorkloadError(
            f"{scope.where}: dimension {at} of input {name!r} is {size}, not 1 or more"
        )
    return size


def scaled(net: Builder, start: int, times: int) -> None:
    """Say that the einsums added since `start` run `times` times."""
    for at in range(start, len(net.einsums)):
        einsum = net.einsums[at] = replace(net.einsums[at], repeat=net.einsums[at].repeat * times)
        made: Tensor = net.tensors[einsum.output.tensor]
        net.tensors[made.name] = replace(made, repeat=made.repeat * times)


def literal(value: Value) -> str:
    """A constant without dimensions as the notation writes it; empty if it is none."""
    if value.data is None or value.shape or value.data.dtype.kind not in "iufb":
        return ""
    number = float(np.nan_to_num(np.float64(value.data.item()), posinf=3e38, neginf=-3e38))
    return repr(number)
