"""Which indices of which weights must be removed together: the closure over a whole graph.

After Fang and others, "DepGraph: Towards Any Structural Pruning", CVPR 2023, but by single indices
instead of layers, so that concatenation, flattening and groups need no rules of their own. It walks
the ONNX graph: the views of a workload do not say which index became which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx

from cosynth.compress.atoms import Atoms, Labels
from cosynth.compress.network import Network

Shape = tuple[int, ...]  # 0: not known
# they work element by element, with broadcasting
_POINTWISE = {
    "Abs", "Add", "Cast", "Ceil", "Celu", "Clip", "Cos", "Div", "Dropout", "Elu", "Erf", "Exp",
    "Floor", "Gelu", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "Log", "Max", "Min",
    "Mish", "Mul", "Neg", "Pow", "PRelu", "Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign",
    "Sin", "Softplus", "Softsign", "Sqrt", "Sub", "Sum", "Tanh", "ThresholdedRelu", "Where",
}  # fmt: skip
_POOLS = {"AveragePool", "GlobalAveragePool", "GlobalMaxPool", "LpPool", "MaxPool"}
_ALONG = {"LayerNormalization", "LogSoftmax", "RMSNormalization", "Softmax"}


@dataclass(slots=True, kw_only=True)
class Coupling:
    """Atoms of every axis of every value, [value][axis]; those of constants are what is cut."""

    atoms: Atoms
    labels: dict[str, list[Labels]]

    def of(self, name: str) -> list[Labels]:
        """Atoms of the axes of a value."""
        return self.labels[name]


def coupling(network: Network) -> Coupling:
    """Return what hangs together in a network; what cannot be followed is pinned."""
    walk = _Walk(network=network)
    for name in network.inputs:
        walk.pin(name, f"{name!r} is an input of the model")
    for node in network.model.graph.node:
        walk.node(node)
    for name in network.outputs:
        walk.pin(name, f"{name!r} is an output of the model")
    return Coupling(atoms=walk.atoms, labels=walk.labels)


@dataclass(slots=True, kw_only=True)
class _Walk:
    network: Network
    atoms: Atoms = field(default_factory=Atoms)
    labels: dict[str, list[Labels]] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)

    def __post_init__(self) -> None:
        graph = self.network.model.graph
        for value in (*graph.input, *graph.value_info, *graph.output):
            kind = value.type.tensor_type
            if kind.HasField("shape"):
                self.shapes[value.name] = tuple(d.dim_value for d in kind.shape.dim)
        self.shapes |= {name: values.shape for name, values in self.network.constants.items()}

    def axes(self, name: str) -> list[Labels] | None:
        """Atoms of a value, made when it is first asked for; None if its rank is not known."""
        if name not in self.labels:
            if name not in self.shapes:
                return None
            self.labels[name] = [self.atoms.fresh(size) for size in self.shapes[name]]
        return self.labels[name]

    def pin(self, name: str, why: str, axis: int | None = None) -> None:
        """Hold a value, or one axis of it."""
        for at, labels in enumerate(self.axes(name) or []):
            if axis is None or at == axis:
                self.atoms.pin(labels, why)

    def join(self, a: str, at: int, b: str, to: int) -> None:
        """Join an axis of one value with an equal one of another; hold both if they differ."""
        one, other = (self.axes(a) or [])[at], (self.axes(b) or [])[to]
        if len(one) == len(other):
            self.atoms.join(one, other)
        else:
            self.atoms.pin(one, f"{b!r} has another size")
            self.atoms.pin(other, f"{a!r} has another size")

    def node(self, node: onnx.NodeProto) -> None:
        """Join what a node couples."""
        read = [name for name in node.input if name]
        made = [name for name in node.output if name]
        known = all(self.axes(name) is not None for name in (*read, *made))
        handler = _HANDLERS.get(node.op_type) if node.domain in {"", "ai.onnx"} else None
        inner = any(each.HasField("g") or each.graphs for each in node.attribute)
        if handler is None and node.op_type in _POINTWISE:
            handler = _pointwise
        elif handler is None and node.op_type in _POOLS:
            handler = _pooled
        elif handler is None and node.op_type in _ALONG:
            handler = _along
        if not known or inner or handler is None or not self._followed(handler, node):
            for name in [*read, *made, *_outer(node)]:
                self.pin(name, f"{node.op_type} {node.output[0]!r} cannot be followed")

    def _followed(self, handler: Handler, node: onnx.NodeProto) -> bool:
        """Whether a handler could do its work: shapes may contradict the operator."""
        try:
            return handler(self, node)
        except (IndexError, KeyError, ValueError):
            return False

    @property
    def version(self) -> int:
        """Version of the operators; before 13 a softmax ran along all axes from one on."""
        opsets = self.network.model.opset_import
        return max((o.version for o in opsets if o.domain in {"", "ai.onnx"}), default=1)

    def flag(self, node: onnx.NodeProto, name: str, default: int) -> int:
        """A whole-number attribute."""
        return next((each.i for each in node.attribute if each.name == name), default)


Handler = Callable[[_Walk, onnx.NodeProto], bool]


def _outer(node: onnx.NodeProto) -> set[str]:
    """Names that the subgraphs of a node read."""
    graphs = [g for each in node.attribute for g in (each.g, *each.graphs)]
    return {n for g in graphs for one in g.node for n in (*one.input, *_outer(one)) if n}


def _pointwise(walk: _Walk, node: onnx.NodeProto) -> bool:
    out = node.output[0]
    rank = len(walk.shapes[out])
    for name in node.input:
        shape = walk.shapes[name] if name else ()
        for at, size in enumerate(shape):
            to = rank - len(shape) + at
            if size != 1 or walk.shapes[out][to] == 1:
                walk.join(name, at, out, to)
    for name in node.output[1:]:
        if name:
            walk.pin(name, f"a second output of {node.op_type}")
    return True


def _convolution(walk: _Walk, node: onnx.NodeProto) -> bool:
    x, w, out = node.input[0], node.input[1], node.output[0]
    groups = walk.flag(node, "group", 1)
    if len(walk.shapes[w]) < 3 or not walk.shapes[x][1]:
        return False
    walk.join(x, 0, out, 0)
    walk.join(out, 1, w, 0)
    if len(node.input) > 2 and node.input[2]:
        walk.join(node.input[2], 0, out, 1)
    image, kernel = (walk.labels[name][1] for name in (x, w))
    made = walk.labels[out][1]
    for values in (x, w, out):
        for at in range(2, len(walk.shapes[values])):
            walk.pin(values, "a place of an image or a kernel", at)
    if groups == 1:
        walk.join(x, 1, w, 1)
    elif len(kernel) == 1:
        # each image channel makes its own outputs: the groups become fewer
        walk.atoms.join(np.repeat(image, len(made) // groups), made)
        walk.pin(w, "the one channel of a depthwise kernel", 1)
    else:
        # groups stay equal, so that what goes from one goes from all
        for part in range(groups):
            walk.atoms.join(image.reshape(groups, -1)[part], kernel)
        rows = made.reshape(groups, -1)
        for part in range(1, groups):
            walk.atoms.join(rows[0], rows[part])
    return True


def _gemm(walk: _Walk, node: onnx.NodeProto) -> bool:
    a, b, out = node.input[0], node.input[1], node.output[0]
    left, right = walk.flag(node, "transA", 0), walk.flag(node, "transB", 0)
    walk.join(a, 1 - left, b, right)
    walk.join(a, left, out, 0)
    walk.join(b, 1 - right, out, 1)
    if len(node.input) > 2 and node.input[2]:
        bias = node.input[2]
        shape = walk.shapes[bias]
        for at, size in enumerate(shape):
            if size != 1:
                walk.join(bias, at, out, 2 - len(shape) + at)
    return True


def _product(walk: _Walk, node: onnx.NodeProto) -> bool:
    a, b, out = node.input[0], node.input[1], node.output[0]
    ranks = [len(walk.shapes[name]) for name in (a, b, out)]
    if min(ranks[:2]) < 2:
        return False
    walk.join(a, ranks[0] - 1, b, ranks[1] - 2)
    walk.join(a, ranks[0] - 2, out, ranks[2] - 2)
    walk.join(b, ranks[1] - 1, out, ranks[2] - 1)
    for name, rank in ((a, ranks[0]), (b, ranks[1])):
        for at in range(rank - 2):
            if walk.shapes[name][at] != 1:
                walk.join(name, at, out, ranks[2] - rank + at)
    return True


def _normalised(walk: _Walk, node: onnx.NodeProto) -> bool:
    """BatchNormalization and InstanceNormalization: a channel at a time."""
    x, out = node.input[0], node.output[0]
    for at in range(len(walk.shapes[x])):
        walk.join(x, at, out, at)
    for name in node.input[1:]:
        walk.join(name, 0, out, 1)
    return len(node.output) == 1


def _along(walk: _Walk, node: onnx.NodeProto) -> bool:
    """What mixes an axis holds it; all others pass."""
    x, out = node.input[0], node.output[0]
    rank = len(walk.shapes[x])
    first = walk.flag(node, "axis", -1) % rank
    many = node.op_type in {"LayerNormalization", "RMSNormalization"} or walk.version < 13
    for at in range(rank):
        walk.join(x, at, out, at)
    for at in range(first, rank if many else first + 1):
        walk.pin(x, f"{node.op_type} {out!r} runs along it", at)
    for name in (*node.input[1:], *node.output[1:]):
        if name:
            walk.pin(name, f"{node.op_type} {out!r} runs along it")
    return True


def _pooled(walk: _Walk, node: onnx.NodeProto) -> bool:
    x, out = node.input[0], node.output[0]
    for at in (0, 1):
        walk.join(x, at, out, at)
    for name in (x, out):
        for at in range(2, len(walk.shapes[name])):
            walk.pin(name, "a place of an image", at)
    return len([name for name in node.output if name]) == 1


def _reduced(walk: _Walk, node: onnx.NodeProto) -> bool:
    """What is summed up holds its axes; the others pass."""
    x, out = node.input[0], node.output[0]
    rank = len(walk.shapes[x])
    axes = next((list(each.ints) for each in node.attribute if each.name == "axes"), None)
    if len(node.input) > 1 and node.input[1]:
        given = walk.network.constants.get(node.input[1])
        if given is None:
            return False
        axes = given.ravel().tolist()
    gone = {axis % rank for axis in (range(rank) if axes is None else axes)}
    kept = walk.flag(node, "keepdims", 1)
    to = 0
    for at in range(rank):
        if at in gone:
            walk.pin(x, f"{node.op_type} {out!r} runs along it", at)
            to += kept
        else:
            walk.join(x, at, out, to)
            to += 1
    return True


def _transposed(walk: _Walk, node: onnx.NodeProto) -> bool:
    x, out = node.input[0], node.output[0]
    rank = len(walk.shapes[x])
    order = next((list(each.ints) for each in node.attribute if each.name == "perm"), None)
    for to, at in enumerate(order or range(rank - 1, -1, -1)):
        walk.join(x, at, out, to)
    return True


def _concatenated(walk: _Walk, node: onnx.NodeProto) -> bool:
    out = node.output[0]
    axis = walk.flag(node, "axis", 0) % len(walk.shapes[out])
    for name in node.input:
        for at in range(len(walk.shapes[out])):
            if at != axis:
                walk.join(name, at, out, at)
    parts = np.concatenate([walk.labels[name][axis] for name in node.input])
    if len(parts) != len(walk.labels[out][axis]):
        return False
    walk.atoms.join(parts, walk.labels[out][axis])
    return True


def _reshaped(walk: _Walk, node: onnx.NodeProto) -> bool:
    """Follow axes that are split or joined: the outer part goes with whole runs of the whole."""
    x, out = node.input[0], node.output[0]
    before, after = walk.shapes[x], walk.shapes[out]
    for name in node.input[1:]:
        if name and name not in walk.network.constants:
            return False
        if name:
            walk.pin(name, "a shape")
    parts = _parts(before, after)
    if parts is None:
        return False
    for source, target in parts:
        _aligned(walk, (x, source), (out, target))
    return True


def _aligned(walk: _Walk, one: tuple[str, list[int]], other: tuple[str, list[int]]) -> None:
    """Join axes of equal product: only the outermost index of each side may be removed."""
    (a, source), (b, target) = one, other
    if len(source) == len(target) == 1:
        walk.join(a, source[0], b, target[0])
        return
    for name, axes in (one, other):
        for at in axes[1:]:
            walk.pin(name, "the inner part of an axis that is split or joined", at)
    if not source or not target:
        for name, axes in (one, other):
            for at in axes:
                walk.pin(name, "an axis of size 1", at)
        return
    first, second = walk.labels[a][source[0]], walk.labels[b][target[0]]
    if len(first) >= len(second) > 0 and len(first) % len(second) == 0:
        walk.atoms.join(first, np.repeat(second, len(first) // len(second)))
    elif len(first) > 0 and len(second) % len(first) == 0:
        walk.atoms.join(np.repeat(first, len(second) // len(first)), second)
    else:
        walk.atoms.pin(first, "an axis that is split unevenly")
        walk.atoms.pin(second, "an axis that is split unevenly")


def _parts(before: Shape, after: Shape) -> list[tuple[list[int], list[int]]] | None:
    """Runs of axes with equal products, from the left; one axis of unknown size in front may be."""
    found: list[tuple[list[int], list[int]]] = []
    i = j = 0
    if before and after and before[0] == after[0] == 0:
        found.append(([0], [0]))
        i = j = 1
    if 0 in before[i:] or 0 in after[j:]:
        return None
    while i < len(before) or j < len(after):
        if i < len(before) and j < len(after) and before[i] == after[j]:
            found.append(([i], [j]))
            i, j = i + 1, j + 1
            continue
        source, target = [], []
        left = right = 1
        while True:
            if left <= right and i < len(before):
                left *= before[i]
                source.append(i)
                i += 1
            elif j < len(after):
                right *= after[j]
                target.append(j)
                j += 1
            else:
                return None if left != right else [*found, (source, target)]
            if left == right and source and target:
                break
        found.append((source, target))
    return found


def _looked_up(walk: _Walk, node: onnx.NodeProto) -> bool:
    """An embedding: rows of a constant table."""
    table, at, out = node.input[0], node.input[1], node.output[0]
    if table not in walk.network.constants or walk.flag(node, "axis", 0) != 0:
        return False
    rank = len(walk.shapes[at])
    walk.pin(at, "what is looked up")
    walk.pin(table, "rows of a table", 0)
    for axis in range(rank):
        walk.pin(out, "what is looked up", axis)
    for axis in range(1, len(walk.shapes[table])):
        walk.join(table, axis, out, rank + axis - 1)
    return True


_HANDLERS: Mapping[str, Handler] = {
    "BatchNormalization": _normalised, "Concat": _concatenated, "Conv": _convolution,
    "Flatten": _reshaped, "Gather": _looked_up, "Gemm": _gemm, "ReduceL2": _reduced,
    "ReduceMax": _reduced, "ReduceMean": _reduced, "ReduceMin": _reduced, "ReduceSum": _reduced,
    "InstanceNormalization": _normalised, "MatMul": _product, "Reshape": _reshaped,
    "Squeeze": _reshaped, "Transpose": _transposed, "Unsqueeze": _reshaped,
}  # fmt: skip
