"""Layers of every kind that the array runs, their sizes drawn as networks have them."""

from __future__ import annotations

import random

from cosynth.workload import Builder, Workload
from cosynth.workload.layers.convolution import average_pool, convolution, same, slide, whole
from cosynth.workload.layers.elementwise import activation, elementwise

WIDTHS = (1, 3, 4, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64)
SIDES = (1, 2, 3, 5, 6, 7, 8, 10, 12, 14, 16, 28)


def layer(rng: random.Random, most: int) -> Workload:
    """One layer of any kind, of up to `most` multiply-accumulates."""
    while True:
        found = rng.choice(KINDS)(rng)
        if found.operations <= most:
            return found


def dense(rng: random.Random) -> Workload:
    """A matrix product with a bias, perhaps limits, perhaps something added."""
    net = Builder("dense")
    m, n, k = rng.choice((1, 1, 2, 5, 16, 33)), rng.choice(WIDTHS), rng.choice((*WIDTHS, 200, 640))
    x, w, b = net.input("x", (m, k)), net.weight("w", (n, k)), net.weight("b", (n,))
    y = net.einsum(f"y[m,n] += {x}[m,k] * {w}[n,k]", shape=(m, n))
    y = net.einsum(f"z[m,n] = {y}[m,n] + {b}[n]", shape=(m, n))
    return _ended(rng, net, y)


def convolved(rng: random.Random) -> Workload:
    """A convolution: whole, depthwise or grouped; padded as drawn."""
    net = Builder("convolved")
    narrow, kind = rng.choice(WIDTHS), rng.choice(("whole", "whole", "depthwise", "grouped"))
    groups = {"whole": 1, "depthwise": narrow, "grouped": 2}[kind]
    narrow *= groups if kind == "grouped" else 1
    wide = narrow if kind == "depthwise" else groups * rng.choice(WIDTHS)
    sides = [rng.choice(SIDES) for _ in range(2)]
    kernel = [rng.choice((1, 1, 2, 3, 3, 5, 7)) for _ in range(2)]
    x = net.input("x", (1, narrow, *sides))
    w = net.weight("w", (wide, narrow // groups, *kernel))
    stride = rng.choice((1, 1, 2))
    moved = []
    for side, size in zip(sides, kernel, strict=True):
        if rng.random() < 0.5 and size <= side:
            moved.append(slide(side, size, stride=stride, padding=rng.randint(0, size // 2)))
        else:
            moved.append(same(side, size, stride=stride))
    bias = net.weight("b", (wide,)) if rng.random() < 0.7 else None
    y = convolution(net, "y", x, w, moved, bias=bias, groups=groups)
    return _ended(rng, net, y)


def attended(rng: random.Random) -> Workload:
    """Scores of heads, or what they mix: both factors are activations."""
    net = Builder("attended")
    b, h, m, p, e = (rng.choice(sizes) for sizes in ((1, 2), (1, 2, 4), SIDES, SIDES, (4, 8, 16)))
    if rng.random() < 0.5:
        q, k = net.input("q", (b, m, h * e)), net.input("k", (b, p, h * e))
        q, k = net.view("heads", (b, m, h, e), q), net.view("keys", (b, p, h, e), k)
        y = net.einsum(f"y[b,h,m,p] += {q}[b,m,h,e] * {k}[b,p,h,e]", shape=(b, h, m, p))
        return _ended(rng, net, elementwise(net, "scaled", "{0} * 0.25", y))
    s, v = net.input("s", (b, h, m, p)), net.input("v", (b, p, h, e))
    y = net.einsum(f"y[b,m,h,e] += {s}[b,h,m,p] * {v}[b,p,h,e]", shape=(b, m, h, e))
    net.output(y)
    return net.build()


def averaged(rng: random.Random) -> Workload:
    """A mean over windows, or over whole images."""
    net = Builder("averaged")
    side = rng.choice(SIDES)
    x = net.input("x", (1, rng.choice(WIDTHS), side, side))
    size = rng.randint(1, min(side, 3))
    moved = [slide(side, size, stride=rng.randint(1, 2))] * 2
    moved = whole((side, side)) if rng.random() < 0.5 else moved
    net.output(average_pool(net, "y", x, moved))
    return net.build()


def _ended(rng: random.Random, net: Builder, y: str) -> Workload:
    if rng.random() < 0.3:
        y = elementwise(net, "sum", "{0} + {1}", y, net.input("u", net.shape(y)))
    if rng.random() < 0.6:
        y = activation(net, "out", y, rng.choice(("Relu", "Relu6")))
    net.output(y)
    return net.build()


KINDS = (dense, convolved, convolved, attended, averaged)
