"""Unrollings fill arrays and respect what a dimension may carry."""

from __future__ import annotations

from tests.mapper.test_best import gemm

from cosynth.hardware import engine, priced
from cosynth.mapper.spatial import unrollings


def test_the_first_unrolling_needs_the_fewest_steps():
    path = priced(engine(rows=8, columns=8)).engines[0]
    first, *_ = unrollings(gemm(16, 16, 16), path)
    assert {(dimension, rank) for dimension, rank, _ in first} == {("rows", "k"), ("columns", "n")}
    assert all(instances == 8 for _, _, instances in first)


def test_a_small_rank_shares_its_dimension():
    path = priced(engine(rows=16, columns=4, stationarity="flexible")).engines[0]
    first, *_ = unrollings(gemm(4, 4, 4), path)
    used = 1
    for _, _, instances in first:
        used *= instances
    assert used == 64


def test_equal_unrollings_are_listed_once():
    path = priced(engine(rows=4, columns=4)).engines[0]
    found = unrollings(gemm(3, 3, 3), path, most=9)
    assert len(found) == len(set(found))
