"""Attention on its own, and two chips for it: one like FuseMax's, one like a GPU's core."""

from __future__ import annotations

from cosynth.hardware import Compute, Dimension, Hardware, Memory, Node, SpatialArray, priced
from cosynth.workload import Builder, Workload


def attention(
    batch: int = 1, heads: int = 2, rows: int = 3, keys: int = 6, size: int = 2
) -> Workload:
    """Scores, softmax and weighted sum, as the layers write them."""
    net = Builder("attention")
    net.input("q", (batch, rows, heads, size))
    net.input("k", (batch, keys, heads, size))
    net.input("v", (batch, keys, heads, size))
    b, h, m = batch, heads, rows
    scores = (batch, heads, rows, keys)
    net.einsum("s[b,h,m,p] += q[b,m,h,e] * k[b,p,h,e]", shape=scores)
    net.einsum("top[b,h,m] = max(p) s[b,h,m,p]", shape=(b, h, m))
    net.einsum("powers[b,h,m,p] = exp(s[b,h,m,p] - top[b,h,m])", shape=scores)
    net.einsum("total[b,h,m] += powers[b,h,m,p]", shape=(b, h, m))
    net.einsum("shares[b,h,m,p] = powers[b,h,m,p] / total[b,h,m]", shape=scores)
    net.output(net.einsum("o[b,m,h,f] += shares[b,h,m,p] * v[b,p,h,f]", shape=(b, m, h, size)))
    return net.build()


def _dimension(name: str, size: int, *ranks: str) -> Dimension:
    return Dimension(name=name, size=size, multicast=("input", "weight"), reduce=True, ranks=ranks)


def fusemax() -> Hardware:
    """256 x 256 units and 256 more in a line under 16 MiB (arXiv 2406.10491, its artefact).

    Units of the plane do vector work too; rows carry keys and columns queries.
    """
    plane = (_dimension("columns", 256, "m"), _dimension("rows", 256, "p"))
    return _chip(
        "fusemax",
        Memory(
            name="dram", law="dram:hbm2", read_bandwidth=400 * 2**30, shared_port=True, width=64
        ),
        Memory(name="shared", size=16 * 2**20, width=256, double_buffered=True),
        plane,
        (_dimension("lanes", 256, "m"),),
        both=True,
        frequency=940e6,
    )


def core(size: int, bandwidth: float = 100e9) -> Hardware:
    """A matrix unit and vector lanes under one memory of a few KiB."""
    return _chip(
        "core",
        Memory(name="dram", law="dram:hbm2", read_bandwidth=bandwidth, shared_port=True, width=64),
        Memory(name="shared", size=size, width=256, double_buffered=True),
        (_dimension("columns", 16), _dimension("rows", 16)),
        (_dimension("lanes", 64),),
        both=False,
        frequency=1e9,
    )


def _chip(name, dram, shared, plane, line, *, both, frequency) -> Hardware:
    nodes = [
        Node(component=dram),
        Node(component=shared, under="dram"),
        Node(component=SpatialArray(name="plane", dimensions=plane), under="shared"),
        Node(component=Compute(name="mac"), under="plane"),
        Node(component=SpatialArray(name="line", dimensions=line), under="shared"),
        Node(component=Compute(name="unit", does="vector"), under="line"),
    ]
    if both:
        nodes.append(Node(component=Compute(name="alu", does="vector"), under="plane"))
    return priced(Hardware(name=name, nodes=tuple(nodes), frequency=frequency, technology=45e-9))
