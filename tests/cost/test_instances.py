"""Instances in use, and what passes them one by one."""

import dataclasses

import pytest

from cosynth.cost import job, price
from cosynth.cost.instances import instances
from cosynth.format import assignment
from cosynth.hardware import Hardware as Chip
from cosynth.hardware import Memory, SpatialArray, engine, priced
from cosynth.mapping import Level, Loop, Mapping, traffic
from cosynth.workload import Builder


def gemm(m, n, k):
    net = Builder("gemm")
    net.input("x", (m, k))
    net.weight("w", (n, k))
    net.output(net.einsum("y[m,n] += x[m,k] * w[n,k]", shape=(m, n)))
    return net.build()


def held(rows, columns, m):
    """Each tile of weights serves one row of x: filled anew for all that follow."""
    ones = {name: Loop(rank=name, tile=1) for name in ("m", "n", "k")}
    keep = ("x", "w", "y")
    return Mapping(
        einsum="y",
        engine="mac",
        levels=(
            Level(name="dram", keep=keep),
            Level(
                name="buffer",
                keep=keep,
                loops=(ones["m"], Loop(rank="k", tile=rows), Loop(rank="n", tile=columns)),
            ),
            Level(name="across", loops=(dataclasses.replace(ones["n"], dimension="columns"),)),
            Level(name="sums", keep=("y",)),
            Level(name="down", loops=(dataclasses.replace(ones["k"], dimension="rows"),)),
            Level(name="registers", keep=("w",)),
        ),
    )


def free_of_ports(chip: Chip) -> Chip:
    def plain(part):
        if isinstance(part, Memory):
            return dataclasses.replace(part, contiguous=False)
        if not isinstance(part, SpatialArray):
            return part
        return dataclasses.replace(
            part, dimensions=tuple(dataclasses.replace(d, serial=()) for d in part.dimensions)
        )

    nodes = (dataclasses.replace(n, component=plain(n.component)) for n in chip.nodes)
    return dataclasses.replace(chip, nodes=tuple(nodes))


@pytest.mark.parametrize(("rows", "columns"), [(4, 8), (8, 4), (2, 16)])
def test_an_array_is_filled_row_by_row(rows, columns):
    m, n, k = 6, 2 * columns, 3 * rows
    model = gemm(m, n, k)
    chip = priced(engine(rows=16, columns=16, dram_bandwidth=1e15, buffer_width=4096))
    path, mapping = chip.engines[0], held(rows, columns, m)
    one = job(model, (0,), assignment("int8"))
    counts = traffic(one.einsum, model, mapping, path)
    used = instances(mapping, one, path)
    assert (used.of["sums"], used.of["registers"]) == (columns, rows * columns)
    fills = m * (n // columns) * (k // rows)
    cost = price(one, counts, mapping, path, chip)
    # a step a fill, and each fill takes a cycle a row in use; the first hides behind nothing
    assert cost.latency * chip.frequency == pytest.approx(fills * rows + rows, rel=0.3)
    assert cost.latency * chip.frequency >= fills * rows
    free = free_of_ports(chip)
    faster = price(one, counts, mapping, free.engines[0], free)
    assert faster.latency < cost.latency / (rows / 2)
    assert faster.energy == cost.energy
