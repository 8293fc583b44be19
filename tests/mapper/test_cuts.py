"""Which einsums of a graph run fused: known results emerge by themselves."""

from __future__ import annotations

import math

import pytest
from tests.mapper.attention import attention, core

from cosynth.cost.tile import Words
from cosynth.format import assignment
from cosynth.hardware import engine, priced
from cosynth.mapper.cuts import fused, parts
from cosynth.mapper.fused import Limits, best_fused
from cosynth.mapper.nests import Runs
from cosynth.mapping.group import family
from cosynth.workload import Builder, Workload
from cosynth.workload.passes.online import online, softmaxes


def convolutions(channels: int, size: int, layers: int = 2) -> Workload:
    """Layers of 3 x 3 convolutions."""
    net = Builder("chain")
    x = net.input("x", (channels, size, size))
    for at in range(layers):
        w = net.weight(f"w{at}", (channels, channels, 3, 3))
        x = net.einsum(
            f"y{at}[k,p,q] += {x}[c,p+r-1,q+s-1] * {w}[k,c,r,s]",
            shape=(channels, size, size),
            bounds={"p": size, "q": size},
        )
    net.output(x)
    return net.build()


def test_convolutions_meet_in_a_line_buffer():
    """The tensor between never crosses to DRAM; all else crosses once; rows are made once."""
    channels, size = 16, 28
    chip = priced(engine(buffer=16384))
    plan = fused(convolutions(channels, size), chip, goal="energy", limits=Limits(loops=1))
    (group,) = plan.groups
    assert group.fused is not None
    assert [loop.rank for loop in group.fused.loops] == ["p"]
    image, weights = channels * size * size, channels * channels * 9
    dram = group.cost.part("dram")
    assert (dram.read, dram.written) == (image + 2 * weights, image)
    rows = [run.times * dict(run.tile)["p"] for run in group.fused.runs if run.member == 0]
    assert sum(rows) == size
    assert plan.energy < plan.alone[1]


def test_attention_gets_the_tiling_of_flashattention():
    """Queries outside, blocks of keys inside; keys and values pass once a tile of queries."""
    rows, size = 128, 32
    workload = attention(1, 1, rows, rows, size)
    runs = Runs(
        hardware=core(12 * 1024),
        goal="latency",
        words=Words(formats=assignment("bf16"), functions={}),
    )
    (softmax,) = softmaxes(workload)
    found = []
    for block in (0, 8, 16, 32):
        form = online(workload, softmax, block) if block else workload
        shared = family(form, [(at,) for at in range(len(form.einsums))])
        assert shared is not None
        found.append((block, best_fused(shared, runs, Limits(loops=2, prices=4))))
    block, best = min(found, key=lambda each: float(each[1].cost.latency))
    assert block
    assert [loop.rank for loop in best.fused.loops] == ["m", "p1"]
    tile = int(best.fused.loops[0].tile)
    tensor = rows * size * 2
    dram = best.cost.part("dram")
    assert dram.read == tensor + math.ceil(rows / tile) * 2 * tensor
    assert dram.written == tensor


def test_the_offline_form_wins_where_whole_rows_fit():
    """With room for all scores of a row, the extra operations of one pass buy nothing."""
    workload = attention(1, 1, 16, 16, 8)
    plan = fused(workload, core(1 << 16), assignment("bf16"), goal="energy",
                 limits=Limits(loops=1, prices=4))  # fmt: skip
    assert all(group.block == 0 for group in plan.groups)


def test_a_plan_is_never_worse_than_no_fusion():
    for goal, at in (("latency", 0), ("energy", 1)):
        chip = priced(engine(buffer=2048))
        plan = fused(convolutions(4, 8, 3), chip, goal=goal, limits=Limits(loops=1, prices=4))
        assert (plan.latency, plan.energy)[at] <= plan.alone[at] * (1 + 1e-12)
        assert sorted(p for group in plan.groups for p in group.positions) == [0, 1, 2]


def test_what_reads_its_own_last_step_stands_alone():
    workload = attention()
    changed = online(workload, softmaxes(workload)[0], 2)
    assert all(len(part) == 1 for part in parts(changed))


def test_what_was_not_tried_is_said():
    plan = fused(convolutions(2, 4), priced(engine()), limits=Limits(loops=1, prices=1))
    assert any("next to each other" in text for text in plan.left_out)


@pytest.mark.parametrize("goal", ["latency", "energy", "edp"])
def test_every_goal_has_a_plan(goal):
    plan = fused(convolutions(2, 4), priced(engine()), goal=goal, limits=Limits(loops=1, prices=2))
    assert plan.groups
