"""The mapper against every mapping there is, and that oracle against cases done by hand."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import numpy as np
import pytest
from tests.mapper.brute import Space, TooManyMappingsError, optimum, tables, value, walked
from tests.mapper.problems import problem, without_bypass

from cosynth.cost import OBJECTIVES, job
from cosynth.errors import InfeasibleError
from cosynth.format import assignment
from cosynth.hardware import Compute, Engine, Hardware, Memory, engine, priced
from cosynth.hardware.parts import chain
from cosynth.mapper import PROVE, best
from cosynth.mapper import optimum as exact
from cosynth.mapper.layout import layout
from cosynth.mapper.objective import objective_of
from cosynth.mapping import problems, traffic
from cosynth.workload import Tensor, Workload, parse

FIELDS = ("fills", "reads", "updates", "additions", "drains", "tile", "whole")
# problems of the size that a unit test may take; `bench/optimum.py` runs larger ones
SMALL = 3_000


def gemm(m: int, n: int, k: int, a: str = "A", b: str = "B", z: str = "Z"):
    einsum = parse(f"{z}[m,n] += {a}[m,k] * {b}[k,n]", dict(m=m, n=n, k=k), name="gemm")
    shapes = {a: (m, k), b: (k, n), z: (m, n)}
    tensors = tuple(
        Tensor(name=name, shape=shape, role="weight" if name == b else "activation")
        for name, shape in shapes.items()
    )
    model = Workload(name="gemm", tensors=tensors, einsums=(einsum,))
    return job(model, (0,), assignment("int8"))


def chip_of(*memories: Memory) -> tuple[Engine, Hardware]:
    unit = Compute(name="mac", accumulator="int32", energy=0.0)
    chip = priced(
        Hardware(
            name="chip", nodes=tuple(chain((*memories, unit))), frequency=1e9, technology=28e-9
        )
    )
    return chip.engines[0], chip


def memory(name: str, energy: float, **changes) -> Memory:
    return Memory(name=name, width=8.0, read_energy=energy, write_energy=energy, **changes)


def test_a_single_memory_serves_every_step():
    """2 x 3 x 4: 24 reads of each operand, 24 updates of 6 sums; 18 are additions of 4 bytes."""
    engine, chip = chip_of(memory("dram", 1.0))
    found = optimum(gemm(2, 3, 4), engine, chip, ("energy", "traffic:dram"))
    assert (found.mappings, found.nests) == (1, 1)
    moved = 24 + 24 + 18 * 4 + (6 * 1 + 18 * 4)
    assert found.optima["traffic:dram"].value == moved
    assert found.optima["energy"].value == moved


def test_a_buffer_that_holds_everything_moves_each_element_once():
    """2 x 3 x 4: 8 + 12 elements come, 6 whole sums of one byte leave."""
    engine, chip = chip_of(memory("dram", 1.0), memory("buffer", 0.0))
    found = optimum(gemm(2, 3, 4), engine, chip, ("traffic:dram",))
    assert found.optima["traffic:dram"].value == 8 + 12 + 6


def test_the_number_of_mappings_of_a_tiny_gemm():
    """One rank of 2: its loop stands above or below the buffer, which keeps any of 3 operands;
    two tiles of what it keeps, or one (but nothing to keep twice where it keeps nothing).
    """
    engine, chip = chip_of(memory("dram", 1.0), memory("buffer", 0.0))
    found = optimum(gemm(2, 1, 1), engine, chip)
    assert found.nests == 2
    assert found.mappings == 2 * (1 + 7 * 2)
    # ranks of 2 and 3: tiles 2 x (3 or 2 or 1), two orders where both stand above the buffer
    found = optimum(gemm(2, 3, 1), engine, chip)
    assert found.nests == 6 + 2


def test_twins_are_counted_alike_under_their_own_names():
    one = gemm(24, 16, 20)
    other = replace(gemm(24, 16, 20, "B", "C", "A"), twin=one, name="second")
    chip = priced(engine(buffer=1 << 12, sums=1 << 10))
    path = chip.engines[0]
    mapping = best(other, path, chip, "energy").mapping
    alone = traffic(other.einsum, other.workload, mapping, layout(path))
    assert {count.tensor for count in alone.counts} == {"A", "B", "C"}
    assert exact.counted(other, mapping, layout(path)) == alone


def test_too_many_mappings_are_refused():
    engine, chip = chip_of(memory("dram", 1.0), memory("buffer", 0.0))
    with pytest.raises(TooManyMappingsError):
        optimum(gemm(9, 9, 9), engine, chip, most=1000)


def test_a_weighted_sum_is_a_sum():
    engine, chip = chip_of(memory("dram", 1.0), memory("buffer", 0.5, size=9.0))
    goals = ("latency", "energy", "2 * energy", "energy + 0.5 * traffic:dram")
    found = optimum(gemm(2, 3, 2), engine, chip, goals).optima
    assert found["2 * energy"].value == 2 * found["energy"].value
    cost = found["energy"].cost
    least = found["energy + 0.5 * traffic:dram"].value
    part = cost.part("dram")
    assert least <= value(cost, "energy") + 0.5 * (part.read + part.written)


@pytest.mark.parametrize("seed", range(40))
def test_short_cuts_count_as_the_whole_walk_does(seed):
    """Three members of each space, walked in full."""
    rng = random.Random(seed)
    one = problem(seed, SMALL)
    space = Space(job=one.job, engine=one.engine)
    table = tables(space)
    for _ in range(3):
        keep = rng.choice(space.keeps())
        at = rng.randrange(len(table.nests))
        mapping = space.mapping(table.nests[at], keep, rng.choice(space.buffers(keep)))
        assert problems(one.job.einsum, one.job.workload, mapping, one.engine) == (), str(one)
        expected = walked(one.job, mapping, one.engine)
        found = table.counts(keep)
        assert found.steps[at] == expected.steps, str(one)
        for ours, theirs in zip(found.counts, expected.counts, strict=True):
            assert (ours.tensor, ours.level) == (theirs.tensor, theirs.level)
            for field in FIELDS:
                seen = np.broadcast_to(getattr(ours, field), len(table.nests))[at]
                assert seen == getattr(theirs, field), f"{one}: {ours.tensor} {field}\n{mapping}"


@pytest.mark.parametrize("seed", range(30))
def test_the_mapper_never_beats_every_mapping(seed):
    one = problem(seed, SMALL)
    found = optimum(one.job, one.engine, one.hardware)
    for goal in OBJECTIVES:
        if not found.legal:
            with pytest.raises(InfeasibleError):
                best(one.job, one.engine, one.hardware, goal)
            continue
        try:
            mapped = best(one.job, one.engine, one.hardware, goal)
        except InfeasibleError:
            continue
        reached, least = float(value(mapped.cost, goal)), found.optima[goal].value
        assert reached >= least * (1 - 1e-12), f"{one}, {goal}: {reached} < {least}"


@pytest.mark.parametrize("seed", range(60))
def test_the_optimum_is_reached(seed):
    """Equal to the last unit, and proven; `bench/optimum.py` compares hundreds of larger ones."""
    reached(problem(seed, SMALL))


@pytest.mark.parametrize("seed", range(60, 90))
def test_the_optimum_is_reached_where_nothing_passes_by(seed):
    reached(without_bypass(problem(seed, SMALL)))


def reached(one):
    """Check that the optimum by brute force is found and proven, for every objective."""
    goals = tuple(dict.fromkeys((*OBJECTIVES, one.objective)))
    found = optimum(one.job, one.engine, one.hardware, goals)
    names = [level.name for level in one.engine.memories]
    for goal in goals:
        aim = objective_of(goal, names)
        mapped = exact.optimum(one.job, one.engine, one.hardware, aim, PROVE)
        if goal not in found.optima:
            assert mapped is None, f"{one}, {goal}"
            continue
        least = found.optima[goal].value
        assert mapped is not None, f"{one}, {goal}: {least} is possible"
        assert problems(one.job.einsum, one.job.workload, mapped.mapping, one.engine) == ()
        ours, bound = float(value(mapped.cost, goal)), mapped.proof.bound
        assert math.isclose(ours, least, rel_tol=1e-9), f"{one}, {goal}: {ours}, not {least}"
        assert math.isclose(bound, least, rel_tol=1e-9), f"{one}, {goal}: bound {bound} of {least}"
