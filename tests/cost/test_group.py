"""What a group costs follows from its runs and what crosses."""

from __future__ import annotations

import pytest
from tests.mapper.attention import attention, core

from cosynth.cost.crossing import Place, resources, stages
from cosynth.cost.tile import Words
from cosynth.format import assignment
from cosynth.hardware import engine, priced
from cosynth.mapper.nests import Runs, prescribed
from cosynth.mapping import Loop
from cosynth.mapping.group import Fused, family
from cosynth.workload import Builder

WORDS = Words(formats=assignment("int8"), functions={})


def products():
    net = Builder("products")
    net.input("a", (6, 5))
    net.weight("b", (5, 4))
    net.weight("c", (4, 7))
    net.einsum("x[m,n] += a[m,k] * b[k,n]", shape=(6, 4))
    net.output(net.einsum("y[m,o] += x[m,n] * c[n,o]", shape=(6, 7)))
    shared = family(net.build(), [(0,), (1,)])
    assert shared is not None
    return shared


def nest(loops, depths, doubled=True):
    return Fused(
        members=("x", "y"),
        memory="buffer",
        loops=tuple(Loop(rank=rank, tile=tile) for rank, tile in loops),
        depths=depths,
        engines=("mac", "mac"),
        doubled=doubled,
    )


def cost(loops, depths, bandwidth=4e9):
    runs = Runs(hardware=priced(engine(dram_bandwidth=bandwidth)), goal="energy", words=WORDS)
    return prescribed(products(), runs, nest(loops, depths))[1]


def test_each_outside_tensor_crosses_once_without_loops():
    dram = cost((), (0, 0)).part("dram")
    assert (dram.read, dram.written) == (6 * 5 + 5 * 4 + 4 * 7, 6 * 7)


def test_weights_that_no_loop_cuts_stay():
    dram = cost((("m", 2),), (1, 1)).part("dram")
    assert (dram.read, dram.written) == (6 * 5 + 5 * 4 + 4 * 7, 6 * 7)


def test_weights_come_again_where_a_loop_outside_advances():
    dram = cost((("m", 2), ("o", 3)), (1, 2)).part("dram")
    assert dram.read == 6 * 5 + 5 * 4 + 3 * 4 * 7


def test_more_bandwidth_never_slows_a_group():
    times = [float(cost((("m", 2),), (1, 1), b).latency) for b in (1e8, 1e9, 1e10)]
    assert times == sorted(times, reverse=True)


def test_engines_that_share_nothing_are_stages_of_a_pipeline():
    chip = core(4096)
    engines = {one.name: one for one in chip.engines}
    shared = family(attention(), [(at,) for at in range(6)])
    assert shared is not None
    picked = tuple(engines[n] for n in ("mac", "unit", "unit", "unit", "unit", "mac"))
    place = Place(engines=picked, memory=engines["mac"].memories[1])
    assert resources(place) == (0, 1, 1, 1, 1, 0)
    assert stages(range(6), place) == {0: 0, 1: 1, 2: 1, 3: 1, 4: 1, 5: 2}


def test_parts_add_up_to_the_energy():
    found = cost((("m", 2),), (1, 1))
    assert sum(part.energy for part in found.parts) == pytest.approx(found.energy)
