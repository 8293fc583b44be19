"""Recurrent operators."""

from __future__ import annotations

from cosynth.errors import WorkloadError
from cosynth.workload.layers import recurrent as layers
from cosynth.workload.readers.onnx.node import Node, operator


@operator("LSTM", "GRU", "RNN")
def recurrent(node: Node) -> list[str]:
    """A cell over a sequence, in one or both directions; layout 1 has the batch in front."""
    swapped = bool(node.integer("layout", 0))
    first, second, inner = node.shape(0)
    length, batch = (second, first) if swapped else (first, second)
    directions, rows, _ = node.shape(1)
    width = node.shape(2)[-1]
    gates = layers.GATES[node.operator]
    if directions not in {1, 2} or node.shape(2)[0] != directions:
        raise WorkloadError(f"weights for {directions} directions, not 1 or 2")
    if rows != gates * width:
        raise WorkloadError(f"weights of {rows} rows for {gates} gates of {width}")
    x, w, r = node.tensor(0), node.tensor(1), node.tensor(2)
    if swapped:
        x = node.net.view(net_name(node, "steps"), (length, batch, inner), x)
    name, net = (
        node.name() if node.wants(0) else node.scope.free(f"{node.inputs[0]}.cell"),
        node.net,
    )
    ends = [
        layers.recurrent(
            net, f"{name}.{at}" if directions > 1 else f"{name}.cell", x,
            net.view(net_name(node, f"w{at}"), (gates, width, net.shape(w)[2]), w),
            net.view(net_name(node, f"r{at}"), (gates, width, width), r),
            bias=_bias(node, at, gates, width), cell=node.operator,
        )
        for at in range(directions)
    ]  # fmt: skip
    outputs = []
    shapes = ((length, directions, batch, width), *[(directions, batch, width)] * 2)
    if swapped:
        shapes = ((batch, length, directions, width), *[(batch, directions, width)] * 2)
    for place, shape in enumerate(shapes[: len(node.outputs)]):
        parts = [end.cell if place == 2 and end.cell else end.hidden for end in ends]
        made = node.wants(place)
        free = name if place == 0 else node.scope.free(node.outputs[place]) if made else ""
        outputs.append(net.view(free, shape, parts) if made else "")
    return outputs


def net_name(node: Node, part: str) -> str:
    """A free name for a part of this operator's weights."""
    first = next(output for output in node.outputs if output)
    return node.scope.free(f"{first}.{part}")


def _bias(node: Node, at: int, gates: int, width: int) -> str | None:
    """Both halves of the bias act on the same sums."""
    if not node.has(3):
        return None
    return node.net.view(net_name(node, f"b{at}"), (2, gates, width), node.tensor(3))
