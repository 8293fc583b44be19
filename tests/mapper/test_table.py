"""One problem as plain arrays: what they hold is what the rooms below say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.mapper.problems import problem
from tests.mapper.test_bound import SEEDS, search_of
from tests.mapper.test_optimum import gemm

from cosynth.hardware import Memory, engine, priced
from cosynth.mapper.objective import objective_of
from cosynth.mapper.table import TooLargeError, chip, ranks_of, shape
from cosynth.mapping import distinct, operands
from cosynth.workload import Tensor, Workload, parse

# more ranks than a record holds
MANY = 20


@SEEDS
def test_every_operand_is_as_large_as_it_is(seed):
    one = problem(seed)
    form = shape(one.job)
    einsum, workload = one.job.einsum, one.job.workload
    for at, (access, _) in enumerate(operands(einsum, workload)):
        size = workload.tensor(access.tensor).shape
        assert form.distinct[at] == distinct(access, einsum, size), str(one)
    assert form.sizes[: form.ranks].tolist() == [einsum.sizes[r] for r in ranks_of(one.job)]


@SEEDS
def test_ranks_of_one_step_are_left_out(seed):
    one = problem(seed)
    names = ranks_of(one.job)
    assert all(one.job.einsum.sizes[name] > 1 for name in names) or len(names) == 1, str(one)


@SEEDS
def test_stages_are_blocks_and_dimensions_from_the_outside_in(seed):
    one = problem(seed)
    side = search_of(one).chip
    names, memories = [], [memory.name for memory in one.engine.memories]
    for level in one.engine.levels:
        if isinstance(level, Memory):
            names.append(level.name)
        names += [dimension.name for dimension in getattr(level, "dimensions", ())]
    assert side.stages == len(names), str(one)
    for stage, name in enumerate(names):
        at = int(side.memory[stage])
        assert (memories[at] if at >= 0 else name) == name, str(one)
        assert (at < 0) == (name not in memories), str(one)
    assert [names[int(side.start[at])] for at in range(len(memories))] == memories, str(one)


def test_a_problem_that_is_too_large_wrong():
    names = [f"r{at}" for at in range(MANY)]
    index = ",".join(names)
    einsum = parse(f"Y[{index}] = X[{index}]", dict.fromkeys(names, 2), name="many")
    shapes = {"X": (2,) * MANY, "Y": (2,) * MANY}
    tensors = tuple(Tensor(name=n, shape=s, role="activation") for n, s in shapes.items())
    model = Workload(name="many", tensors=tensors, einsums=(einsum,))
    with pytest.raises(TooLargeError) as caught:
        shape(replace(gemm(2, 2, 2), einsum=einsum, workload=model))
    assert str(caught.value).startswith("sizes has shape (20,); the exact search takes (")


def test_what_is_to_be_minimised_is_in_the_weights():
    hardware = priced(engine())
    path, one = hardware.engines[0], gemm(4, 4, 4)
    name = path.memories[0].name
    bytes_only = chip(one, path, hardware, objective_of(f"2 * traffic:{name}"))
    assert bytes_only.weight_read[0] == bytes_only.weight_written[0] == 2.0
    assert not np.any(bytes_only.weight_link)
    assert bytes_only.weight_time == 0.0
    timed = chip(one, path, hardware, objective_of("3 * latency"))
    assert timed.weight_time == 3.0
    assert not np.any(timed.weight_read)
    assert timed.product == 0
    assert chip(one, path, hardware, objective_of("edp")).product == 1
