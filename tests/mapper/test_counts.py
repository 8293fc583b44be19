"""What the bound counts, against cases done by hand."""

from __future__ import annotations

import random

import numpy as np
import pytest
from tests.mapper.problems import problem
from tests.mapper.states import drawn, state_of
from tests.mapper.test_bound import SEEDS, search_of
from tests.mapper.test_optimum import gemm, memory

from cosynth.hardware import Compute, Dimension, Hardware, SpatialArray, priced
from cosynth.hardware.parts import chain
from cosynth.mapper import PROVE
from cosynth.mapper.counts import held, steps
from cosynth.mapper.exact import Search
from cosynth.mapper.lanes import instances
from cosynth.mapper.objective import objective_of
from cosynth.mapper.optimum import optimum
from cosynth.mapping import Level, Loop, Mapping, traffic


def cores() -> Hardware:
    """Two cores for rows, each with room for two rows of one and one column of one."""
    rows = Dimension(name="core", size=2, multicast=("input", "weight"), ranks=("position",))
    parts = (
        memory("dram", 1.0),
        SpatialArray(name="cores", dimensions=(rows,)),
        memory("buffer", 0.0, size=3.0),
        Compute(name="mac", accumulator="int32", energy=0.0),
    )
    return priced(Hardware(name="chip", nodes=tuple(chain(parts)), frequency=1e9, technology=28e-9))


def ragged_rows() -> Mapping:
    """Five rows: four over two cores, two each, then the last one."""
    return Mapping(
        einsum="gemm",
        engine="mac",
        levels=(
            Level(
                name="dram",
                keep=("A", "B", "Z"),
                loops=(Loop(rank="m", tile=4), Loop(rank="n", tile=1)),
            ),
            Level(name="cores", loops=(Loop(rank="m", tile=2, dimension="core"),)),
            Level(name="buffer", keep=("A", "B"), loops=(Loop(rank="m", tile=1),)),
        ),
    )


def test_a_ragged_rest_is_cut_as_what_it_is():
    """5 rows in fours on two cores: 2 steps and 1, not 2 times 2."""
    one, chip = gemm(5, 4, 1), cores()
    search = Search.of(one, chip.engines[0], chip, objective_of("latency"))
    state = state_of(search, ragged_rows())
    assert steps(search.chip, search.shape, state) == 3 * 4


def test_ragged_rows_on_two_cores_are_found():
    """12 steps with 5 + 2 * 4 + 20 bytes; all others move more bytes or take more steps."""
    one, chip = gemm(5, 4, 1), cores()
    best = optimum(one, chip.engines[0], chip, objective_of("edp"), PROVE)
    assert best is not None
    assert best.value == pytest.approx(12e-9 * 33, rel=1e-9)
    assert best.proof.bound == pytest.approx(best.value, rel=1e-9)


@SEEDS
def test_steps_and_instances_of_tiles_that_divide_are_exact(seed):
    one = problem(seed)
    search = search_of(one)
    rng = random.Random(seed)
    for _ in range(4):
        mapping = drawn(rng, one, dividing=True)
        state = state_of(search, mapping)
        counts = traffic(one.job.einsum, one.job.workload, mapping, one.engine)
        assert steps(search.chip, search.shape, state) == counts.steps, f"{one}\n{mapping}"
        side = 1
        left = dict(one.job.einsum.bounds)
        for loop in mapping.loops:
            side *= left[loop.rank] // loop.tile if loop.dimension else 1
            left[loop.rank] = loop.tile
        found = instances(search.chip, search.shape, state, 0, search.chip.stages)
        assert found == (side, side), f"{one}\n{mapping}"


@SEEDS
def test_no_tile_needs_less_room_than_counted(seed):
    one = problem(seed)
    search = search_of(one)
    rng = random.Random(seed)
    uses = [access.tensor for access in (*one.job.einsum.inputs, one.job.einsum.output)]
    for _ in range(4):
        mapping = drawn(rng, one)
        state = state_of(search, mapping)
        counts = traffic(one.job.einsum, one.job.workload, mapping, one.engine)
        for place, level in enumerate(one.engine.memories):
            for operand, tensor in enumerate(uses):
                if (
                    tensor not in mapping.level(level.name).keep
                    or search.chip.home[operand] == place
                ):
                    continue
                tile = next(c.tile for c in counts.at(level.name) if c.tensor == tensor)
                stage = int(search.chip.start[place]) - 1
                found = held(search.shape, state, operand, stage)
                assert found <= np.max(tile), f"{one}: {tensor} in {level.name}\n{mapping}"
