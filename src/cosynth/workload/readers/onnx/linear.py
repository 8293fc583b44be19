"""Operators that multiply matrices."""

from __future__ import annotations

import re

from cosynth.errors import WorkloadError
from cosynth.workload.layers.dense import gemm, product
from cosynth.workload.layers.elementwise import activation, at, elementwise
from cosynth.workload.readers.onnx.node import MICROSOFT, Node, operator


@operator("Gemm")
def general(node: Node) -> str:
    """`alpha * A @ B + beta * C`; the factors are folded into the weights."""
    if len(node.shape(0)) != 2 or len(node.shape(1)) != 2:
        raise WorkloadError(f"multiplies {list(node.shape(0))} and {list(node.shape(1))}")
    bias = node.optional(2) if node.number("beta", 1.0) else None
    flip_a, flip_b = bool(node.integer("transA", 0)), bool(node.integer("transB", 0))
    return gemm(
        node.net, node.name(), node.tensor(0), node.tensor(1), bias, flip_a=flip_a, flip_b=flip_b
    )


@operator("MatMul")
def matrices(node: Node) -> str:
    """Product of matrices; leading dimensions broadcast."""
    return product(node.net, node.name(), node.tensor(0), node.tensor(1))


@operator("FusedMatMul", domain=MICROSOFT)
def fused(node: Node) -> str:
    """Product of matrices, either seen transposed."""
    tensors = [
        _flipped(node, place) if node.integer(flag, 0) else node.tensor(place)
        for place, flag in enumerate(("transA", "transB"))
    ]
    return product(node.net, node.name(), *tensors)


@operator("MatMulNBits", domain=MICROSOFT)
def packed(node: Node) -> str:
    """Product with weights packed in blocks of a few bits."""
    inner, made, bits = node.integer("K"), node.integer("N"), node.integer("bits", 4)
    if node.shape(0)[-1:] != (inner,):
        raise WorkloadError(f"{list(node.shape(0))} does not end in K = {inner}")
    weight = node.net.weight(node.scope.free(node.inputs[1]), (inner, made), format=f"int{bits}")
    return product(node.net, node.name(), node.tensor(0), weight, "MatMulNBits")


@operator("BiasGelu", "FastGelu", "Gelu", "QuickGelu", domain=MICROSOFT)
def gelu(node: Node) -> str:
    """GELU, of the sum with a bias where one is given."""
    if not node.has(1):
        return activation(node.net, node.name(), node.tensor(0), "Gelu")
    both = node.tensor(0), node.tensor(1)
    return elementwise(node.net, node.name(), "gelu({0} + {1})", *both, operator=node.operator)


@operator("Einsum")
def einstein(node: Node) -> str:
    """Any product of tensors written as letters."""
    equation = node.text("equation").replace(" ", "")
    count = len(node.inputs)
    left, arrow, right = equation.partition("->")
    factors = left.split(",")
    if len(factors) != count:
        raise WorkloadError(f"{equation!r} names {len(factors)} tensors, has {count}")
    wide = max(
        (
            len(node.shape(i)) - len(f.replace("...", ""))
            for i, f in enumerate(factors)
            if "..." in f
        ),
        default=0,
    )
    terms = [_letters(f, len(node.shape(at))) for at, f in enumerate(factors)]
    if arrow:
        made = _letters(right, len(right.replace("...", "")) + (wide if "..." in right else 0))
    else:
        letters = [r for term in terms for r in term]
        made = sorted(r for r in set(letters) if letters.count(r) == 1)
    sizes: dict[str, int] = {}
    reads = []
    for place, term in enumerate(terms):
        shape = node.shape(place)
        if len(term) != len(shape):
            raise WorkloadError(f"{factors[place]!r} does not fit a tensor of {list(shape)}")
        for rank, size in zip(term, shape, strict=True):
            if size != 1 or rank not in sizes:
                sizes[rank] = size
        reads.append((node.tensor(place), term, shape))
    factors = [
        at(x, ["0" if size != sizes[r] else r for r, size in zip(term, shape, strict=True)])
        for x, term, shape in reads
    ]
    reduces = set(sizes) - set(made)
    text = f"{at(node.name(), made)} {'+=' if reduces else '='} {' * '.join(factors)}"
    return node.net.einsum(text, shape=[sizes[r] for r in made], bounds=sizes, operator="Einsum")


def _letters(term: str, rank: int) -> list[str]:
    """Rank names of one factor; what `...` stands for is counted from the right."""
    if not re.fullmatch(r"[A-Za-z]*(\.\.\.)?[A-Za-z]*", term):
        raise WorkloadError(f"{term!r} is no list of letters")
    before, dots, after = term.partition("...")
    hidden = rank - len(before) - len(after) if dots else 0
    return [*before, *(f"rest{i}" for i in range(hidden, 0, -1)), *after]


def _flipped(node: Node, place: int) -> str:
    shape = node.shape(place)
    flipped = (*shape[:-2], shape[-1], shape[-2])
    name = node.scope.free(f"{node.inputs[place]}.transposed")
    return node.net.view(name, flipped, node.tensor(place))
