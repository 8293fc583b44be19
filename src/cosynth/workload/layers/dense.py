"""Layers that multiply matrices: fully connected, and products of two tensors."""

from __future__ import annotations

from cosynth.errors import WorkloadError
from cosynth.workload.builder import Builder
from cosynth.workload.layers.elementwise import at, broadcast, elementwise


def dense(
    net: Builder,
    name: str,
    x: str,
    weight: str,
    *,
    bias: str | None = None,
    stored: str = "kc",
    operator: str = "Gemm",
) -> str:
    """Fully connected over the last dimension; the weight is [k,c], or [c,k] as `stored` says.

    >>> net = Builder("one")
    >>> x, w = net.input("x", (8, 16)), net.weight("w", (4, 16))
    >>> dense(net, "y", x, w), str(net.einsums[0])
    ('y', 'y[n,k] += x[n,c] * w[k,c]')
    """
    *rows, inner = net.shape(x)
    made = net.shape(weight)[stored.index("k")]
    if net.shape(weight)[stored.index("c")] != inner:
        raise WorkloadError(
            f"{list(net.shape(x))} does not multiply {list(net.shape(weight))} stored as {stored}"
        )
    names = _rows(len(rows))
    target = f"{name}.sum" if bias else name
    text = f"{at(target, [*names, 'k'])} += {at(x, [*names, 'c'])} * {at(weight, list(stored))}"
    net.einsum(text, shape=(*rows, made), name=name, operator=operator)
    if not bias:
        return name
    text = f"{at(name, [*names, 'k'])} = {at(target, [*names, 'k'])} + {at(bias, ['k'])}"
    return net.einsum(text, shape=(*rows, made), name=f"{name}.bias", operator=operator)


def product(net: Builder, name: str, a: str, b: str, operator: str = "MatMul") -> str:
    """NumPy's `a @ b`: matrices in the last two dimensions, the others broadcast.

    >>> net = Builder("one")
    >>> a, b = net.input("a", (2, 8, 16)), net.input("b", (16, 4))
    >>> product(net, "y", a, b), str(net.einsums[0])
    ('y', 'y[b,m,k] += a[b,m,c] * b[c,k]')
    """
    left, right = net.shape(a), net.shape(b)
    if not left or not right or left[-1] != right[-2 if len(right) > 1 else 0]:
        raise WorkloadError(f"{list(left)} does not multiply {list(right)}")
    batch = broadcast(left[:-2], right[:-2])
    names = _batch(len(batch))
    rows, columns = ["m"] * (len(left) > 1), ["k"] * (len(right) > 1)
    shape = (*batch, *left[-2:-1], *(right[-1:] if columns else ()))
    text = f"{at(name, [*names, *rows, *columns])} += "
    text += f"{at(a, [*_stretched(left[:-2], batch, names), *rows, 'c'])} * "
    text += at(b, [*_stretched(right[:-2], batch, names), "c", *columns])
    bounds = dict(zip(names, batch, strict=True))
    return net.einsum(text, shape=shape, bounds=bounds, operator=operator)


def gemm(
    net: Builder, name: str, a: str, b: str, c: str | None, *, flip_a: bool, flip_b: bool
) -> str:
    """`a @ b + c` with either matrix transposed in place; scaling factors are folded."""
    rows, inner = net.shape(a)[::-1] if flip_a else net.shape(a)
    depth, columns = net.shape(b)[::-1] if flip_b else net.shape(b)
    if inner != depth:
        raise WorkloadError(f"{[rows, inner]} does not multiply {[depth, columns]}")
    target = f"{name}.sum" if c else name
    text = f"{at(target, ['n', 'k'])} += {at(a, list('cn' if flip_a else 'nc'))} * "
    text += at(b, list("kc" if flip_b else "ck"))
    net.einsum(text, shape=(rows, columns), name=name, operator="Gemm")
    if not c:
        return name
    return elementwise(net, name, "{0} + {1}", target, c, operator="Gemm", label=f"{name}.bias")


def _stretched(own: tuple[int, ...], whole: tuple[int, ...], names: tuple[str, ...]) -> list[str]:
    """Batch indices of one factor: what it lacks is left out, what it has once is read at 0."""
    last, sizes = names[len(names) - len(own) :], whole[len(whole) - len(own) :]
    return [r if o == w else "0" for r, o, w in zip(last, own, sizes, strict=True)]


def _rows(count: int) -> tuple[str, ...]:
    return {0: (), 1: ("n",), 2: ("n", "t")}.get(count) or tuple(f"a{i}" for i in range(count))


def _batch(count: int) -> tuple[str, ...]:
    return {0: (), 1: ("b",), 2: ("b", "h")}.get(count) or tuple(f"b{i}" for i in range(count))
