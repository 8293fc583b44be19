"""Operators that slide windows over images: convolution, pooling, resizing."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cosynth.errors import WorkloadError
from cosynth.workload.layers import convolution as layers
from cosynth.workload.layers.convolution import Window
from cosynth.workload.layers.elementwise import elementwise, reduce
from cosynth.workload.readers.onnx.node import Node, operator


def windows(node: Node, kernel: Sequence[int], positions: Sequence[int]) -> list[Window]:
    """One window per image axis; padding explicit or automatic."""
    sizes = node.shape(0)[2:]
    count = len(sizes)
    strides = node.integers("strides", [1] * count)
    dilations = node.integers("dilations", [1] * count)
    pads = node.integers("pads", [0] * 2 * count)
    if not len(kernel) == len(positions) == len(strides) == len(dilations) == count <= 3:
        raise WorkloadError(f"windows of {len(kernel)} axes over images of {count} (1 to 3)")
    if len(pads) != 2 * count:
        raise WorkloadError(f"{len(pads)} paddings for {count} axes")
    made = []
    for at, size in enumerate(sizes):
        reach = dilations[at] * (kernel[at] - 1) + 1
        around = max(0, (positions[at] - 1) * strides[at] + reach - size)
        before = {
            "NOTSET": pads[at],
            "VALID": 0,
            "SAME_UPPER": around // 2,
            "SAME_LOWER": around - around // 2,
        }.get(node.text("auto_pad", "NOTSET"))
        if before is None:
            raise WorkloadError(f"auto_pad {node.text('auto_pad')!r} is unknown")
        made.append(
            Window(
                kernel=kernel[at],
                positions=positions[at],
                stride=strides[at],
                dilation=dilations[at],
                before=before,
            )
        )
    return made


@operator("Conv")
def convolution(node: Node) -> str:
    """Convolution with groups, strides, dilations and padding, in 1 to 3 dimensions."""
    moved = windows(node, node.shape(1)[2:], node.made()[2:])
    bias, groups = node.optional(2), node.integer("group", 1)
    return layers.convolution(
        node.net, node.name(), node.tensor(0), node.tensor(1), moved, bias=bias, groups=groups
    )


@operator("ConvTranspose")
def transposed(node: Node) -> str:
    """Transposed convolution: inputs scattered over the output."""
    count, kernel, made = len(node.shape(0)) - 2, node.shape(1)[2:], node.made()[2:]
    strides = node.integers("strides", [1] * count)
    dilations = node.integers("dilations", [1] * count)
    extra = node.integers("output_padding", [0] * count)
    pads = node.integers("pads", [0] * 2 * count)
    automatic = node.text("auto_pad", "NOTSET") if "output_shape" not in node.attributes else "SAME"
    moved = []
    for at, size in enumerate(node.shape(0)[2:]):
        reach = dilations[at] * (kernel[at] - 1) + 1
        cut = max(0, (size - 1) * strides[at] + reach + extra[at] - made[at])
        before = pads[at] if automatic == "NOTSET" else cut // 2
        moved.append(
            Window(
                kernel=kernel[at],
                positions=size,
                stride=strides[at],
                dilation=dilations[at],
                before=before,
            )
        )
    return layers.transposed(
        node.net,
        node.name(),
        node.tensor(0),
        node.tensor(1),
        moved,
        sizes=made,
        bias=node.optional(2),
        groups=node.integer("group", 1),
    )


@operator("MaxPool")
def max_pool(node: Node) -> str:
    """Largest element of each window; positions of the largest are not kept."""
    if node.wants(1):
        raise WorkloadError("the positions of its maxima cannot be expressed")
    moved = windows(node, node.integers("kernel_shape"), node.made()[2:])
    return layers.max_pool(node.net, node.name(), node.tensor(0), moved)


@operator("AveragePool")
def average_pool(node: Node) -> str:
    """Mean of each window."""
    moved = windows(node, node.integers("kernel_shape"), node.made()[2:])
    return layers.average_pool(node.net, node.name(), node.tensor(0), moved)


@operator("LpPool")
def norm_pool(node: Node) -> str:
    """Norm of each window: powers, their sum, the root."""
    power = node.integer("p", 2)
    moved = windows(node, node.integers("kernel_shape"), node.made()[2:])
    name = node.name()
    raised = elementwise(node.net, f"{name}.power", f"pow(abs({{0}}), {power})", node.tensor(0))
    total = layers.sum_pool(node.net, f"{name}.sum", raised, moved, "LpPool")
    return elementwise(node.net, name, f"pow({{0}}, {1 / power!r})", total, operator="LpPool")


@operator("GlobalAveragePool", "GlobalMaxPool")
def global_pool(node: Node) -> str:
    """Pooling with a window as large as the image."""
    sizes = node.shape(0)[2:]
    if len(sizes) <= 3:
        pool = layers.max_pool if node.operator == "GlobalMaxPool" else layers.average_pool
        return pool(node.net, node.name(), node.tensor(0), layers.whole(sizes), node.operator)
    raise WorkloadError(f"images of {len(sizes)} axes cannot be expressed (1 to 3)")


@operator("GlobalLpPool")
def global_norm_pool(node: Node) -> str:
    """Norm of every image."""
    power, name = node.integer("p", 2), node.name()
    axes = range(2, len(node.shape(0)))
    value = f"pow(abs({{0}}), {power})"
    total = reduce(node.net, f"{name}.sum", node.tensor(0), axes, formula=value)
    return elementwise(node.net, name, f"pow({{0}}, {1 / power!r})", total, operator="GlobalLpPool")


@operator("LRN")
def local_response(node: Node) -> str:
    """Normalisation over neighbouring channels."""
    if len(node.shape(0)) > 5:
        raise WorkloadError(f"images of {len(node.shape(0)) - 2} axes cannot be expressed (1 to 3)")
    return layers.local_response(node.net, node.name(), node.tensor(0), node.integer("size"))


@operator("Resize", "Upsample")
def resize(node: Node) -> str:
    """Nearest, linear or cubic resizing of the image axes."""
    shape, made = node.shape(0), node.made()
    if math.prod(shape) == math.prod(made) and shape == made:
        return node.net.view(node.name(), made, node.tensor(0))
    if len(shape) < 3 or shape[:2] != made[:2]:
        raise WorkloadError(f"resizes {list(shape)} to {list(made)}: only image axes can change")
    taps = {"nearest": 1, "linear": 2, "cubic": 4}.get(node.text("mode", "nearest"))
    if taps is None:
        raise WorkloadError(f"mode {node.text('mode')!r} cannot be expressed")
    return layers.resize(node.net, node.name(), node.tensor(0), made[2:], taps)
