"""Outlier-victim pairs: who stays, who goes, and what an outlier can be."""

from __future__ import annotations

import numpy as np

from cosynth.format import decode, encode, known

FORMAT = known("olive4")


def round_trip(*values) -> list[float]:
    """The largest is 96, so that the scale is one."""
    return decode(encode(np.float32([*values, 96, 0]), FORMAT)).tolist()[: len(values)]


def test_the_larger_of_two_outliers_stays_and_its_neighbour_is_zero():
    assert round_trip(20, 48, -30, 3, 64, -64) == [0, 48, -32, 0, 64, 0]


def test_ordinary_values_are_integers_and_outliers_the_published_ones():
    assert round_trip(-7, 5, 9.5, 1, 9.6, 1) == [-7, 5, 7, 1, 12, 0]
    assert [round_trip(v, 0)[0] for v in (12, 16, 24, 32, 48, 64, 96)] == [
        12, 16, 24, 32, 48, 64, 96
    ]  # fmt: skip


def test_an_element_without_a_neighbour_is_never_an_outlier():
    assert decode(encode(np.float32([96, 0, 50]), FORMAT)).tolist() == [96, 0, 7]
