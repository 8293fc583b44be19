"""Counts to seconds and joules: anchors by hand, properties, arrays, JAX."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from cosynth.cost import bounds, job, price
from cosynth.format import assignment
from cosynth.hardware import Compute, Hardware, Memory, Node, SpatialArray, engine, priced
from cosynth.mapping import Level, Loop, Mapping, traffic
from cosynth.workload import Builder

NUMBERS = ("size", "read_bandwidth", "write_bandwidth", "width")


def cost_of(case, chip: Hardware):
    one, counts, mapping, _ = case
    ready = priced(chip)
    return price(one, counts, mapping, ready.engines[0], ready)


def changed(chip: Hardware, name: str, **values) -> Hardware:
    nodes = tuple(
        replace(n, component=replace(n.component, **values)) if n.component.name == name else n
        for n in chip.nodes
    )
    return replace(chip, nodes=nodes)


def by_hand():
    """An 8x4x16 GEMM whose operands are loaded once into a buffer and used from there."""
    net = Builder("gemm")
    net.input("x", (8, 16))
    net.weight("w", (4, 16))
    net.output(net.einsum("y[m,n] += x[m,k] * w[n,k]", shape=(8, 4)))
    model = net.build()
    fixed = {"area": 0.0, "leakage": 0.0}
    chip = Hardware(
        name="hand",
        frequency=1e6,
        technology=45e-9,
        nodes=(
            Node(component=Memory(
                name="dram", read_bandwidth=1e6, write_bandwidth=1e6, shared_port=True,
                width=8, read_energy=100.0, write_energy=200.0, **fixed)),
            Node(under="dram", component=Memory(
                name="buffer", size=4096.0, read_bandwidth=4e6, write_bandwidth=4e6,
                width=16, read_energy=2.0, write_energy=4.0, **fixed)),
            Node(under="buffer", component=Compute(name="mac", energy=1.0, area=0.0)),
        ),
    )  # fmt: skip
    loops = tuple(Loop(rank=rank, tile=1) for rank in ("m", "n", "k"))
    mapping = Mapping(
        einsum="y",
        engine="mac",
        levels=(
            Level(name="dram", keep=("x", "w", "y")),
            Level(name="buffer", keep=("x", "w", "y"), loops=loops),
        ),
    )
    return model, chip, mapping


def test_a_gemm_costs_what_one_counts_by_hand():
    model, chip, mapping = by_hand()
    one = job(model, (0,), assignment("int8"))
    counts = traffic(one.einsum, model, mapping, chip.engines[0])
    cost = price(one, counts, mapping, chip.engines[0], chip)
    points = 8 * 4 * 16
    operands = 8 * 16 + 4 * 16
    sums = 8 * 4
    assert cost.part("mac").time == pytest.approx(points / 1e6)
    assert cost.part("mac").energy == pytest.approx(points)
    # every operand is read once off chip, every finished sum of one byte is written once
    dram = cost.part("dram")
    assert (dram.read, dram.written) == (operands, sums)
    assert dram.energy == pytest.approx(operands * 100 + sums * 200)
    # each operation reads two operands and adds to a 32-bit sum, whose first update reads nothing
    buffer = cost.part("buffer")
    assert buffer.read == 2 * points + (points - sums) * 4 + sums
    # of the updates of an element the last leaves a finished byte
    assert buffer.written == operands + (points - sums) * 4 + sums
    # loading and draining do not overlap with work, but the buffer's port is busy longer still
    port = max(buffer.read, buffer.written) / 4e6
    assert cost.latency == pytest.approx(max((points + operands + sums) / 1e6, port))
    assert cost.latency >= cost.bound.latency


def test_no_mapping_beats_its_bound(case):
    cost = cost_of(case, case[3])
    assert cost.latency >= cost.bound.latency > 0
    assert cost.energy >= cost.bound.energy > 0


def test_energy_is_the_sum_of_its_parts(case):
    cost = cost_of(case, case[3])
    assert cost.energy == pytest.approx(sum(part.energy for part in cost.parts))


@pytest.mark.parametrize("name", ["dram", "buffer", "sums"])
def test_more_bandwidth_never_slows(case, name):
    chip = case[3]
    before = cost_of(case, chip)
    memory = chip.component(name)
    faster = changed(
        chip,
        name,
        read_bandwidth=2 * memory.read_bandwidth,
        write_bandwidth=2 * memory.write_bandwidth,
    )
    after = cost_of(case, faster)
    assert after.latency <= before.latency
    assert after.energy == pytest.approx(before.energy)


def test_energies_scale_with_the_square_of_the_supply(case):
    chip = case[3]
    low, high = (cost_of(case, replace(chip, voltage=v)) for v in (0.45, 0.9))
    moved = sum(part.energy for part in high.parts if part.name != "dram")
    assert sum(p.energy for p in low.parts if p.name != "dram") == pytest.approx(moved / 4)
    assert low.part("dram").energy == high.part("dram").energy


def test_a_unit_that_cannot_run_the_format_takes_forever(case):
    cost = cost_of(case, changed(case[3], "mac", rates=(("fp16", 1.0),)))
    assert math.isinf(cost.latency)


def test_scalar_and_batch_of_hardware_agree(case):
    generator = np.random.default_rng(7)
    sizes = 2.0 ** generator.integers(12, 20, size=5)
    speeds = generator.uniform(1e9, 1e10, size=5)
    batch = cost_of(case, engine(buffer=sizes, dram_bandwidth=speeds))
    for at in range(5):
        alone = cost_of(case, engine(buffer=float(sizes[at]), dram_bandwidth=float(speeds[at])))
        assert batch.latency[at] == alone.latency
        assert batch.energy[at] == pytest.approx(alone.energy, rel=1e-15)


def test_scalar_and_batch_of_tiles_agree():
    model, chip, mapping = by_hand()
    one = job(model, (0,), assignment("int8"))
    path = chip.engines[0]
    tiles = np.array([1, 2, 3, 5, 8])

    def tiled(tile):
        outer = Loop(rank="m", tile=tile)
        levels = (replace(mapping.levels[0], loops=(outer,)), mapping.levels[1])
        return replace(mapping, levels=levels)

    batch = price(one, traffic(one.einsum, model, tiled(tiles), path), tiled(tiles), path, chip)
    for at, tile in enumerate(tiles.tolist()):
        alone = tiled(tile)
        cost = price(one, traffic(one.einsum, model, alone, path), alone, path, chip)
        assert batch.latency[at] == cost.latency
        assert np.broadcast_to(batch.energy, 5)[at] == cost.energy


def test_bounds_do_not_depend_on_the_mapping(case):
    one, _, _, chip = case
    ready = priced(chip)
    found = bounds(one, ready.engines[0], ready)
    assert found.latency == cost_of(case, chip).bound.latency


FIELDS = {"dram_bandwidth": 4e9, "buffer": 131072.0, "frequency": 500e6, "registers": 64.0}


def test_jax_gives_the_numbers_of_numpy(case):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    for name, value in FIELDS.items():
        values = np.array([0.5, 1.0, 3.0]) * value
        ours = cost_of(case, engine(**{name: values}))
        theirs = jax.jit(lambda v, name=name: _pair(cost_of(case, engine(**{name: v}))))(values)
        np.testing.assert_allclose(theirs[0], np.broadcast_to(ours.latency, 3), rtol=1e-12)
        np.testing.assert_allclose(theirs[1], np.broadcast_to(ours.energy, 3), rtol=1e-12)


def _pair(cost):
    import jax.numpy as jnp

    return jnp.asarray(cost.latency) + jnp.zeros(3), jnp.asarray(cost.energy) + jnp.zeros(3)


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_gradients_are_finite_and_match_differences(case, name):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)

    def figures(value):
        cost = cost_of(case, engine(**{name: value}))
        return jax.numpy.stack([jax.numpy.asarray(cost.latency), jax.numpy.asarray(cost.energy)])

    # off the corners of max and min
    at = FIELDS[name] * 1.01
    found = jax.jacfwd(figures)(at)
    step = at * 1e-6
    expected = (figures(at + step) - figures(at - step)) / (2 * step)
    assert np.all(np.isfinite(found))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-18)


def test_hardware_of_sensitivities_has_the_shape_of_the_hardware(case):
    """DESIGN: a gradient of the cost is a Hardware of sensitivities."""
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)

    def energy(speed, size):
        return cost_of(case, engine(dram_bandwidth=speed, buffer=size)).energy

    slopes = jax.grad(energy, argnums=(0, 1))(4e9, 131072.0)
    assert slopes[0] == 0.0
    assert slopes[1] > 0.0


def test_instances_share_the_traffic(case):
    one, counts, _, chip = case
    arrays = [part for part in chip.path("mac") if isinstance(part, SpatialArray)]
    assert len(arrays) == 2
    lanes = math.prod(d.size for array in arrays for d in array.dimensions)
    assert counts.steps * lanes >= one.einsum.points
