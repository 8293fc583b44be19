"""Closed forms over intervals against sums over every pair of states."""

from __future__ import annotations

import random

import pytest

from cosynth.mapping.intervals import longest, total


def cut(size: int, tile: int) -> list[tuple[int, int]]:
    return [(low, min(low + tile, size)) for low in range(0, size, tile)]


def stored(low: int, high: int, size: int) -> set[int]:
    return {at for at in range(low, high) if 0 <= at < size}


@pytest.mark.parametrize("seed", range(60))
def test_sums_equal_what_sets_say(seed):
    rng = random.Random(seed)
    first = cut(rng.randint(1, 12), rng.randint(1, 5))
    second = cut(rng.randint(1, 9), rng.randint(1, 4))
    offset, size = rng.randint(-6, 3), rng.randint(1, 16)
    slides = rng.random() < 0.5
    moving = [(now, first[at - 1] if slides and at else None) for at, now in enumerate(first)]
    expected, largest = 0, 0
    for now, held in moving:
        for low, high in second:
            here = stored(now[0] + low + offset, now[1] + high - 1 + offset, size)
            largest = max(largest, len(here))
            if held:
                here -= stored(held[0] + low + offset, held[1] + high - 1 + offset, size)
            expected += len(here)
    alone = total([[span] for span in moving], [[span] for span in second], offset, size)
    assert alone == expected, f"seed {seed}"
    assert longest(first, second, offset, size) == largest, f"seed {seed}"


def test_long_windows_take_no_time():
    """A window of 4,095 over 5,000 positions, one step at a time: 20 million states."""
    moving = [[((at, at + 1), None)] for at in range(5000)]
    still = [[(at, at + 1)] for at in range(4096)]
    inside = sum(min(m + 1, 4096) for m in range(5000))
    assert total(moving, still, -4095, 5000) == inside


@pytest.mark.parametrize("seed", range(60))
def test_instances_of_a_state_are_united(seed):
    rng = random.Random(seed)
    first, second = cut(rng.randint(2, 12), rng.randint(1, 3)), cut(rng.randint(1, 9), 2)
    offset, size = rng.randint(-6, 3), rng.randint(1, 16)
    at_once, beside = rng.randint(1, 3), rng.randint(1, 2)
    moving = [first[at : at + at_once] for at in range(0, len(first), at_once)]
    still = [second[at : at + beside] for at in range(0, len(second), beside)]
    slides = rng.random() < 0.5
    spans = [
        [(now, moving[at - 1][place] if slides and at else None) for place, now in enumerate(state)]
        for at, state in enumerate(moving)
    ]
    expected = 0
    for state in spans:
        for others in still:
            fresh = set()
            for now, held in state:
                for low, high in others:
                    here = stored(now[0] + low + offset, now[1] + high - 1 + offset, size)
                    if held:
                        here -= stored(held[0] + low + offset, held[1] + high - 1 + offset, size)
                    fresh |= here
            expected += len(fresh)
    assert total(spans, still, offset, size) == expected, f"seed {seed}"
