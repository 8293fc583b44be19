"""What may be kept where is what brute force tries."""

from __future__ import annotations

from tests.mapper.brute import Space
from tests.mapper.problems import problem, without_bypass
from tests.mapper.test_bound import SEEDS

from cosynth.mapper.choices import choices
from cosynth.mapper.objective import objective_of

SMALL = 3_000


@SEEDS
def test_choices_are_those_of_the_space(seed):
    """As many as brute force tries: what is kept where, times what holds two tiles."""
    one = problem(seed, SMALL)
    space = Space(job=one.job, engine=one.engine)
    wanted = sum(len(space.buffers(keep)) for keep in space.keeps())
    found = choices(one.job, one.engine, objective_of("latency"))
    assert len(set(found)) == len(found) == wanted, str(one)


@SEEDS
def test_what_cannot_be_passed_by_is_always_kept(seed):
    whole = problem(seed, SMALL)
    one = without_bypass(whole)
    goal = objective_of("latency")
    found = choices(one.job, one.engine, goal)
    assert set(found) <= set(choices(whole.job, whole.engine, goal)), str(one)
    space = Space(job=one.job, engine=one.engine)
    wanted = sum(len(space.buffers(keep)) for keep in space.keeps())
    assert len(set(found)) == len(found) == wanted, str(one)


@SEEDS
def test_where_time_does_not_matter_nothing_is_doubled(seed):
    one = problem(seed, SMALL)
    keeps = Space(job=one.job, engine=one.engine).keeps()
    assert len(choices(one.job, one.engine, objective_of("energy"))) == len(keeps), str(one)
