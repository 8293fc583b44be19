"""Windows, and what convolutions and pools count."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosynth.errors import WorkloadError
from cosynth.workload import Builder
from cosynth.workload.layers.convolution import (
    average_pool,
    convolution,
    local_response,
    max_pool,
    resize,
    same,
    slide,
    transposed,
    whole,
)

sizes = st.integers(1, 40)
small = st.integers(1, 5)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(sizes, small, small, st.integers(1, 3), st.integers(0, 3))
def test_the_last_window_ends_inside_and_the_next_would_not(
    size: int, kernel: int, stride: int, dilation: int, padding: int
) -> None:
    reach = dilation * (kernel - 1) + 1
    if size + 2 * padding < reach:
        return
    window = slide(size, kernel, stride=stride, dilation=dilation, padding=padding)
    last = (window.positions - 1) * stride + reach
    assert last <= size + 2 * padding < last + stride


@settings(max_examples=200, deadline=None, derandomize=True)
@given(sizes, small, small)
def test_same_windows_cover_everything_and_divide_by_the_stride(
    size: int, kernel: int, stride: int
) -> None:
    window = same(size, kernel, stride=stride)
    assert window.positions == -(-size // stride)
    assert 0 <= window.before < kernel
    if kernel >= stride:
        assert (window.positions - 1) * stride - window.before + kernel >= size


def test_a_window_larger_than_the_image_is_refused_wrong() -> None:
    with pytest.raises(WorkloadError, match="a window of 9 does not fit: -2 positions"):
        slide(6, 9)


def image(channels: int = 4) -> tuple[Builder, str]:
    net = Builder("net")
    return net, net.input("x", (2, channels, 8, 8))


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_groups_divide_the_work(groups: int) -> None:
    net, x = image()
    weight = net.weight("w", (8, 4 // groups, 3, 3))
    convolution(net, "y", x, weight, [slide(8, 3, padding=1)] * 2, groups=groups)
    assert net.build().operations == 2 * 8 * 64 * 9 * 4 // groups
    assert net.shape("y") == (2, 8, 8, 8)


def test_a_depthwise_convolution_has_one_rank_of_channels() -> None:
    net, x = image()
    convolution(net, "y", x, net.weight("w", (4, 1, 3, 3)), [slide(8, 3)] * 2, groups=4)
    assert str(net.einsums[0]) == "y[n,c,p,q] += x[n,c,p+r,q+s] * w[c,0,r,s]"


def test_a_bias_is_a_step_of_its_own() -> None:
    net, x = image()
    weight, bias = net.weight("w", (8, 4, 1, 1)), net.weight("b", (8,))
    convolution(net, "y", x, weight, [slide(8, 1)] * 2, bias=bias)
    assert [e.name for e in net.einsums] == ["y", "y.bias"]
    assert str(net.einsums[1]) == "y[n,k,p,q] = `y.sum`[n,k,p,q] + b[k]"


@pytest.mark.parametrize(("rank", "positions"), [(1, "p"), (2, "p,q"), (3, "p,q,o")])
def test_convolutions_have_one_to_three_axes(rank: int, positions: str) -> None:
    net = Builder("net")
    x = net.input("x", (1, 2, *[6] * rank))
    weight = net.weight("w", (3, 2, *[3] * rank))
    convolution(net, "y", x, weight, [slide(6, 3)] * rank)
    assert str(net.einsums[0]).startswith(f"y[n,k,{positions}] +=")
    assert net.build().operations == 3 * 2 * 12**rank


def test_a_transposed_convolution_scatters() -> None:
    net, x = image()
    windows = [slide(16, 3, stride=2, padding=(1, 0))] * 2
    transposed(net, "y", x, net.weight("w", (4, 5, 3, 3)), windows, sizes=(16, 16))
    assert str(net.einsums[0]) == "y[n,k,p*2+r-1,q*2+s-1] += x[n,c,p,q] * w[c,k,r,s]"
    assert net.build().operations == 2 * 5 * 4 * 64 * 9


def test_channels_that_do_not_fit_are_refused_wrong() -> None:
    net, x = image()
    weight = net.weight("w", (8, 3, 3, 3))
    with pytest.raises(WorkloadError) as caught:
        convolution(net, "y", x, weight, [slide(8, 3)] * 2)
    assert str(caught.value) == "4 channels enter, the kernels of 1 groups take 3 and make 8"


def test_pools_multiply_nothing() -> None:
    net, x = image()
    windows = [slide(8, 2, stride=2)] * 2
    max_pool(net, "m", x, windows)
    average_pool(net, "a", x, windows)
    average_pool(net, "g", x, whole((8, 8)))
    local_response(net, "l", x, 5)
    assert net.build().operations == 0
    assert (net.shape("m"), net.shape("a"), net.shape("g")) == (
        (2, 4, 4, 4), (2, 4, 4, 4), (2, 4, 1, 1),
    )  # fmt: skip


@pytest.mark.parametrize(("taps", "reads"), [(1, 1), (2, 4), (4, 16)])
def test_resizing_reads_so_many_neighbours(taps: int, reads: int) -> None:
    net, x = image()
    resize(net, "y", x, (16, 24), taps)
    assert len(net.einsums[0].inputs) == reads


def test_only_axes_that_change_are_interpolated() -> None:
    net, x = image()
    resize(net, "y", x, (8, 16), 2)
    assert len(net.einsums[0].inputs) == 2


def test_resizing_four_axes_is_refused_wrong() -> None:
    net = Builder("net")
    x = net.input("x", (1, 1, 2, 2, 2, 2))
    with pytest.raises(WorkloadError, match=r"resizes 4 axes of .*; 1 to 3 can be expressed"):
        resize(net, "y", x, (4, 4, 4, 4))
