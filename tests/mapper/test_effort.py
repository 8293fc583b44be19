"""How long the mapper looks."""

from __future__ import annotations

from tests.mapper.test_best import gemm

from cosynth.hardware import engine, priced
from cosynth.mapper import FAST, PROVE, Effort, best


def test_no_effort_computes_no_bounds_and_proving_computes_all():
    chip = priced(engine())
    one = gemm(8, 8, 8)
    assert best(one, chip.engines[0], chip, "energy", FAST).proof.nodes == 0
    proven = best(one, chip.engines[0], chip, "energy", PROVE)
    assert proven.gap < 1e-9
    assert proven.proof.nodes > 0


def test_a_limit_of_time_keeps_an_honest_gap():
    chip = priced(engine())
    one = gemm(97, 89, 101)
    hurried = best(one, chip.engines[0], chip, "edp", Effort(nodes=1 << 40, seconds=0.05))
    proven = best(one, chip.engines[0], chip, "edp", Effort(nodes=1 << 20))
    assert hurried.proof.bound <= proven.cost.edp * (1 + 1e-9)
    assert proven.proof.bound <= hurried.cost.edp * (1 + 1e-9)
