"""Operators that only move or rename elements: views, look-ups, padding, constants."""

from __future__ import annotations

import math

from cosynth.errors import WorkloadError
from cosynth.workload.layers.elementwise import at, elementwise, lookup, ranks
from cosynth.workload.readers.onnx.node import Node, Value, operator

_VIEWS = (
    "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Identity", "Slice", "Expand",
    "Tile", "DepthToSpace", "SpaceToDepth", "ReverseSequence", "CenterCropPad",
)  # fmt: skip


@operator(*_VIEWS)
def view(node: Node) -> str:
    """The same elements under another shape; free."""
    return node.net.view(node.name(), node.made(), node.tensor(0))


@operator("Dropout")
def dropout(node: Node) -> list[str]:
    """Nothing at inference."""
    return [node.net.view(node.name(), node.shape(0), node.tensor(0))]


@operator("Cast", "CastLike")
def cast(node: Node) -> str:
    """Elements in another type: a copy."""
    return elementwise(node.net, node.name(), "{0}", node.tensor(0), operator=node.operator)


@operator("Concat")
def concat(node: Node) -> str:
    """Tensors side by side; free, as each is written where it belongs."""
    parts = [node.tensor(place) for place in range(len(node.inputs))]
    return node.net.view(node.name(), node.made(), parts)


@operator("Split")
def split(node: Node) -> list[str]:
    """Parts of a tensor; free."""
    x = node.tensor(0)
    wanted = [place for place in range(len(node.outputs)) if node.wants(place)]
    made = {place: node.net.view(node.name(place), node.made(place), x) for place in wanted}
    return [made.get(place, "") for place in range(len(node.outputs))]


@operator("Pad")
def pad(node: Node) -> str:
    """A copy with room around it; positions outside the input are padding."""
    shape, made, x = node.shape(0), node.made(), node.tensor(0)
    count = len(shape)
    pads = node.whole(1) if node.has(1) else node.integers("pads", node.attributes.get("paddings"))  # type: ignore[arg-type]
    axes = [node.front(a) for a in node.whole(3)] if node.has(3) else list(range(count))
    if len(pads) != 2 * len(axes):
        raise WorkloadError(f"{len(pads)} paddings for {len(axes)} axes")
    before = [0] * count
    for axis, size in zip(axes, pads, strict=False):
        before[axis] = size
    names = ranks(count)
    moved = [f"{r}{-b:+d}" if b else r for r, b in zip(names, before, strict=True)]
    text = f"{at(node.name(), names)} = {at(x, moved)}"
    return node.net.einsum(
        text, shape=made, bounds=dict(zip(names, made, strict=True)), operator="Pad"
    )


@operator("Gather")
def gather(node: Node) -> str:
    """Rows picked by known indices (a view) or by a tensor (a look-up)."""
    axis, value = node.axis(default=0), node.value(1)
    if value.constant:
        return node.net.view(node.name(), node.made(), node.tensor(0))
    return lookup(node.net, node.name(), node.tensor(0), node.tensor(1), axis)


@operator("GatherElements", "GatherND")
def gather_each(node: Node) -> str:
    """Elements or slices picked by a tensor of indices."""
    made, value = node.made(), node.value(1)
    if value.constant:
        return node.net.view(node.name(), made, node.tensor(0))
    # one look-up per picked element, whatever the order of the axes
    size = math.prod(node.shape(0))
    picked = math.prod(node.shape(1)[:-1]) if node.operator == "GatherND" else math.prod(made)
    each, name = math.prod(made) // max(1, picked), node.name()
    rows = node.net.view(f"{name}.rows", (max(1, size // each), each), node.tensor(0))
    flat = (picked, node.shape(1)[-1]) if node.operator == "GatherND" else (picked,)
    where = node.net.view(f"{name}.where", flat, node.tensor(1))
    index = at(where, ["t", "0"] if len(flat) > 1 else ["t"])
    text = f"{at(f'{name}.picked', ['t', 'd'])} = {at(rows, [index, 'd'])}"
    found = node.net.einsum(text, shape=(picked, each), bounds={"t": picked, "d": each},
                            operator=node.operator)  # fmt: skip
    return node.net.view(name, made, found)


@operator("ScatterElements", "ScatterND", "Scatter", "TensorScatter")
def scatter(node: Node) -> str:
    """New elements written into a tensor: a copy of the new ones, and both seen as one."""
    name, place = node.name(), 1 if node.operator == "TensorScatter" else 2
    new = node.tensor(place)
    copied = elementwise(node.net, f"{name}.written", "{0}", new, operator=node.operator)
    return node.net.view(name, node.shape(0), (node.tensor(0), copied))


@operator("Constant")
def constant(node: Node) -> str:
    """A stored tensor too large to compute with: a weight."""
    stored = node.attributes.get("value")
    if isinstance(stored, Value):
        return _later(node, stored.shape, stored.type)
    if "sparse_value" in node.attributes:
        return _later(node, node.made(), 1)
    raise WorkloadError("holds no tensor of numbers")


@operator("ConstantOfShape", "EyeLike", "Range", "RandomNormal", "RandomUniform")
def filled(node: Node) -> str:
    """A tensor made from nothing that the model reads like a weight."""
    stored = node.attributes.get("value")
    return _later(node, node.made(), stored.type if isinstance(stored, Value) else 1)


def _later(node: Node, shape: tuple[int, ...], kind: int) -> str:
    """A constant without known content: it becomes a weight if it is ever read."""
    name = node.outputs[0]
    node.scope.values[name] = Value(name=name, shape=shape, type=kind, constant=True)
    return ""


@operator("Trilu")
def triangle(node: Node) -> str:
    """One half of every matrix; free."""
    return node.net.view(node.name(), node.made(), node.tensor(0))


@operator("OneHot")
def one_hot(node: Node) -> str:
    """Ones where the index is the position."""
    made = node.made()
    axis = node.axis(default=-1, rank=len(made))
    names = ranks(len(made))
    index = at(node.tensor(0), [r for place, r in enumerate(names) if place != axis])
    text = f"{at(node.name(), names)} = equal({index}, 1)"
    return node.net.einsum(
        text, shape=made, bounds=dict(zip(names, made, strict=True)), operator="OneHot"
    )
