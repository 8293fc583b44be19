"""Attention operators of ONNX and of ONNX Runtime."""

from __future__ import annotations

from dataclasses import replace

from cosynth.errors import WorkloadError
from cosynth.workload.layers.elementwise import at, elementwise, softmax
from cosynth.workload.readers.onnx.node import MICROSOFT, Node, operator


def heads(node: Node, place: int, count: int, part: str) -> str:
    """An input [b,m,h*e] seen as [b,h,m,e]; one that has heads already stays."""
    shape, x = node.shape(place), node.tensor(place)
    if len(shape) == 4:
        return x
    if len(shape) != 3 or count < 1 or shape[2] % count:
        raise WorkloadError(f"input {place} of {list(shape)} does not hold {count} heads")
    seen = (shape[0], count, shape[1], shape[2] // count)
    return node.net.view(node.scope.free(f"{node.outputs[0]}.{part}"), seen, x)


def attend(node: Node, q: str, k: str, v: str, mask: str | None = None) -> str:
    """softmax(q k) v for q [b,h,m,e] and k, v [b,g,p,e] with h a multiple of g."""
    net, name = node.net, node.name()
    (batch, many, rows, _), (_, few, columns, _) = net.shape(q), net.shape(k)
    if many % few:
        raise WorkloadError(f"{many} query heads are no multiple of {few} key heads")
    shared = f"h//{many // few}" if many != few else "h"
    text = f"{at(f'{name}.scores', list('bhmp'))} += {at(q, list('bhme'))} * "
    text += at(k, ["b", shared, "p", "e"])
    sizes = {"h": many, "p": columns}
    scores = net.einsum(
        text, shape=(batch, many, rows, columns), bounds=sizes, operator=node.operator
    )
    _, _, _, inner = net.shape(q)
    scale = repr(node.number("scale", 0.0) or inner**-0.5)
    if mask:
        value = f"{{0}} * {scale} + {{1}}"
        scores = elementwise(net, f"{name}.masked", value, scores, mask, operator=node.operator)
    else:
        value = f"{{0}} * {scale}"
        scores = elementwise(net, f"{name}.scaled", value, scores, operator=node.operator)
    cap = node.number("softcap", 0.0)
    if cap:
        value = f"tanh({{0}} / {cap!r}) * {cap!r}"
        scores = elementwise(net, f"{name}.capped", value, scores, operator=node.operator)
    share = softmax(net, f"{name}.softmax", scores, operator=node.operator)
    made = (batch, many, rows, net.shape(v)[3])
    text = f"{at(f'{name}.context', list('bhmf'))} += {at(share, list('bhmp'))} * "
    text += at(v, ["b", shared, "p", "f"])
    return net.einsum(text, shape=made, bounds=sizes, operator=node.operator)


def joined(node: Node, past: int, new: str, part: str) -> str:
    """Keys or values of the past followed by the new ones; the past is state."""
    if not node.has(past):
        return new
    old = node.tensor(past)
    tensor = node.net.tensors[old]
    if tensor.role == "input":
        node.net.tensors[old] = replace(tensor, role="state")
    (batch, count, before, width), (_, _, rows, _) = node.net.shape(old), node.net.shape(new)
    shape = (batch, count, before + rows, width)
    return node.net.view(node.scope.free(f"{node.outputs[0]}.{part}"), shape, (old, new))


def merged(node: Node, context: str, flat: bool) -> str:
    """Heads side by side again, [b,m,h*e], where the inputs came so."""
    batch, many, rows, width = node.net.shape(context)
    shape = (batch, rows, many * width) if flat else (batch, many, rows, width)
    return node.net.view(node.name(), shape, context)


def _outputs(node: Node, made: str, *pairs: tuple[int, str]) -> list[str]:
    """The result and, where they are asked for, present keys and values."""
    outputs = [made] + [""] * (len(node.outputs) - 1)
    for place, tensor in pairs:
        if node.wants(place):
            shape = node.net.shape(tensor)
            outputs[place] = node.net.view(node.name(place), shape, tensor)
    return outputs


@operator("Attention")
def attention(node: Node) -> list[str]:
    """Attention of the ONNX standard, with shared key heads, mask and past."""
    flat = len(node.shape(0)) == 3
    many = node.integer("q_num_heads", 0) if flat else node.shape(0)[1]
    few = node.integer("kv_num_heads", 0) if flat else node.shape(1)[1]
    q, k, v = heads(node, 0, many, "q"), heads(node, 1, few, "k"), heads(node, 2, few, "v")
    k, v = joined(node, 4, k, "keys"), joined(node, 5, v, "values")
    context = attend(node, q, k, v, node.optional(3))
    return _outputs(node, merged(node, context, flat), (1, k), (2, v))


@operator("MultiHeadAttention", domain=MICROSOFT)
def multi_head(node: Node) -> list[str]:
    """Attention with as many key heads as query heads."""
    many = node.integer("num_heads")
    if not node.has(1) or not node.has(2):
        raise WorkloadError("packed queries, keys and values cannot be expressed")
    q, k, v = (heads(node, place, many, part) for place, part in enumerate("qkv"))
    k, v = joined(node, 6, k, "keys"), joined(node, 7, v, "values")
    context = attend(node, q, k, v, node.optional(5))
    return _outputs(node, merged(node, context, flat=True), (1, k), (2, v))


@operator("GroupQueryAttention", domain=MICROSOFT)
def group_query(node: Node) -> list[str]:
    """Attention whose key heads each serve several query heads."""
    many, few = node.integer("num_heads"), node.integer("kv_num_heads")
    if not node.has(1) or not node.has(2):
        raise WorkloadError("packed queries, keys and values cannot be expressed")
    q, k, v = heads(node, 0, many, "q"), heads(node, 1, few, "k"), heads(node, 2, few, "v")
    k, v = joined(node, 3, k, "keys"), joined(node, 4, v, "values")
    context = attend(node, q, k, v)
    return _outputs(node, merged(node, context, flat=True), (1, k), (2, v))


@operator("Attention", domain=MICROSOFT)
def packed(node: Node) -> list[str]:
    """Attention that projects its input by one weight for queries, keys and values."""
    from cosynth.workload.layers.dense import dense

    if node.has(4):
        raise WorkloadError("a past in one packed tensor cannot be expressed")
    many, name, net = node.integer("num_heads"), node.name(), node.net
    batch, rows, _ = node.shape(0)
    bias = node.optional(2)
    mixed = dense(
        net, f"{name}.qkv", node.tensor(0), node.tensor(1), bias=bias, stored="ck",
        operator="Attention",
    )  # fmt: skip
    width = net.shape(mixed)[2] // 3
    sizes = node.integers("qkv_hidden_sizes", [width] * 3)
    if sum(sizes) != net.shape(mixed)[2] or any(size < 1 or size % many for size in sizes):
        raise WorkloadError(f"sizes {sizes} do not divide into {many} heads")
    q, k, v = (
        net.view(f"{name}.{part}", (batch, many, rows, size // many), mixed)
        for part, size in zip("qkv", sizes, strict=True)
    )
    return [merged(node, attend(node, q, k, v), flat=True)]


@operator("RotaryEmbedding")
@operator("RotaryEmbedding", domain=MICROSOFT)
def rotary(node: Node) -> str:
    """Every pair of elements turned by an angle: two products and a sum each."""
    shape, name, net = node.shape(0), node.name(), node.net
    x, cosine, sine = node.tensor(0), *_tables(node)
    size = len(shape)
    pairs = net.view(f"{name}.pairs", (*shape[:-1], max(1, shape[-1] // 2), 2), x)
    names = [f"a{i}" for i in range(size + 1)]
    other = [*names[:-1], "0"]
    turned = f"{at(pairs, names)} * {at(cosine, ['0', '0'])} + {at(pairs, other)} * "
    text = f"{at(f'{name}.turned', names)} = {turned}{at(sine, ['0', '0'])}"
    made = net.shape(pairs)
    bounds = dict(zip(names, made, strict=True))
    return net.view(
        name, shape, net.einsum(text, shape=made, bounds=bounds, operator=node.operator)
    )


def _tables(node: Node) -> tuple[str, str]:
    """Cosines and sines as matrices [position, angle]; both domains hold them in other places."""
    first = 2 if len(node.shape(1)) <= 2 and len(node.inputs) > 3 else 1
    names = []
    for place in (first, first + 1):
        shape = node.shape(place)
        rows = 1
        for size in shape[:-1]:
            rows *= size
        free = node.scope.free(f"{node.outputs[0]}.table{place}")
        names.append(node.net.view(free, (rows, shape[-1]), node.tensor(place)))
    return names[0], names[1]
