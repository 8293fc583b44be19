"""The mapper never returns an illegal mapping, and its gap is honest."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from tests.mapping.nests import problem

from cosynth.cost import job
from cosynth.errors import InfeasibleError
from cosynth.format import assignment
from cosynth.hardware import STATIONARITIES, Memory, engine, priced
from cosynth.mapper import FAST, best, held
from cosynth.mapping import problems
from cosynth.workload import Builder
from cosynth.workload.passes import groups

GOALS = ("latency", "energy", "edp")


def chip_of(rng: random.Random):
    """A random small engine."""
    return engine(
        rows=rng.choice((1, 2, 3, 8)),
        columns=rng.choice((1, 2, 4, 5)),
        stationarity=rng.choice(STATIONARITIES),
        buffer=rng.choice((256, 1024, 4096)),
        sums=rng.choice((64, 512)),
        registers=rng.choice((8, 16, 64)),
    )


@pytest.mark.parametrize("seed", range(120))
def test_random_problems_are_mapped_legally(seed):
    rng = random.Random(seed)
    _, einsum, workload = problem(rng)
    one = job(workload, (0,), assignment("int8"))
    chip = priced(chip_of(rng))
    path = chip.engines[0]
    for goal in GOALS:
        mapped = best(one, path, chip, goal, FAST if seed % 2 else None)
        assert problems(einsum, workload, mapped.mapping, path) == (), f"seed {seed}"
        for needed, size in held(one, mapped.mapping, path).values():
            assert needed <= size, f"seed {seed}"
        assert mapped.gap >= -1e-12, f"seed {seed}"


@pytest.mark.parametrize("effort", [FAST, None])
def test_where_the_whole_array_does_not_fit_less_of_it_works(effort):
    """A column has room for the outputs of some of its rows only."""
    chip = priced(engine(rows=8, columns=4, stationarity="output", sums=32))
    one, path = gemm(8, 8, 8), chip.engines[0]
    mapping = best(one, path, chip, "latency", effort).mapping
    assert problems(one.einsum, one.workload, mapping, path) == ()
    assert all(needed <= size for needed, size in held(one, mapping, path).values())


def gemm(m: int, n: int, k: int):
    net = Builder("gemm")
    net.input("x", (m, k))
    net.weight("w", (n, k))
    net.output(net.einsum("y[m,n] += x[m,k] * w[n,k]", shape=(m, n)))
    model = net.build()
    return job(model, groups(model)[0], assignment("int8"))


def test_a_compute_bound_gemm_comes_near_its_bound():
    chip = priced(engine(buffer=1 << 20, dram_bandwidth=64e9, buffer_width=1024))
    mapped = best(gemm(1024, 512, 512), chip.engines[0], chip, "latency")
    assert mapped.gap < 0.25


def test_more_effort_is_never_worse():
    chip = priced(engine())
    one = gemm(96, 80, 112)
    for goal in GOALS:
        quick = best(one, chip.engines[0], chip, goal, FAST)
        thorough = best(one, chip.engines[0], chip, goal)
        assert thorough.gap <= quick.gap * (1 + 1e-9)


def test_twins_are_mapped_alike_under_their_own_names():
    one = gemm(32, 32, 32)
    other = replace(gemm(32, 32, 32), twin=one, name="second")
    chip = priced(engine())
    first = best(one, chip.engines[0], chip)
    second = best(other, chip.engines[0], chip)
    assert second.mapping.einsum == "second"
    assert second.cost.latency == first.cost.latency


@pytest.mark.parametrize("stationarity", STATIONARITIES)
def test_a_mapping_that_was_known_costs_what_it_cost_when_it_was_found(stationarity):
    chip = priced(engine(stationarity=stationarity))
    one = gemm(96, 80, 112)
    found = best(one, chip.engines[0], chip, "edp", FAST)
    again = best(one, chip.engines[0], chip, "edp", FAST)
    assert again == found


def test_a_missing_format_wrong():
    chip = engine()
    nodes = tuple(
        replace(node, component=replace(node.component, rates=(("fp16", 1.0),)))
        if node.component.name == "mac"
        else node
        for node in chip.nodes
    )
    chip = priced(replace(chip, nodes=nodes))
    with pytest.raises(InfeasibleError) as caught:
        best(gemm(4, 4, 4), chip.engines[0], chip)
    assert str(caught.value) == "y: mac has no rate for int8 x int8; it runs fp16"


def test_a_home_that_is_too_small_wrong():
    chip = engine(buffer=1024)
    nodes = tuple(
        replace(node, component=replace(node.component, keeps=("weight",)))
        if isinstance(node.component, Memory) and node.component.name == "dram"
        else node
        for node in chip.nodes
    )
    chip = priced(replace(chip, nodes=nodes))
    with pytest.raises(InfeasibleError) as caught:
        best(gemm(64, 64, 64), chip.engines[0], chip)
    assert str(caught.value) == (
        "y: buffer is the outermost memory that may hold x, y: they need 8 KiB, it has 1 KiB"
    )


def test_a_mapping_that_asks_for_two_buffers_needs_twice_the_room():
    chip = engine()
    nodes = tuple(
        replace(node, component=replace(node.component, double_buffered=False))
        if node.component.name == "buffer"
        else node
        for node in chip.nodes
    )
    chip = priced(replace(chip, nodes=nodes))
    path, one = chip.engines[0], gemm(32, 32, 32)
    mapping = best(one, path, chip).mapping
    one_tile, two_tiles = (
        replace(
            mapping,
            levels=tuple(replace(level, double_buffered=twice) for level in mapping.levels),
        )
        for twice in (False, True)
    )
    single, double = held(one, one_tile, path), held(one, two_tiles, path)
    assert double["buffer"][0] == 2 * single["buffer"][0] > 0


def test_a_problem_too_large_for_the_exact_search_is_mapped_all_the_same():
    ranks = "abcdefghijkl"
    net = Builder("large")
    net.input("x", (2,) * 13)
    net.weight("w", (2,))
    net.output(
        net.einsum(f"y[{','.join(ranks)}] += x[{','.join(ranks)},z] * w[z]", shape=(2,) * 12)
    )
    model = net.build()
    one = job(model, groups(model)[0], assignment("int8"))
    chip = priced(engine())
    mapped = best(one, chip.engines[0], chip)
    assert mapped.proof.cuts == (
        "not searched beyond the quick mappings: sizes has shape (13,); "
        "the exact search takes (12,)",
    )
    assert mapped.gap >= 0


def test_a_unit_that_cannot_multiply_the_formats_wrong():
    chip = priced(engine(unit="mux"))
    with pytest.raises(InfeasibleError) as caught:
        best(gemm(4, 4, 4), chip.engines[0], chip)
    said = "y: mac is a mux unit, which does not multiply int8 x int8"
    assert str(caught.value) == said
