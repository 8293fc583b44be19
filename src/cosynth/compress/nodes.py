"""Nodes and constants that are added to an ONNX graph, under names that are free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper


@dataclass(slots=True, kw_only=True)
class Nodes:
    """A list of nodes under construction; `taken` are the names that it must not give.

    `ranks` are those of the tensors of the graph, where they are known.
    """

    taken: set[str]
    ranks: dict[str, int] = field(default_factory=dict)
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def free(self, wanted: str) -> str:
        """Return a name that nothing has, and take it."""
        name, count = wanted, 1
        while name in self.taken:
            count += 1
            name = f"{wanted}.{count}"
        self.taken.add(name)
        return name

    def rank(self, name: str) -> int | None:
        """Number of dimensions of a tensor of the graph, where it is known."""
        return self.ranks.get(name)

    def constant(self, name: str, values: Any, kind: int | None = None) -> str:
        """Add an initialiser: codes of a type of ONNX, or numbers as they are."""
        name = self.free(name)
        array = np.asarray(values)
        if kind is None:
            self.constants.append(onnx.numpy_helper.from_array(array, name))
        else:
            self.constants.append(coded(name, kind, array))
        return name

    def clipped(self, x: str, top: float) -> str:
        """Add a Clip to magnitudes of at most `top`."""
        ends = [self.constant(f"{x}.end", np.float32(value)) for value in (-top, top)]
        return self.add("Clip", [x, *ends], f"{x}.clipped")

    def add(self, operator: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        """Add a node with one output, and return the output's name."""
        name = self.free(name)
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name=name, **attributes))
        return name


def coded(name: str, kind: int, values: NDArray[Any]) -> onnx.TensorProto:
    """Return a tensor of a type of ONNX from its codes (floats) or values (integers), packed."""
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    own = TensorProto.DataType.Name(kind)
    if own.startswith("FLOAT") and own != "FLOAT":
        bits = np.uint16 if dtype.itemsize == 2 else np.uint8
        array = np.ascontiguousarray(values.astype(bits)).view(dtype)
    elif own == "BFLOAT16":
        array = np.ascontiguousarray(values.astype(np.uint16)).view(dtype)
    else:
        array = values.astype(np.int64).astype(dtype)
    return onnx.numpy_helper.from_array(array, name)
