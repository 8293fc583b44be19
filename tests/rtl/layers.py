"""Small networks, random mappings of them on an engine, and runs on its circuit."""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction

from cosynth.codesign.estimate import prepare
from cosynth.format import Assignment, known
from cosynth.hardware import Hardware, Memory, SpatialArray, engine
from cosynth.mapping import Level, Loop, Mapping, operands, rank_kinds, unrolls
from cosynth.rtl.bench import Dram
from cosynth.rtl.chip import Chip, chip, equipped
from cosynth.rtl.floats import sampled, seeded
from cosynth.rtl.grid import to_grid
from cosynth.rtl.machine import Run, run
from cosynth.rtl.network import Layer, Network, quantised
from cosynth.rtl.program import Program, Section, compiled
from cosynth.rtl.source import sources
from cosynth.workload import Builder, Einsum, Workload

FORMATS = ("int8", "fp8_e4m3fn")


def convolution(rng: random.Random, *, residual: bool = False, last: str = "relu({})") -> Workload:
    """One convolution with a bias and limits, its sizes, stride and padding drawn."""
    k, c, r, s = rng.randint(1, 9), rng.randint(1, 9), rng.randint(1, 3), rng.randint(1, 3)
    p, q, stride = rng.randint(1, 7), rng.randint(1, 7), rng.randint(1, 2)
    top, left = rng.randint(0, r - 1), rng.randint(0, s - 1)
    h = max((p - 1) * stride + r - top - rng.randint(0, r - 1), 1)
    w = max((q - 1) * stride + s - left - rng.randint(0, s - 1), 1)
    net = Builder("convolution")
    net.input("x", (1, c, h, w))
    net.weight("w", (k, c, r, s))
    shape = (1, k, p, q)
    said = f"x[n,c,p*{stride}+r-{top},q*{stride}+s-{left}]"
    net.einsum(f"y[n,k,p,q] += {said} * w[k,c,r,s]", shape=shape)
    return _finished(net, "n,k,p,q", "k", k, shape, residual=residual, last=last)


def gemm(rng: random.Random, *, residual: bool = False, last: str = "relu({})") -> Workload:
    """One matrix product with a bias and limits, its sizes drawn."""
    m, n, k = rng.randint(1, 12), rng.randint(1, 12), rng.randint(1, 20)
    net = Builder("gemm")
    net.input("x", (m, k))
    net.weight("w", (n, k))
    net.einsum("y[m,n] += x[m,k] * w[n,k]", shape=(m, n))
    return _finished(net, "m,n", "n", n, (m, n), residual=residual, last=last)


def _finished(
    net: Builder,
    ranks: str,
    channel: str,
    channels: int,
    shape: tuple[int, ...],
    *,
    residual: bool,
    last: str,
) -> Workload:
    net.weight("b", (channels,))
    made = net.einsum(f"z[{ranks}] = y[{ranks}] + b[{channel}]", shape=shape)
    if residual:
        net.input("u", shape)
        made = net.einsum(f"v[{ranks}] = z[{ranks}] + u[{ranks}]", shape=shape)
    net.output(net.einsum(f"o[{ranks}] = {last.format(f'{made}[{ranks}]')}", shape=shape))
    return net.build()


def small(flow: str, **changes: object) -> Hardware:
    """A chip of 4 x 4 units."""
    sizes: dict[str, object] = {"rows": 4, "columns": 4, "buffer": 4096, "buffer_width": 64}
    return engine(stationarity=flow, **(sizes | changes))  # type: ignore[arg-type]


def network_of(model: Workload, format: str, seed: int) -> Network:
    """A network in whole numbers, its weights and the data it is scaled on drawn."""
    plan = prepare(model, Assignment(weights=format, activations=format))
    graph = plan.graph
    return quantised(
        graph, plan.parts, seeded(graph, seed), sampled(graph, seed), known(format), known(format)
    )


def layer_of(network: Network) -> Layer:
    """The only layer of a network."""
    (found,) = (one for one in network.operations if isinstance(one, Layer))
    return found


def drawn(rng: random.Random, einsum: Einsum, graph: Workload, hardware: Hardware) -> Mapping:
    """Any mapping that follows the rules, whether or not memories hold it; tiles may be ragged."""
    path = next(one for one in hardware.engines if one.name == "mac")
    parts = {access.tensor: part for access, part in operands(einsum, graph)}
    kinds = rank_kinds(einsum, graph)
    left = dict(einsum.bounds)
    levels = [lv for lv in path.levels if isinstance(lv, (Memory, SpatialArray))]
    found = []
    for at, level in enumerate(levels):
        ranks = rng.sample(list(left), len(left))
        if isinstance(level, SpatialArray):
            found.append(
                Level(name=level.name, loops=_side_by_side(rng, level, ranks, left, kinds))
            )
            continue
        keep = tuple(name for name, part in parts.items() if part in level.keeps)
        last = at == len(levels) - 1
        loops = []
        for rank in ranks:
            tile = 1 if last else rng.choice((left[rank], left[rank], rng.randint(1, left[rank])))
            if tile < left[rank]:
                loops.append(Loop(rank=rank, tile=tile))
                left[rank] = tile
        found.append(Level(name=level.name, keep=keep, loops=tuple(loops)))
    return Mapping(einsum=einsum.name, engine=path.name, levels=tuple(found))


def _side_by_side(
    rng: random.Random,
    array: SpatialArray,
    ranks: list[str],
    left: dict[str, int],
    kinds: dict[str, str],
) -> tuple[Loop, ...]:
    (dimension,) = array.dimensions
    room = int(dimension.size)
    loops = []
    for rank in ranks:
        if not unrolls(dimension, rank, kinds[rank]) or rng.random() < 0.2:
            continue
        tile = rng.randint(-(-left[rank] // room), left[rank])
        lanes = -(-left[rank] // tile)
        if lanes > 1:
            loops.append(Loop(rank=rank, tile=tile, dimension=dimension.name))
            left[rank], room = tile, room // lanes
    return tuple(loops)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """A network of one layer on a chip, compiled by a mapping."""

    network: Network
    chip: Chip
    mapping: Mapping
    program: Program

    @property
    def refused(self) -> str:
        """Why the array does not run it, or nothing."""
        (one,) = self.program.order
        return "" if isinstance(one, Section) else one.reason

    def measured(self, seed: int, dram: Dram | None = None) -> Run:
        """A run on the circuit, from inputs drawn by a seed."""
        network = self.network
        found = sampled(network.graph, seed)
        inputs = {
            name: to_grid(value, network.units[name], network.activation_format)
            for name, value in found.items()
        }
        slow = Dram(latency=20, write_latency=10, bandwidth=Fraction(8), outstanding=8)
        return run(
            self.program, network, self.chip, sources("chip"), inputs, dram=dram or slow,
            seed=seed, parameters=self.chip.parameters(),
        )  # fmt: skip


def case(network: Network, hardware: Hardware, mapping: Mapping) -> Case:
    """Compile a network of one layer."""
    made = chip(hardware, network.weight_format, network.activation_format)
    made = equipped(made, [layer_of(network)])
    return Case(
        network=network,
        chip=made,
        mapping=mapping,
        program=compiled(network, made, {layer_of(network).name: mapping}),
    )
