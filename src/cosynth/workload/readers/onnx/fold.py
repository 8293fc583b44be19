"""Constants computed while reading: the arithmetic by which models make their own shapes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cosynth.errors import WorkloadError

if TYPE_CHECKING:
    from cosynth.workload.readers.onnx.node import Data, Node

LIMIT = 4096  # elements; shapes are far smaller, weights that matter far larger
Folder = Callable[["Node"], "Data | Sequence[Data]"]
_FOLDERS: dict[str, Folder] = {}

_BINARY: dict[str, Callable[..., Data]] = {
    "Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Mod": np.mod, "Pow": np.power,
    "Equal": np.equal, "Less": np.less, "Greater": np.greater, "LessOrEqual": np.less_equal,
    "GreaterOrEqual": np.greater_equal, "And": np.logical_and, "Or": np.logical_or,
    "Min": np.minimum, "Max": np.maximum,
}  # fmt: skip
_UNARY: dict[str, Callable[..., Data]] = {
    "Neg": np.negative, "Abs": np.abs, "Floor": np.floor, "Ceil": np.ceil, "Round": np.round,
    "Not": np.logical_not, "Sqrt": np.sqrt, "Identity": np.array, "Sign": np.sign,
}  # fmt: skip
_REDUCE: dict[str, Callable[..., Data]] = {
    "ReduceProd": np.prod, "ReduceSum": np.sum, "ReduceMax": np.max, "ReduceMin": np.min,
}  # fmt: skip


def fold(node: Node) -> list[Data] | None:
    """The outputs, where all inputs are small known constants and the operator is simple."""
    folder = _FOLDERS.get(node.operator)
    if folder is None:
        return None
    if node.operator not in {"Shape", "Size", "Constant"} and any(
        node.value(at).data is None for at in range(len(node.inputs)) if node.has(at)
    ):
        return None
    with np.errstate(all="ignore"):
        found = folder(node)
    results = [np.asarray(x) for x in (found if isinstance(found, (list, tuple)) else [found])]
    return results if results and all(r.size <= LIMIT for r in results) else None


def _folds(*names: str) -> Callable[[Folder], Folder]:
    def register(folder: Folder) -> Folder:
        _FOLDERS.update(dict.fromkeys(names, folder))
        return folder

    return register


def _small(size: int) -> int:
    if not 0 <= size <= LIMIT:
        raise WorkloadError(f"computes a constant of {size} elements")
    return size


@_folds("Shape")
def _shape(node: Node) -> Data:
    shape = node.shape(0)
    start, end = node.integer("start", 0), node.integer("end", len(shape))
    return np.array(shape[start:end], np.int64)


@_folds("Size")
def _size(node: Node) -> Data:
    return np.array([math.prod(node.shape(0))], np.int64).reshape(())


@_folds("Constant")
def _constant(node: Node) -> list[Data]:
    from cosynth.workload.readers.onnx.node import Value

    stored = node.attributes.get("value")
    if isinstance(stored, Value):
        return [stored.data] if stored.data is not None else []
    for name, kind in (("value_int", np.int64), ("value_ints", np.int64),
                       ("value_float", np.float32), ("value_floats", np.float32)):  # fmt: skip
        if name in node.attributes:
            return [np.array(node.attributes[name], kind)]
    return []


@_folds("ConstantOfShape")
def _filled(node: Node) -> list[Data]:
    from cosynth.workload.readers.onnx.node import Value

    shape = node.whole(0)
    # a large one stands for weights, and a small one of numbers may, too
    value = node.attributes.get("value")
    known = value.data if isinstance(value, Value) and value.data is not None else np.zeros(1, "f4")
    if known.dtype.kind == "f" or math.prod(shape) > LIMIT or min(shape, default=0) < 0:
        return []
    return [np.full(shape, known.ravel()[0])]


@_folds(*_BINARY)
def _binary(node: Node) -> Data:
    result = node.data(0)
    for at in range(1, len(node.inputs)):
        _small(np.broadcast(result, node.data(at)).size)
        result = _BINARY[node.operator](result, node.data(at))
    return result


@_folds("Div")
def _divide(node: Node) -> Data:
    a, b = node.data(0), node.data(1)
    if a.dtype.kind not in "iu":
        return np.divide(a, b)
    if not np.all(b):
        raise WorkloadError("divides by 0")
    whole: Data = np.sign(a) * np.sign(b) * (np.abs(a) // np.abs(b))
    return whole.astype(a.dtype)


@_folds(*_UNARY)
def _unary(node: Node) -> Data:
    x = node.data(0)
    made: Data = np.asarray(_UNARY[node.operator](x))
    return made if node.operator == "Not" else made.astype(x.dtype)


@_folds(*_REDUCE)
def _reduce(node: Node) -> Data:
    x = node.data(0)
    axes = node.whole(1) if node.has(1) else node.integers("axes", list(range(x.ndim)))
    keep = bool(node.integer("keepdims", 1))
    return np.asarray(_REDUCE[node.operator](x, axis=tuple(axes), keepdims=keep)).astype(x.dtype)


@_folds("Cast")
def _cast(node: Node) -> list[Data]:
    from onnx import helper

    kind = helper.tensor_dtype_to_np_dtype(node.integer("to"))
    return [node.data(0).astype(kind)] if np.dtype(kind).kind in "iufb" else []


@_folds("Gather")
def _gather(node: Node) -> Data:
    axis, where = node.axis(default=0), node.data(1).astype(np.int64)
    _small(node.data(0).size // max(1, node.shape(0)[axis]) * where.size)
    return np.take(node.data(0), where, axis=axis)


@_folds("Concat")
def _concat(node: Node) -> Data:
    parts = [node.data(at) for at in range(len(node.inputs))]
    return np.concatenate(parts, axis=node.integer("axis", 1))


def _axes(node: Node) -> list[int]:
    return node.whole(1) if node.has(1) else node.integers("axes", [])


@_folds("Unsqueeze")
def _unsqueeze(node: Node) -> Data:
    return np.expand_dims(node.data(0), tuple(_axes(node)))


@_folds("Squeeze")
def _squeeze(node: Node) -> Data:
    return np.squeeze(node.data(0), tuple(_axes(node)) or None)


@_folds("Reshape")
def _reshape(node: Node) -> Data:
    x = node.data(0)
    sizes = node.whole(1) if node.has(1) else node.integers("shape")
    if not node.integer("allowzero", 0):
        sizes = [x.shape[at] if size == 0 else size for at, size in enumerate(sizes)]
    return x.reshape(sizes)


@_folds("Flatten")
def _flatten(node: Node) -> Data:
    axis = node.integer("axis", 1)
    return node.data(0).reshape(math.prod(node.shape(0)[:axis]), -1)


@_folds("Transpose")
def _transpose(node: Node) -> Data:
    count = len(node.shape(0))
    return np.transpose(node.data(0), node.integers("perm", list(range(count))[::-1]))


@_folds("Slice")
def _slice(node: Node) -> Data:
    x = node.data(0)
    if node.has(1):
        starts, ends = node.whole(1), node.whole(2)
        axes = node.whole(3) if node.has(3) else list(range(len(starts)))
        steps = node.whole(4) if node.has(4) else [1] * len(starts)
    else:
        starts, ends = node.integers("starts"), node.integers("ends")
        axes, steps = node.integers("axes", list(range(len(starts)))), [1] * len(starts)
    cut = [slice(None)] * x.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        # an end far below zero means "to the very first" when walking backwards
        cut[axis] = slice(start, None if step < 0 and end < -x.shape[axis] else end, step)
    return x[tuple(cut)]


@_folds("Range")
def _range(node: Node) -> Data:
    start, limit, step = (node.data(at).item() for at in range(3))
    if not step:
        raise WorkloadError("a step of 0 never ends")
    _small(max(0, math.ceil((limit - start) / step)))
    return np.arange(start, limit, step, dtype=node.data(0).dtype)


@_folds("Where")
def _where(node: Node) -> Data:
    _small(np.broadcast(*(node.data(at) for at in range(3))).size)
    return np.where(node.data(0), node.data(1), node.data(2))


@_folds("Expand")
def _expand(node: Node) -> Data:
    wanted = np.broadcast_shapes(node.shape(0), tuple(node.whole(1)))
    _small(math.prod(wanted))
    return np.broadcast_to(node.data(0), wanted)


@_folds("Split")
def _split(node: Node) -> list[Data]:
    x, axis, count = node.data(0), node.axis(default=0), len(node.outputs)
    parts = node.whole(1) if node.has(1) else node.attributes.get("split")
    if isinstance(parts, list):
        return list(np.split(x, np.cumsum(parts)[:-1], axis=axis))
    return list(np.array_split(x, count, axis=axis))
