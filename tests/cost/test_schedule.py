"""Placement of groups: sequences and earliest finish."""

from __future__ import annotations

import itertools
import random

import pytest

from cosynth.cost import earliest_finish, makespan, sequence


def test_a_sequence_adds_up():
    slots = sequence([{"a": 1.0}, {"a": 2.0, "b": 0.5}])
    assert [(slot.engine, slot.start, slot.end) for slot in slots] == [("a", 0, 1), ("b", 1, 1.5)]
    assert makespan(slots) == 1.5


def test_two_branches_run_side_by_side():
    times = [{"a": 1.0, "b": 1.0}, {"a": 2.0, "b": 2.0}, {"a": 2.0, "b": 2.0}, {"a": 1.0}]
    slots = earliest_finish(times, [(0, 1), (0, 2), (1, 3), (2, 3)])
    assert makespan(slots) == 4.0
    assert {slots[1].engine, slots[2].engine} == {"a", "b"}


@pytest.mark.parametrize("seed", range(30))
def test_no_engine_runs_two_groups_and_no_group_starts_early(seed):
    rng = random.Random(seed)
    count = rng.randint(1, 8)
    engines = ("a", "b", "c")[: rng.randint(1, 3)]
    times = [{name: rng.uniform(0.1, 2) for name in engines} for _ in range(count)]
    edges = [e for e in itertools.combinations(range(count), 2) if rng.random() < 0.3]
    slots = earliest_finish(times, edges)
    for before, after in edges:
        assert slots[after].start >= slots[before].end, f"seed {seed}"
    for one, other in itertools.combinations(slots, 2):
        if one.engine == other.engine:
            assert one.end <= other.start or other.end <= one.start, f"seed {seed}"
    assert makespan(slots) <= makespan(sequence(times)) * (1 + 1e-12) or len(engines) > 1
