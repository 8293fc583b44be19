"""What holds for every optimum, whoever finds it."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.mapper.brute import optimum
from tests.mapper.problems import Problem, problem

from cosynth.cost import OBJECTIVES
from cosynth.hardware import Engine, Hardware, Memory, SpatialArray
from cosynth.hardware.tree import PARTS, Component, Compute, Link
from cosynth.mapper import PROVE, objective_of
from cosynth.mapper import optimum as exact
from cosynth.workload import parse

SMALL = 1_500
Least = Callable[[Problem], dict[str, float]]


def tried(one: Problem) -> dict[str, float]:
    """The optima of all objectives, found by trying every mapping."""
    found = optimum(one.job, one.engine, one.hardware)
    return {goal: found.optima[goal].value for goal in OBJECTIVES}


def proven(one: Problem) -> dict[str, float]:
    """The optima of all objectives, found by branch and bound."""
    found = {}
    for goal in OBJECTIVES:
        best = exact.optimum(one.job, one.engine, one.hardware, objective_of(goal), PROVE)
        assert best is not None, f"{one}, {goal}"
        found[goal] = best.value
    return found


# whoever finds optima is added here
EACH_FINDER = pytest.mark.parametrize(
    "least", [tried, proven], ids=["every mapping", "branch and bound"]
)
SEEDS = pytest.mark.parametrize("seed", range(10))


def changed(one: Problem, change: Callable[[Component], Component], clock: float = 1.0) -> Problem:
    """The problem on hardware in which every component is changed."""
    nodes = tuple(replace(node, component=change(node.component)) for node in one.hardware.nodes)
    chip: Hardware = replace(one.hardware, nodes=nodes, frequency=one.hardware.frequency * clock)
    engine: Engine = next(e for e in chip.engines if e.name == one.engine.name)
    return replace(one, hardware=chip, engine=engine)


def inner(one: Problem, seed: int) -> Memory:
    """One of the memories inside the outermost."""
    return random.Random(seed).choice(one.engine.memories[1:])


def only(name: str, change: Callable[[Memory], Memory]) -> Callable[[Component], Component]:
    return lambda part: change(part) if isinstance(part, Memory) and part.name == name else part


def no_worse(one: Problem, other: Problem, least: Least) -> None:
    before, after = least(one), least(other)
    for goal in OBJECTIVES:
        assert after[goal] <= before[goal] * (1 + 1e-9), f"{one}, {goal}"


def scaled(one: Problem, other: Problem, least: Least, **factors: float) -> None:
    before, after = least(one), least(other)
    for goal in OBJECTIVES:
        wanted = before[goal] * factors.get(goal, 1.0)
        assert math.isclose(after[goal], wanted, rel_tol=1e-9), f"{one}, {goal}"


@EACH_FINDER
@SEEDS
def test_more_capacity_is_never_worse(seed, least):
    one = problem(seed, SMALL)
    memory = inner(one, seed)
    larger = only(memory.name, lambda m: replace(m, size=m.size * 2))
    no_worse(one, changed(one, larger), least)


@EACH_FINDER
@SEEDS
def test_more_bandwidth_is_never_worse(seed, least):
    one = problem(seed, SMALL)
    memory = random.Random(seed).choice(one.engine.memories)
    faster = only(
        memory.name,
        lambda m: replace(
            m, read_bandwidth=m.read_bandwidth * 2, write_bandwidth=m.write_bandwidth * 2
        ),
    )
    no_worse(one, changed(one, faster), least)


@EACH_FINDER
@SEEDS
def test_a_memory_that_may_keep_more_is_never_worse(seed, least):
    one = problem(seed, SMALL)
    homes = {part: one.engine.home(part) for part in PARTS}
    memory = inner(one, seed)
    freer = changed(one, only(memory.name, lambda m: replace(m, keeps=PARTS)))
    assert {part: freer.engine.home(part) for part in PARTS} == homes
    no_worse(one, freer, least)


@EACH_FINDER
@SEEDS
def test_a_larger_array_that_carries_any_rank_is_never_worse(seed, least):
    one = problem(seed, SMALL // 4)

    def larger(part: Component) -> Component:
        if not isinstance(part, SpatialArray):
            return part
        first, *others = part.dimensions
        return replace(part, dimensions=(replace(first, size=first.size + 1, ranks=()), *others))

    no_worse(one, changed(one, larger), least)


@EACH_FINDER
@SEEDS
def test_names_of_ranks_change_nothing(seed, least):
    one = problem(seed, SMALL)
    einsum = one.job.einsum
    names = dict(zip(einsum.ranks, sorted(einsum.ranks, reverse=True), strict=True))
    text = re.sub(r"\b[a-z]\b", lambda found: names[found[0]], str(einsum))
    renamed = parse(text, {names[r]: n for r, n in einsum.bounds}, name=einsum.name)
    workload = replace(one.job.workload, einsums=(renamed,))
    other = replace(one, job=replace(one.job, einsum=renamed, workload=workload))
    scaled(one, other, least)


@EACH_FINDER
@SEEDS
def test_the_order_of_ranks_changes_nothing(seed, least):
    one = problem(seed, SMALL)
    einsum = replace(one.job.einsum, bounds=one.job.einsum.bounds[::-1])
    workload = replace(one.job.workload, einsums=(einsum,))
    other = replace(one, job=replace(one.job, einsum=einsum, workload=workload))
    scaled(one, other, least)


@EACH_FINDER
@SEEDS
def test_scaling_all_energies_scales_the_optimum(seed, least):
    one = problem(seed, SMALL)

    def dearer(part: Component) -> Component:
        match part:
            case Memory():
                return replace(
                    part, read_energy=part.read_energy * 8, write_energy=part.write_energy * 8
                )
            case Link() | Compute():
                return replace(part, energy=part.energy * 8)
        return part

    scaled(one, changed(one, dearer), least, energy=8, edp=8)


@EACH_FINDER
@SEEDS
def test_a_chip_twice_as_fast_throughout_halves_the_time(seed, least):
    one = problem(seed, SMALL)

    def faster(part: Component) -> Component:
        match part:
            case Memory():
                return replace(
                    part,
                    read_bandwidth=part.read_bandwidth * 2,
                    write_bandwidth=part.write_bandwidth * 2,
                )
            case Link():
                return replace(part, bandwidth=part.bandwidth * 2)
        return part

    scaled(one, changed(one, faster, clock=2.0), least, latency=0.5, edp=0.5)
