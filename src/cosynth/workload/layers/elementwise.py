"""Layers without weights of their own: maps, reductions, softmax, batch normalisation, look-ups."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from itertools import zip_longest

from cosynth.errors import WorkloadError
from cosynth.workload.builder import Builder

# ONNX operators of one argument -> the formula of one element
ACTIVATIONS = {
    "Relu": "relu({0})", "Sigmoid": "sigmoid({0})", "Tanh": "tanh({0})", "Gelu": "gelu({0})",
    "Swish": "silu({0})", "HardSwish": "hardswish({0})", "HardSigmoid": "hardsigmoid({0})",
    "Relu6": "min(relu({0}), 6)", "Softplus": "softplus({0})", "Mish": "mish({0})",
    "Elu": "elu({0})", "Softsign": "{0} / (1 + abs({0}))",
}  # fmt: skip


@cache
def ranks(count: int) -> tuple[str, ...]:
    """Rank names for the dimensions of a tensor: sequences are `n,t,c`, images `n,c,p,q`.

    >>> ranks(4)
    ('n', 'c', 'p', 'q')
    """
    usual = ("", "c", "n c", "n t c", "n c p q", "n c p q o")
    if count < len(usual):
        return tuple(usual[count].split())
    return tuple(f"a{at}" for at in range(count))


def quoted(name: str) -> str:
    """A tensor name as the notation writes it.

    >>> quoted("conv/1"), quoted("x")
    ('`conv/1`', 'x')
    """
    return name if name.isascii() and name.isidentifier() else f"`{name}`"


def at(name: str, indices: Sequence[str]) -> str:
    """An access as text.

    >>> at("x", ["n", "p*2+r"])
    'x[n,p*2+r]'
    """
    return f"{quoted(name)}[{','.join(indices)}]"


def broadcast(*shapes: Sequence[int]) -> tuple[int, ...]:
    """Shape of the result when arrays of these shapes meet, as in NumPy.

    >>> broadcast((8, 1, 3), (5, 1))
    (8, 5, 3)
    """
    result = []
    for sizes in zip_longest(*(reversed(shape) for shape in shapes), fillvalue=1):
        size = next((s for s in sizes if s != 1), 1)
        if any(s not in {1, size} for s in sizes):
            shown = " and ".join(str(list(shape)) for shape in shapes)
            raise WorkloadError(f"shapes {shown} do not broadcast")
        result.append(size)
    return tuple(reversed(result))


def elementwise(
    net: Builder, name: str, formula: str, *inputs: str, operator: str = "", label: str = ""
) -> str:
    """One scalar formula, `{0}` the first input; inputs broadcast against each other.

    `label` names the einsum where the tensor's own name is taken.

    >>> net = Builder("sum")
    >>> x, b = net.input("x", (2, 3)), net.weight("b", (3,))
    >>> elementwise(net, "y", "{0} + {1}", x, b), str(net.einsums[0])
    ('y', 'y[n,c] = x[n,c] + b[c]')
    """
    shape = broadcast(*(net.shape(x) for x in inputs))
    names = ranks(len(shape))
    reads = []
    for x in inputs:
        own = net.shape(x)
        last = names[len(names) - len(own) :]
        # a dimension of 1 is read at 0 for every position of the result
        stretched = zip(own, last, shape[len(shape) - len(own) :], strict=True)
        reads.append(at(x, [r if size == whole else "0" for size, r, whole in stretched]))
    text = f"{at(name, names)} = {formula.format(*reads)}"
    bounds = dict(zip(names, shape, strict=True))
    return net.einsum(text, shape=shape, bounds=bounds, operator=operator, name=label)


def activation(net: Builder, name: str, x: str, operator: str = "Relu") -> str:
    """One function applied to every element."""
    return elementwise(net, name, ACTIVATIONS[operator], x, operator=operator)


def reduce(  # noqa: PLR0913 - each is one attribute of the operator
    net: Builder,
    name: str,
    x: str,
    axes: Collection[int],
    *,
    how: str = "+",
    formula: str = "{0}",
    keep: bool = True,
    operator: str = "",
) -> str:
    """Reduce a formula of one tensor over axes; `keep` leaves them with size 1.

    >>> net = Builder("sum")
    >>> reduce(net, "y", net.input("x", (2, 3)), {1}, keep=False), str(net.einsums[0])
    ('y', 'y[n] += x[n,c]')
    """
    shape, names = net.shape(x), ranks(len(net.shape(x)))
    over = [names[axis] for axis in sorted(axes)]
    kept = [(1, "0") if r in over else (size, r) for r, size in zip(names, shape, strict=True)]
    if not keep:
        kept = [pair for pair in kept if pair[1] != "0"]
    head = at(name, [r for _, r in kept])
    value = formula.format(at(x, names))
    sign = {"+": "+= ", "max": f"= max({','.join(over)}) ", "min": f"= min({','.join(over)}) "}
    sign |= {"*": f"= prod({','.join(over)}) "}
    text = f"{head} {sign[how] if over else '= '}{value}"
    bounds = dict(zip(names, shape, strict=True))
    return net.einsum(text, shape=[s for s, _ in kept], bounds=bounds, operator=operator)


def softmax(net: Builder, name: str, x: str, axis: int = -1, operator: str = "Softmax") -> str:
    """Exponentials, shifted by their maximum for range, over their sum."""
    axis %= len(net.shape(x))
    top = reduce(net, f"{name}.max", x, {axis}, how="max", operator=operator)
    power = elementwise(net, f"{name}.exp", "exp({0} - {1})", x, top, operator=operator)
    total = reduce(net, f"{name}.sum", power, {axis}, operator=operator)
    return elementwise(net, name, "{0} / {1}", power, total, operator=operator)


def batch_norm(
    net: Builder,
    name: str,
    x: str,
    scale: str,
    shift: str,
    statistics: tuple[str, str] | None = None,
) -> str:
    """Scale and shift by channel (dimension 1), with mean and variance where the model has them."""
    names = ranks(len(net.shape(x)))
    channel = names[min(1, len(names) - 1)]
    read, by, to = at(name, names), at(scale, [channel]), at(shift, [channel])
    value = at(x, names)
    if statistics:
        mean, variance = (at(s, [channel]) for s in statistics)
        text = f"{read} = ({value} - {mean}) * rsqrt({variance} + 1e-05) * {by} + {to}"
    else:
        text = f"{read} = {value} * {by} + {to}"
    return net.einsum(text, shape=net.shape(x), operator="BatchNormalization")


def lookup(
    net: Builder, name: str, table: str, indices: str, axis: int = 0, operator: str = "Gather"
) -> str:
    """Rows of a table picked by a tensor of indices: `Y[t,d] = E[T[t],d]`."""
    shape, picked = net.shape(table), net.shape(indices)
    axis %= len(shape)
    before, after = (
        [f"d{at}" for at in range(axis)],
        [f"d{at}" for at in range(axis + 1, len(shape))],
    )
    where = [f"t{at}" for at in range(len(picked))]
    made = (*shape[:axis], *picked, *shape[axis + 1 :])
    names = [*before, *where, *after]
    read = at(table, [*before, at(indices, where), *after])
    text = f"{at(name, names)} = {read}"
    bounds = dict(zip(names, made, strict=True))
    return net.einsum(text, shape=made, bounds=bounds, operator=operator)
