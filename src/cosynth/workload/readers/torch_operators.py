"""ATen operators as einsums, one function each or one per kind."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from cosynth.errors import WorkloadError
from cosynth.workload.layers import convolution as sliding
from cosynth.workload.layers import elementwise as layers
from cosynth.workload.layers.convolution import Window
from cosynth.workload.layers.dense import dense, product
from cosynth.workload.readers.torch import Call, Handler

HANDLERS: dict[str, Handler] = {}


def operator(*names: str) -> Callable[[Handler], Handler]:
    """Register the function that turns these ATen operators into einsums."""

    def register(handler: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(names, handler))
        return handler

    return register


def _windows(call: Call, kernel: Sequence[int], sizes: Sequence[int]) -> list[Window]:
    """Windows over the image axes; `sizes` are their positions."""
    count = len(kernel)
    stride = call.list("stride", count, 0)
    stride = [s or k for s, k in zip(stride, kernel, strict=True)]  # pools default to their kernel
    padding, dilation = call.list("padding", count), call.list("dilation", count, 1)
    return [
        Window(kernel=k, positions=n, stride=s, dilation=d, before=p)
        for k, n, s, d, p in zip(kernel, sizes, stride, dilation, padding, strict=True)
    ]


@operator("conv1d", "conv2d", "conv3d", "convolution")
def _convolution(call: Call) -> str:
    if call.arguments.get("transposed"):
        return _transposed(call)
    weight = call.tensor("weight")
    if isinstance(call.arguments.get("padding"), str):
        raise WorkloadError("padding by name cannot be expressed; give numbers")
    moved = _windows(call, call.net.shape(weight)[2:], call.shape[2:])
    return sliding.convolution(
        call.net, call.name, call.tensor("input"), weight, moved, bias=call.optional("bias"),
        groups=call.arguments["groups"],
    )  # fmt: skip


@operator("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")
def _transposed(call: Call) -> str:
    weight, x = call.tensor("weight"), call.tensor("input")
    moved = _windows(call, call.net.shape(weight)[2:], call.net.shape(x)[2:])
    return sliding.transposed(
        call.net, call.name, x, weight, moved, sizes=call.shape[2:], bias=call.optional("bias"),
        groups=call.arguments["groups"],
    )  # fmt: skip


@operator("max_pool1d", "max_pool2d", "max_pool3d", "max_pool2d_with_indices")
def _max_pool(call: Call) -> str:
    x = call.tensor("self")
    kernel = call.list("kernel_size", len(call.shape) - 2)
    moved = _windows(call, kernel, call.shape[2:])
    return sliding.max_pool(call.net, call.name, x, moved)


@operator("avg_pool1d", "avg_pool2d", "avg_pool3d")
def _average_pool(call: Call) -> str:
    kernel = call.list("kernel_size", len(call.shape) - 2)
    moved = _windows(call, kernel, call.shape[2:])
    return sliding.average_pool(call.net, call.name, call.tensor("self"), moved)


@operator("adaptive_avg_pool1d", "adaptive_avg_pool2d", "_adaptive_avg_pool2d")
def _adaptive_pool(call: Call) -> str:
    x = call.tensor("self")
    sizes, made = call.net.shape(x)[2:], call.shape[2:]
    if any(size % many for size, many in zip(sizes, made, strict=True)):
        raise WorkloadError(f"pools {list(sizes)} to {list(made)}: not whole windows")
    moved = [
        Window(kernel=size // many, positions=many, stride=size // many)
        for size, many in zip(sizes, made, strict=True)
    ]
    return sliding.average_pool(call.net, call.name, x, moved)


@operator("upsample_nearest2d", "upsample_bilinear2d", "upsample_bicubic2d")
def _resize(call: Call) -> str:
    taps = {"nearest2d": 1, "bilinear2d": 2, "bicubic2d": 4}[call.operator.partition("_")[2]]
    return sliding.resize(call.net, call.name, call.first(), call.shape[2:], taps)


@operator("linear")
def _linear(call: Call) -> str:
    bias, weight = call.optional("bias"), call.tensor("weight")
    return dense(call.net, call.name, call.tensor("input"), weight, bias=bias)


@operator("addmm", "baddbmm")
def _added_product(call: Call) -> str:
    first, second = ("mat1", "mat2") if call.operator == "addmm" else ("batch1", "batch2")
    made = product(
        call.net, f"{call.name}.product", call.tensor(first), call.tensor(second), "Gemm"
    )
    text = "{0} + {1}"
    return layers.elementwise(call.net, call.name, text, made, call.tensor("self"), operator="Gemm")


@operator("mm", "bmm", "matmul")
def _product(call: Call) -> str:
    other = "other" if "other" in call.arguments else "mat2"
    return product(call.net, call.name, call.tensor("self"), call.tensor(other))


@operator("batch_norm", "_native_batch_norm_legit_no_training")
def _batch_norm(call: Call) -> str:
    if call.arguments.get("training"):
        raise WorkloadError(
            "batch normalisation is in training mode; call .eval() and export again"
        )
    mean, variance = call.tensor("running_mean"), call.tensor("running_var")
    x, scale, shift = (call.tensor(key) for key in ("input", "weight", "bias"))
    return layers.batch_norm(call.net, call.name, x, scale, shift, (mean, variance))


@operator("layer_norm", "native_layer_norm", "rms_norm")
def _layer_norm(call: Call) -> str:
    net, name, x, op = call.net, call.name, call.tensor("input"), "LayerNormalization"
    shape = net.shape(x)
    axes = set(range(len(shape) - len(call.arguments["normalized_shape"]), len(shape)))
    share = repr(1 / math.prod(shape[axis] for axis in axes))
    if call.operator != "rms_norm":
        total = layers.reduce(net, f"{name}.sum", x, axes, operator=op)
        text = f"{{0}} - {{1}} * {share}"
        x = layers.elementwise(net, f"{name}.centred", text, x, total, operator=op)
    energy = layers.reduce(net, f"{name}.energy", x, axes, formula="square({0})", operator=op)
    text, parts = f"{{0}} * rsqrt({{1}} * {share} + 1e-05)", [x, energy]
    for sign, key in ((" * ", "weight"), (" + ", "bias")):
        if call.arguments.get(key) is not None:
            text += f"{sign}{{{len(parts)}}}"
            parts.append(call.tensor(key))
    return layers.elementwise(net, name, text, *parts, operator=op)


@operator("softmax", "_softmax")
def _softmax(call: Call) -> str:
    return layers.softmax(call.net, call.name, call.tensor("self"), call.arguments["dim"])


@operator("scaled_dot_product_attention")
def _attention(call: Call) -> str:
    net, name, op = call.net, call.name, "Attention"
    q, k, v = (call.tensor(key) for key in ("query", "key", "value"))
    (batch, many, rows, inner), (_, few, columns, _) = net.shape(q), net.shape(k)
    if many % few:
        raise WorkloadError(f"{many} query heads are no multiple of {few} key heads")
    shared = f"h//{many // few}" if many != few else "h"
    sizes, at = {"h": many, "p": columns}, layers.at
    text = f"{at(f'{name}.scores', list('bhmp'))} += {at(q, list('bhme'))}"
    text += f" * {at(k, ['b', shared, 'p', 'e'])}"
    scores = net.einsum(text, shape=(batch, many, rows, columns), bounds=sizes, operator=op)
    scale = repr(call.arguments.get("scale") or inner**-0.5)
    mask = call.optional("attn_mask")
    text, parts = (
        (f"{{0}} * {scale} + {{1}}", [scores, mask]) if mask else (f"{{0}} * {scale}", [scores])
    )
    scaled = layers.elementwise(net, f"{name}.scaled", text, *parts, operator=op)
    share = layers.softmax(net, f"{name}.softmax", scaled, operator=op)
    text = (
        f"{at(name, list('bhmf'))} += {at(share, list('bhmp'))} * {at(v, ['b', shared, 'p', 'f'])}"
    )
    return net.einsum(text, shape=call.shape, bounds=sizes, operator=op)


@operator("embedding")
def _embedding(call: Call) -> str:
    return layers.lookup(call.net, call.name, call.tensor("weight"), call.tensor("indices"))


_UNARY = {
    "relu": "relu({0})", "sigmoid": "sigmoid({0})", "tanh": "tanh({0})", "gelu": "gelu({0})",
    "silu": "silu({0})", "hardswish": "hardswish({0})", "hardsigmoid": "hardsigmoid({0})",
    "exp": "exp({0})", "log": "log({0})", "sqrt": "sqrt({0})", "rsqrt": "rsqrt({0})",
    "neg": "0 - {0}", "abs": "abs({0})", "cos": "cos({0})", "sin": "sin({0})", "erf": "erf({0})",
    "softplus": "softplus({0})", "elu": "elu({0})", "mish": "mish({0})",
    "relu6": "min(relu({0}), 6)",
    "reciprocal": "1 / {0}", "leaky_relu": "where(less(0, {0}), {0}, {0} * 0.01)",
    "_to_copy": "{0}", "to": "{0}", "floor": "floor({0})", "round": "round({0})",
}  # fmt: skip
_BINARY = {
    "add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "div": "{0} / {1}",
    "pow": "pow({0}, {1})", "maximum": "max({0}, {1})", "minimum": "min({0}, {1})",
}  # fmt: skip


@operator(*_UNARY)
def _unary(call: Call) -> str:
    text, x = _UNARY[call.operator], call.first()
    return layers.elementwise(call.net, call.name, text, x, operator=call.operator)


@operator(*_BINARY)
def _binary(call: Call) -> str:
    words: list[str] = []
    tensors: list[str] = []
    for key in ("self", "exponent" if call.operator == "pow" else "other"):
        value = call.arguments[key]
        if isinstance(value, (int, float)):
            words.append(repr(float(value)))
        else:
            words.append(f"{{{len(tensors)}}}")
            tensors.append(call.tensor(key))
    text = _BINARY[call.operator].format(*words)
    return layers.elementwise(call.net, call.name, text, *tensors, operator=call.operator)


@operator("hardtanh", "clamp")
def _limited(call: Call) -> str:
    low = call.arguments.get("min_val", call.arguments.get("min"))
    high = call.arguments.get("max_val", call.arguments.get("max"))
    text = "{0}" if low is None else f"max({{0}}, {float(low)!r})"
    text = text if high is None else f"min({text}, {float(high)!r})"
    return layers.elementwise(call.net, call.name, text, call.tensor("self"), operator="Clip")


@operator("mean", "sum", "amax")
def _reduced(call: Call) -> str:
    x = call.tensor("self")
    shape = call.net.shape(x)
    dims = call.arguments.get("dim")
    axes = {
        d % len(shape) for d in ([dims] if isinstance(dims, int) else dims or range(len(shape)))
    }
    keep = bool(call.arguments.get("keepdim"))
    if call.operator != "mean":
        how = "max" if call.operator == "amax" else "+"
        return layers.reduce(
            call.net, call.name, x, axes, how=how, keep=keep, operator=call.operator
        )
    total = layers.reduce(call.net, f"{call.name}.sum", x, axes, keep=keep, operator="mean")
    share = 1 / math.prod(shape[axis] for axis in axes)
    return layers.elementwise(call.net, call.name, f"{{0}} * {share!r}", total, operator="mean")


@operator(
    "view", "reshape", "_unsafe_view", "permute", "transpose", "unsqueeze", "squeeze", "expand",
    "slice", "select", "flatten", "contiguous", "clone", "dropout", "alias", "t", "detach",
    "repeat", "unflatten", "narrow", "movedim", "lift_fresh_copy", "pixel_shuffle", "expand_as",
    "view_as",
)  # fmt: skip
def _view(call: Call) -> str:
    return call.net.view(call.name, call.shape, call.first())


@operator("split", "split_with_sizes", "chunk", "unbind")
def _split(call: Call) -> str:
    x = call.tensor("self")
    return call.net.view(call.name, call.net.shape(x), x)


@operator("cat", "stack")
def _joined(call: Call) -> str:
    parts = [call.reading.tensor(node.name) for node in call.arguments["tensors"]]
    return call.net.view(call.name, call.shape, parts)


@operator("arange", "full", "zeros", "ones", "scalar_tensor")
def _filled(call: Call) -> str:
    call.reading.weights[call.name] = call.shape, None
    return call.reading.tensor(call.name)
