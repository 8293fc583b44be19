"""Layers that slide windows: convolution of any dimension, transposed, pooling, resizing."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from cosynth.errors import WorkloadError
from cosynth.workload.builder import Builder
from cosynth.workload.layers.elementwise import at, elementwise

POSITIONS, OFFSETS = ("p", "q", "o"), ("r", "s", "t")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How a kernel moves along one axis: window `i` starts at `i * stride - before`."""

    kernel: int
    positions: int
    stride: int = 1
    dilation: int = 1
    before: int = 0

    def index(self, position: str, offset: str) -> str:
        """The index expression of the element read, or written by a transposed convolution.

        >>> Window(kernel=3, positions=8, stride=2, before=1).index("p", "r")
        'p*2+r-1'
        """
        start = f"{position}*{self.stride}" if self.stride != 1 else position
        far = self.dilation != 1 and self.kernel > 1
        step = f"{offset}*{self.dilation}" if far else offset
        return f"{start}+{step}{_signed(-self.before)}"


def slide(
    size: int,
    kernel: int,
    *,
    stride: int = 1,
    dilation: int = 1,
    padding: int | tuple[int, int] = 0,
) -> Window:
    """The window over an axis of `size` elements with zeros before and after it.

    >>> slide(224, 7, stride=2, padding=3).positions
    112
    """
    before, after = (padding, padding) if isinstance(padding, int) else padding
    reach = dilation * (kernel - 1) + 1
    positions = (size + before + after - reach) // stride + 1
    return _window(kernel, positions, stride, dilation, before)


def same(size: int, kernel: int, *, stride: int = 1, dilation: int = 1) -> Window:
    """The window that leaves `size / stride` positions, rounded up; odd padding goes last.

    >>> same(49, 10, stride=2).before
    4
    """
    positions = -(-size // stride)
    reach = dilation * (kernel - 1) + 1
    before = max(0, (positions - 1) * stride + reach - size) // 2
    return _window(kernel, positions, stride, dilation, before)


def convolution(  # noqa: PLR0913 - each is one attribute of the operator
    net: Builder,
    name: str,
    x: str,
    weight: str,
    windows: Sequence[Window],
    *,
    bias: str | None = None,
    groups: int = 1,
    operator: str = "Conv",
) -> str:
    """Convolution of images [n,c,...] with kernels [k, c/groups, ...]; bias is its own einsum.

    >>> net = Builder("one")
    >>> x, w = net.input("x", (1, 3, 8, 8)), net.weight("w", (4, 3, 3, 3))
    >>> convolution(net, "y", x, w, [slide(8, 3, padding=1)] * 2), str(net.einsums[0])
    ('y', 'y[n,k,p,q] += x[n,c,p+r-1,q+s-1] * w[k,c,r,s]')
    """
    made, inner = net.shape(weight)[0], net.shape(weight)[1]
    _check_groups(net.shape(x)[1], inner * groups, made, groups)
    place, inside = POSITIONS[: len(windows)], OFFSETS[: len(windows)]
    moved = [w.index(p, r) for w, p, r in zip(windows, place, inside, strict=True)]
    bounds = _bounds(windows)
    target = f"{name}.sum" if bias else name
    batch, positions = net.shape(x)[0], tuple(window.positions for window in windows)
    shape = (batch, made, *positions)
    if groups == 1 or made == groups == net.shape(x)[1]:
        k, c = ("k", "c") if groups == 1 else ("c", "0")
        text = f"{at(target, ['n', k, *place])} += {at(x, ['n', 'c', *moved])}"
        text += f" * {at(weight, [k, c, *inside])}"
        net.einsum(text, shape=shape, bounds=bounds, name=name, operator=operator)
    else:
        split = net.view(f"{name}.in", (batch, groups, inner, *net.shape(x)[2:]), x)
        parts = (groups, made // groups, *net.shape(weight)[1:])
        kernels = net.view(f"{name}.kernels", parts, weight)
        text = f"{at(f'{target}.out', ['n', 'g', 'k', *place])} += "
        text += f"{at(split, ['n', 'g', 'c', *moved])} * {at(kernels, ['g', 'k', 'c', *inside])}"
        grouped = (batch, groups, made // groups, *positions)
        net.einsum(text, shape=grouped, bounds=bounds, name=name, operator=operator)
        net.view(target, shape, f"{target}.out")
    return add_bias(net, name, target, bias, operator) if bias else name


def transposed(  # noqa: PLR0913 - each is one attribute of the operator
    net: Builder,
    name: str,
    x: str,
    weight: str,
    windows: Sequence[Window],
    *,
    sizes: Sequence[int],
    bias: str | None = None,
    groups: int = 1,
    operator: str = "ConvTranspose",
) -> str:
    """Transposed convolution with kernels [c, k/groups, ...], scattered over outputs of `sizes`."""
    entering, inner = net.shape(weight)[0], net.shape(weight)[1]
    _check_groups(net.shape(x)[1], entering, inner * groups, groups)
    place, inside = POSITIONS[: len(windows)], OFFSETS[: len(windows)]
    moved = [w.index(p, r) for w, p, r in zip(windows, place, inside, strict=True)]
    bounds = _bounds(windows)
    target = f"{name}.sum" if bias else name
    batch = net.shape(x)[0]
    shape = (batch, inner * groups, *sizes)
    if groups == 1 or (inner == 1 and entering == groups):
        c, k, kernel = ("c", "k", "k") if groups == 1 else ("c", "c", "0")
        text = f"{at(target, ['n', k, *moved])} += {at(x, ['n', c, *place])}"
        text += f" * {at(weight, [c, kernel, *inside])}"
        net.einsum(text, shape=shape, bounds=bounds, name=name, operator=operator)
    else:
        split = net.view(f"{name}.in", (batch, groups, entering // groups, *net.shape(x)[2:]), x)
        parts = (groups, entering // groups, *net.shape(weight)[1:])
        kernels = net.view(f"{name}.kernels", parts, weight)
        text = f"{at(f'{target}.out', ['n', 'g', 'k', *moved])} += "
        text += f"{at(split, ['n', 'g', 'c', *place])} * {at(kernels, ['g', 'c', 'k', *inside])}"
        grouped = (batch, groups, inner, *sizes)
        net.einsum(text, shape=grouped, bounds=bounds, name=name, operator=operator)
        net.view(target, shape, f"{target}.out")
    return add_bias(net, name, target, bias, operator) if bias else name


def add_bias(net: Builder, name: str, x: str, bias: str, operator: str = "") -> str:
    """Add one number per channel (dimension 1, or the only one)."""
    count = len(net.shape(x))
    names = ("n", "k", *POSITIONS)[:count] if count > 1 else ("k",)
    text = f"{at(name, names)} = {at(x, names)} + {at(bias, ['k'])}"
    return net.einsum(text, shape=net.shape(x), name=f"{name}.bias", operator=operator)


def max_pool(
    net: Builder, name: str, x: str, windows: Sequence[Window], operator: str = "MaxPool"
) -> str:
    """The largest element of every window."""
    text, shape, bounds = _pooled(net, name, x, windows)
    inside = ",".join(OFFSETS[: len(windows)])
    return net.einsum(
        text.replace(" += ", f" = max({inside}) ", 1), shape=shape, bounds=bounds, operator=operator
    )


def sum_pool(net: Builder, name: str, x: str, windows: Sequence[Window], operator: str = "") -> str:
    """The sum of every window."""
    text, shape, bounds = _pooled(net, name, x, windows)
    return net.einsum(text, shape=shape, bounds=bounds, operator=operator)


def average_pool(
    net: Builder, name: str, x: str, windows: Sequence[Window], operator: str = "AveragePool"
) -> str:
    """The sum of every window, then its share."""
    total = sum_pool(net, f"{name}.sum", x, windows, operator)
    share = 1 / math.prod(window.kernel for window in windows)
    return elementwise(net, name, f"{{0}} * {share!r}", total, operator=operator)


def local_response(net: Builder, name: str, x: str, size: int, operator: str = "LRN") -> str:
    """Divide by the activity of `size` neighbouring channels (AlexNet's normalisation)."""
    shape = net.shape(x)
    names = ("n", "c", *POSITIONS)[: len(shape)]
    near = at(x, ["n", f"c+r-{(size - 1) // 2}", *names[2:]])
    text = f"{at(f'{name}.energy', names)} += square({near})"
    energy = net.einsum(text, shape=shape, bounds={"c": shape[1], "r": size}, operator=operator)
    return elementwise(net, name, "{0} / pow({1} + 1, 0.75)", x, energy, operator=operator)


def whole(sizes: Sequence[int]) -> list[Window]:
    """Windows as large as the tensor, for global pooling.

    >>> whole([7])
    [Window(kernel=7, positions=1, stride=1, dilation=1, before=0)]
    """
    return [Window(kernel=size, positions=1) for size in sizes]


def resize(net: Builder, name: str, x: str, sizes: Sequence[int], taps: int = 1) -> str:
    """Images at other sizes: `taps` neighbours per axis (1 nearest, 2 linear, 4 cubic).

    Ratios that are not whole read as many elements as the next whole ratio does.
    """
    count = len(sizes)
    names = ("n", "c", *POSITIONS)[: count + 2] if count <= 3 else ()
    if not names or count + 2 != len(net.shape(x)):
        raise WorkloadError(
            f"resizes {count} axes of {list(net.shape(x))}; 1 to 3 can be expressed"
        )
    choices = []
    for r, old, new in zip(names[2:], net.shape(x)[2:], sizes, strict=True):
        if old == new:
            choices.append([r])
            continue
        near = f"{r}//{-(-new // old)}" if new > old else f"{r}*{old // new}"
        choices.append([near + _signed(step) for step in range(-((taps - 1) // 2), taps // 2 + 1)])
    reads = [at(x, [*names[:2], *chosen]) for chosen in itertools.product(*choices)]
    weighted = [f"{read} * {1 / len(reads)!r}" for read in reads] if len(reads) > 1 else reads
    shape = (*net.shape(x)[:2], *sizes)
    text = f"{at(name, names)} = {' + '.join(weighted)}"
    bounds = dict(zip(names, shape, strict=True))
    return net.einsum(text, shape=shape, bounds=bounds, operator="Resize")


def _window(kernel: int, positions: int, stride: int, dilation: int, before: int) -> Window:
    if positions < 1:
        raise WorkloadError(f"a window of {kernel} does not fit: {positions} positions")
    return Window(
        kernel=kernel, positions=positions, stride=stride, dilation=dilation, before=before
    )


def _pooled(
    net: Builder, name: str, x: str, windows: Sequence[Window]
) -> tuple[str, tuple[int, ...], dict[str, int]]:
    place, inside = POSITIONS[: len(windows)], OFFSETS[: len(windows)]
    # a window over the whole image needs no rank of positions
    alone = all(w.kernel == size for w, size in zip(windows, net.shape(x)[2:], strict=True))
    moved = [r if alone else w.index(p, r) for w, p, r in zip(windows, place, inside, strict=True)]
    target = at(name, ["n", "c", *(["0"] * len(windows) if alone else place)])
    shape = (*net.shape(x)[:2], *(window.positions for window in windows))
    return f"{target} += {at(x, ['n', 'c', *moved])}", shape, _bounds(windows)


def _bounds(windows: Sequence[Window]) -> dict[str, int]:
    sizes = {p: w.positions for p, w in zip(POSITIONS, windows, strict=False)}
    return sizes | {r: w.kernel for r, w in zip(OFFSETS, windows, strict=False)}


def _check_groups(found: int, wanted: int, made: int, groups: int) -> None:
    if found != wanted or made % groups:
        raise WorkloadError(
            f"{found} channels enter, the kernels of {groups} groups take {wanted} and make {made}"
        )


def _signed(offset: int) -> str:
    return f"{offset:+d}" if offset else ""
