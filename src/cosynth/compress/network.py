"""An ONNX model with its weights, and the places in it where formats can be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from cosynth.compress.settle import settled
from cosynth.errors import SpecError, WorkloadError, did_you_mean
from cosynth.workload.readers.onnx.file import parsed
from cosynth.workload.readers.onnx.node import clean

_FLOATS = (np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64))


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """One factor of a product: input `at` of the node, summed over `axis`.

    `window` holds of a kernel that is constant: [outputs, inputs of a group, *window].
    """

    tensor: str
    at: int
    axis: int
    constant: bool
    window: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A node that multiplies; `name` is also that of its einsum in the workload."""

    name: str
    node: int
    operator: str
    operands: tuple[Operand, Operand]

    @property
    def weight(self) -> Operand | None:
        """The constant factor, if there is one."""
        return next((one for one in self.operands if one.constant), None)

    @property
    def activations(self) -> tuple[Operand, ...]:
        """The factors that are computed."""
        return tuple(one for one in self.operands if not one.constant)


@dataclass(frozen=True, kw_only=True)
class Network:
    """A model to run: functions written out, constants in the initialisers, weights loaded.

    `sites` are in the order of execution; nodes inside of branches and loops are none.
    """

    model: onnx.ModelProto
    sites: tuple[Site, ...]
    source: str

    @cached_property
    def constants(self) -> dict[str, NDArray[Any]]:
        """Initialiser name -> its values."""
        return {one.name: numpy_helper.to_array(one) for one in self.model.graph.initializer}

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of what has to be fed."""
        return tuple(i.name for i in self.model.graph.input if i.name not in self.constants)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of what comes out."""
        return tuple(each.name for each in self.model.graph.output)

    def site(self, name: str) -> Site:
        """Return a site by name, or WorkloadError with the nearest."""
        known = {each.name: each for each in self.sites}
        if name not in known:
            near = did_you_mean(name, known)
            raise WorkloadError(f"{self.source}: no layer {name!r} multiplies{near}")
        return known[name]


def read(path: Path) -> Network:
    """Read an ONNX file with its weights; SpecError where it is none or holds nothing to choose."""
    model = parsed(path)
    try:
        onnx.load_external_data_for_model(model, str(path.parent))
    except (OSError, ValueError, onnx.checker.ValidationError) as error:
        raise SpecError(f"{path}: its external data cannot be read: {error}") from None
    try:
        return network(model, str(path))
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise SpecError(f"{path}: malformed: {error}") from None


def network(model: onnx.ModelProto, source: str) -> Network:
    """Return the network of a model in memory; the model itself is left as it is."""
    own = settled(model, source)
    shapes = {one.name: tuple(one.dims) for one in own.graph.initializer}
    floats = {one.name for one in own.graph.initializer if _float(one)}
    ranks = {v.name: len(v.type.tensor_type.shape.dim) for v in _values(own) if _shaped(v)}
    sites = []
    for at, node in enumerate(own.graph.node):
        factors = _factors(node, {**ranks, **{n: len(s) for n, s in shapes.items()}})
        constants = [name in shapes for name in node.input[:2]]
        whole = any(name in shapes and name not in floats for name in node.input[:2])
        if not factors or all(constants) or whole:
            continue
        left, right = (
            Operand(
                tensor=node.input[i], at=i, axis=factors[i], constant=constants[i],
                window=node.op_type == "Conv" and i == 1 and constants[i],
            )
            for i in range(2)
        )  # fmt: skip
        name = clean(node.output[0])
        sites.append(Site(name=name, node=at, operator=node.op_type, operands=(left, right)))
    if not sites:
        nested = any(each.HasField("g") for node in own.graph.node for each in node.attribute)
        inside = "; those inside of branches and loops have none" if nested else ""
        raise SpecError(
            f"{source}: no convolution or matrix product with a choice of formats{inside}"
        )
    return Network(model=own, sites=tuple(sites), source=source)


def _factors(node: onnx.NodeProto, ranks: Mapping[str, int]) -> tuple[int, int] | None:
    """Axes that a node sums its two factors over; None if it is no product of this kind."""
    if node.domain not in {"", "ai.onnx"} or len(node.input) < 2:
        return None
    flags = {each.name: each.i for each in node.attribute}
    match node.op_type:
        case "Conv":
            return 1, 1
        case "ConvTranspose":
            return 1, 0
        case "Gemm":
            return 0 if flags.get("transA") else 1, 1 if flags.get("transB") else 0
        case "MatMul" if node.input[1] in ranks:
            return -1, -2 if ranks[node.input[1]] > 1 else -1
        case _:
            return None


def _float(one: onnx.TensorProto) -> bool:
    return np.dtype(onnx.helper.tensor_dtype_to_np_dtype(one.data_type)) in _FLOATS


def _values(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    graph = model.graph
    return [*graph.input, *graph.value_info, *graph.output]


def _shaped(value: onnx.ValueInfoProto) -> bool:
    return bool(value.type.tensor_type.HasField("shape"))
