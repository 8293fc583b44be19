"""States start without decisions, but for what is kept where and the plan of instances."""

from __future__ import annotations

import random

import numpy as np
from tests.mapper.problems import problem
from tests.mapper.states import blank, drawn, state_of

from cosynth.mapper.exact import Search
from cosynth.mapper.objective import objective_of
from cosynth.mapper.state import reset


def test_a_reset_undoes_all_decisions_but_the_plan():
    one = problem(5, 1_000)
    search = Search.of(one.job, one.engine, one.hardware, objective_of("energy"))
    whole = state_of(search, drawn(random.Random(5), one))
    state = blank()
    floor = np.ones((search.chip.memories + 1, 2))
    for field in ("tile", "stays", "slider", "flow"):
        state[field][:] = 7
    reset(search.chip, state, whole.keeps, whole.doubled, whole.cap, floor)
    stages, ranks, operands = search.chip.stages, search.chip.ranks, search.chip.operands
    assert (state.tile[:stages, :ranks] == -1).all()
    assert (state.stays[:stages, :operands] == -1).all()
    assert (state.slider[:stages, :operands] == -1).all()
    assert (state.cap[:stages, :ranks] == whole.cap[:stages, :ranks]).all()
    memories = search.chip.memories
    assert (state.keeps[:memories] == whole.keeps[:memories]).all()
    assert (state.floor[: memories + 1] == 1.0).all()
    assert (state.flow[: memories + 1, :operands] == 0.0).all()
