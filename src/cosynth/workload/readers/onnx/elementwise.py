"""Operators that work element by element, reductions, softmax and normalisations."""

from __future__ import annotations

import math

from cosynth.errors import WorkloadError
from cosynth.workload.layers import elementwise as layers
from cosynth.workload.layers.elementwise import ACTIVATIONS
from cosynth.workload.readers.onnx.graph import literal
from cosynth.workload.readers.onnx.node import MICROSOFT, Node, operator

_UNARY = {
    "Abs": "abs({0})", "Neg": "0 - {0}", "Exp": "exp({0})", "Log": "log({0})", "Erf": "erf({0})",
    "Sqrt": "sqrt({0})", "Reciprocal": "1 / {0}", "Floor": "floor({0})", "Ceil": "ceil({0})",
    "Round": "round({0})", "Sign": "sign({0})", "Sin": "sin({0})", "Cos": "cos({0})",
    "Tan": "sin({0}) / cos({0})", "Sinh": "(exp({0}) - exp(0 - {0})) * 0.5",
    "Cosh": "(exp({0}) + exp(0 - {0})) * 0.5", "Not": "not({0})", "IsNaN": "not(equal({0}, {0}))",
    "BitwiseNot": "not({0})",
}  # fmt: skip
_BINARY = {
    "Add": "{0} + {1}", "Sub": "{0} - {1}", "Mul": "{0} * {1}", "Div": "{0} / {1}",
    "Pow": "pow({0}, {1})", "Equal": "equal({0}, {1})", "Less": "less({0}, {1})",
    "Greater": "less({1}, {0})", "LessOrEqual": "not(less({1}, {0}))",
    "GreaterOrEqual": "not(less({0}, {1}))", "And": "min({0}, {1})", "Or": "max({0}, {1})",
    "Xor": "not(equal({0}, {1}))", "Mod": "{0} - floor({0} / {1}) * {1}",
    "BitwiseAnd": "min({0}, {1})", "BitwiseOr": "max({0}, {1})",
    "BitwiseXor": "not(equal({0}, {1}))", "PRelu": "where(less(0, {0}), {0}, {0} * {1})",
}  # fmt: skip


def formula(node: Node, text: str, *places: int) -> str:
    """One formula of some inputs; constants without dimensions become numbers in it."""
    words: list[str] = []
    tensors: list[str] = []
    for place in places:
        number = literal(node.value(place))
        if number and (tensors or place != places[-1]):
            words.append(number)
        else:
            words.append(f"{{{len(tensors)}}}")
            tensors.append(node.tensor(place))
    return layers.elementwise(
        node.net, node.name(), text.format(*words), *tensors, operator=node.operator
    )


@operator(*ACTIVATIONS, *_UNARY)
def unary(node: Node) -> str:
    """A function of every element."""
    return formula(node, {**ACTIVATIONS, **_UNARY}[node.operator], 0)


@operator(*_BINARY)
def binary(node: Node) -> str:
    """A function of two tensors that broadcast."""
    old = node.version < 7 and (node.operator == "PRelu" or node.attributes.get("broadcast"))
    if old and 0 < len(node.shape(1)) < len(node.shape(0)):
        return _by_axis(node)
    return formula(node, _BINARY[node.operator], 0, 1)


def _by_axis(node: Node) -> str:
    """Before version 7 the second tensor was aligned at an axis (PRelu: that of the channels)."""
    behind = 1 if node.operator == "PRelu" else len(node.shape(0)) - len(node.shape(1))
    first = node.front(node.integer("axis", behind))
    after = len(node.shape(0)) - first - len(node.shape(1))
    shape = (*node.shape(1), *[1] * after)
    name = node.scope.free(f"{node.outputs[0]}.aligned")
    aligned = node.net.view(name, shape, node.tensor(1))
    text = _BINARY[node.operator]
    return layers.elementwise(
        node.net, node.name(), text, node.tensor(0), aligned, operator=node.operator
    )


@operator("Sum", "Mean", "Max", "Min")
def several(node: Node) -> str:
    """A function of any number of tensors."""
    count = len(node.inputs)
    if node.operator in {"Max", "Min"}:
        text = "{0}"
        for place in range(1, count):
            text = f"{node.operator.lower()}({text}, {{{place}}})"
    else:
        text = " + ".join(f"{{{place}}}" for place in range(count))
    if node.operator == "Mean" and count > 1:
        text = f"({text}) * {1 / count!r}"
    return formula(node, text, *range(count))


@operator("Where")
def where(node: Node) -> str:
    """Elements of one tensor or another."""
    return formula(node, "where({0}, {1}, {2})", 0, 1, 2)


@operator("Clip")
def clip(node: Node) -> str:
    """Limits below and above, given as inputs or, before version 11, as attributes."""
    text, places = "{0}", [0]
    for place, key, function in ((1, "min", "max"), (2, "max", "min")):
        if node.has(place):
            text = f"{function}({text}, {{{len(places)}}})"
            places.append(place)
        elif key in node.attributes:
            text = f"{function}({text}, {node.number(key, 0.0)!r})"
    return formula(node, text, *places)


@operator("Elu", "LeakyRelu", "Celu", "Selu", "ThresholdedRelu", "Shrink")
def parametrised(node: Node) -> str:
    """Activations with numbers of their own."""
    alpha = node.number("alpha", {"LeakyRelu": 0.01, "Selu": 1.67326}.get(node.operator, 1.0))
    bent = f"where(less(0, {{0}}), {{0}}, (exp({{0}}) - 1) * {alpha!r})"
    text = {
        "LeakyRelu": f"where(less(0, {{0}}), {{0}}, {{0}} * {alpha!r})",
        "Celu": f"elu({{0}} / {alpha!r}) * {alpha!r}",
        "Selu": f"{bent} * {node.number('gamma', 1.0507)!r}",
        "Elu": "elu({0})" if alpha == 1 else bent,
        "ThresholdedRelu": f"where(less({alpha!r}, {{0}}), {{0}}, 0)",
        "Shrink": f"where(less({node.number('lambd', 0.5)!r}, abs({{0}})), {{0}}, 0)",
    }[node.operator]
    return formula(node, text, 0)


@operator("Softmax", "LogSoftmax", "Hardmax")
def softmax(node: Node) -> str:
    """Shares of exponentials along an axis; before version 13 along all axes from it on."""
    axis = node.axis(default=-1 if node.version >= 13 else 1)
    x, name, shape = node.tensor(0), node.name(), node.shape(0)
    if node.operator == "Hardmax":
        top = layers.reduce(node.net, f"{name}.max", x, {axis}, how="max", operator="Hardmax")
        return layers.elementwise(node.net, name, "equal({0}, {1})", x, top, operator="Hardmax")
    if node.version < 13 and math.prod(shape[axis:]) != shape[axis]:
        flat = (math.prod(shape[:axis]), math.prod(shape[axis:]))
        flat_x = node.net.view(f"{name}.flat", flat, x)
        made = layers.softmax(node.net, f"{name}.made", flat_x, 1, node.operator)
        x = node.net.view(f"{name}.shaped", shape, made)
    elif node.operator == "Softmax":
        return layers.softmax(node.net, name, x, axis)
    else:
        x = layers.softmax(node.net, f"{name}.made", x, axis, node.operator)
    if node.operator == "Softmax":
        return x
    return layers.elementwise(node.net, name, "log({0})", x, operator="LogSoftmax")


_REDUCTIONS = {
    "ReduceSum": ("+", "{0}", ""), "ReduceMean": ("+", "{0}", "{0} * %s"),
    "ReduceMax": ("max", "{0}", ""), "ReduceMin": ("min", "{0}", ""),
    "ReduceProd": ("*", "{0}", ""), "ReduceL1": ("+", "abs({0})", ""),
    "ReduceL2": ("+", "square({0})", "sqrt({0})"), "ReduceSumSquare": ("+", "square({0})", ""),
    "ReduceLogSum": ("+", "{0}", "log({0})"), "ReduceLogSumExp": ("+", "exp({0})", "log({0})"),
    "ArgMax": ("max", "{0}", ""), "ArgMin": ("min", "{0}", ""),
}  # fmt: skip


@operator(*_REDUCTIONS)
def reduction(node: Node) -> str:
    """Sums, extremes and norms over axes."""
    how, value, last = _REDUCTIONS[node.operator]
    shape, name = node.shape(0), node.name()
    if node.operator.startswith("Arg"):
        axes = [node.axis(default=0)]
    elif node.has(1):
        axes = node.whole(1)
    else:
        axes = node.integers("axes", [])
    if not axes:
        if node.integer("noop_with_empty_axes", 0):
            return node.net.view(name, shape, node.tensor(0))
        axes = list(range(len(shape)))
    axes = [node.front(axis) for axis in axes]
    keep = bool(node.integer("keepdims", 1))
    target = f"{name}.sum" if last else name
    made = layers.reduce(
        node.net, target, node.tensor(0), set(axes), how=how, formula=value, keep=keep,
        operator=node.operator,
    )  # fmt: skip
    if not last:
        return made
    share = repr(1 / max(1, math.prod(shape[axis] for axis in axes)))
    return layers.elementwise(
        node.net, name, last.replace("%s", share), made, operator=node.operator
    )


@operator("BatchNormalization")
def batch_norm(node: Node) -> str:
    """Scale and shift by channel, with the statistics that the file holds."""
    if node.integer("training_mode", 0):
        raise WorkloadError("is in training mode; export the model for inference")
    mean, variance = node.tensor(3), node.tensor(4)
    x, scale, shift = node.tensor(0), node.tensor(1), node.tensor(2)
    return layers.batch_norm(node.net, node.name(), x, scale, shift, (mean, variance))


def _normalised(node: Node, name: str, x: str, axes: list[int], *, centred: bool = True) -> str:
    """Subtract the mean over axes, divide by the root of the mean square."""
    net, shape, op = node.net, node.net.shape(x), node.operator
    share = repr(1 / max(1, math.prod(shape[axis] for axis in axes)))
    if centred:
        total = layers.reduce(net, f"{name}.sum", x, set(axes), operator=op)
        x = layers.elementwise(
            net, f"{name}.centred", f"{{0}} - {{1}} * {share}", x, total, operator=op
        )
    energy = layers.reduce(net, f"{name}.energy", x, set(axes), formula="square({0})", operator=op)
    text = f"{{0}} * rsqrt({{1}} * {share} + 1e-05)"
    return layers.elementwise(net, name, text, x, energy, operator=op)


def _scaled(node: Node, name: str, x: str, scale: str, shift: str | None) -> str:
    if shift is None:
        return layers.elementwise(node.net, name, "{0} * {1}", x, scale, operator=node.operator)
    text = "{0} * {1} + {2}"
    return layers.elementwise(node.net, name, text, x, scale, shift, operator=node.operator)


@operator("LayerNormalization")
@operator("SimplifiedLayerNormalization")
@operator("SimplifiedLayerNormalization", domain=MICROSOFT)
@operator("RMSNormalization")
def layer_norm(node: Node) -> str:
    """Normalisation over the last axes, then scale and, for layer normalisation, shift."""
    first = node.axis(default=-1)
    axes = list(range(first, len(node.shape(0))))
    centred, name = node.operator == "LayerNormalization", node.name()
    x = _normalised(node, f"{name}.normal", node.tensor(0), axes, centred=centred)
    return _scaled(node, name, x, node.tensor(1), node.optional(2))


@operator("SkipLayerNormalization", "SkipSimplifiedLayerNormalization", domain=MICROSOFT)
def skip_layer_norm(node: Node) -> list[str]:
    """Add, then normalise over the last axis; the sum is the fourth output."""
    simple, name = "Simplified" in node.operator, node.name()
    added = [0, 1, *([3] if simple and node.has(3) else []), *([4] if node.has(4) else [])]
    text = " + ".join(f"{{{at}}}" for at in range(len(added)))
    parts = [node.tensor(at) for at in added]
    x = layers.elementwise(node.net, f"{name}.residual", text, *parts, operator=node.operator)
    last = [len(node.shape(0)) - 1]
    normal = _normalised(node, f"{name}.normal", x, last, centred=not simple)
    shift = None if simple else node.optional(3)
    return [_scaled(node, name, normal, node.tensor(2), shift), "", "", x]


@operator("InstanceNormalization", "GroupNormalization")
def image_norm(node: Node) -> str:
    """Normalisation of every image, channel by channel or in groups of channels."""
    shape, name, net = node.shape(0), node.name(), node.net
    groups = node.integer("num_groups") if node.operator == "GroupNormalization" else shape[1]
    if groups < 1 or shape[1] % groups:
        raise WorkloadError(f"{shape[1]} channels do not divide into {groups} groups")
    split = (shape[0], groups, shape[1] // groups * math.prod(shape[2:]))
    x = net.view(f"{name}.groups", split, node.tensor(0))
    normal = net.view(f"{name}.images", shape, _normalised(node, f"{name}.normal", x, [2]))
    scale, shift = (_channels(node, place, shape[1], groups, len(shape) - 2) for place in (1, 2))
    return _scaled(node, name, normal, scale, shift)


def _channels(node: Node, place: int, channels: int, groups: int, axes: int) -> str:
    """Numbers per channel (or per group, before version 21) in a shape that broadcasts."""
    size, x = math.prod(node.shape(place)), node.tensor(place)
    if size not in {channels, groups}:
        raise WorkloadError(f"input {place} has {size} numbers for {channels} channels")
    name = node.scope.free(f"{node.outputs[0]}.by{place}")
    return node.net.view(name, (channels, *[1] * axes), x)


@operator("LpNormalization")
def norm(node: Node) -> str:
    """Divide by the norm along an axis."""
    axis, x, name = node.axis(default=-1), node.tensor(0), node.name()
    value = "abs({0})" if node.integer("p", 2) == 1 else "square({0})"
    total = layers.reduce(node.net, f"{name}.sum", x, {axis}, formula=value)
    text = "{0} / {1}" if node.integer("p", 2) == 1 else "{0} * rsqrt({1})"
    return layers.elementwise(node.net, name, text, x, total, operator=node.operator)


@operator("MeanVarianceNormalization")
def standardised(node: Node) -> str:
    """Subtract the mean and divide by the deviation."""
    axes = [node.front(axis) for axis in node.integers("axes", [0, 2, 3])]
    return _normalised(node, node.name(), node.tensor(0), axes)


@operator("CumSum", "CumProd")
def running(node: Node) -> str:
    """A running sum: each element joins its predecessor, one operation each."""
    axis = node.front(node.whole(1)[0])
    shape, x = node.shape(0), node.tensor(0)
    names = layers.ranks(len(shape))
    before = [f"{r}-1" if at == axis else r for at, r in enumerate(names)]
    sign = "+" if node.operator == "CumSum" else "*"
    text = f"{layers.at(node.name(), names)} = {layers.at(x, names)} {sign} {layers.at(x, before)}"
    return node.net.einsum(text, shape=shape, operator=node.operator)


@operator("TopK")
def largest(node: Node) -> list[str]:
    """The k largest along an axis: k passes over it, each one comparison per element."""
    axis, made, x = node.axis(default=-1), node.made(), node.tensor(0)
    names = list(layers.ranks(len(made)))
    searched = [*names]
    searched[axis], names[axis] = "r", "k"
    how = "max" if node.integer("largest", 1) else "min"
    name = node.name()
    text = f"{layers.at(name, names)} = {how}(r) {layers.at(x, searched)}"
    bounds = {"r": node.shape(0)[axis], "k": made[axis]}
    values = node.net.einsum(text, shape=made, bounds=bounds, operator="TopK")
    if not node.wants(1):
        return [values]
    return [values, node.net.view(node.name(1), made, values)]
