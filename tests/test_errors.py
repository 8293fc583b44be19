"""Errors say where, what, and what would be right."""

from __future__ import annotations

from cosynth.errors import (
    CosynthError,
    InfeasibleError,
    NotationError,
    SpecError,
    did_you_mean,
)


def test_a_notation_error_points_at_its_column():
    error = NotationError("A[m] = B[n", 11, "expected ']'")
    assert str(error).splitlines() == ["column 11: expected ']'", "  A[m] = B[n", "            ^"]


def test_all_mistakes_of_a_file_are_kept_apart():
    assert SpecError("a", "b").problems == ("a", "b")


def test_infeasible_requests_exit_otherwise_than_bad_input():
    assert (CosynthError.exit_code, InfeasibleError.exit_code) == (2, 3)


def test_only_near_words_are_suggested():
    assert did_you_mean("latecny", ["latency", "area"]) == "; did you mean 'latency'?"
    assert did_you_mean("zzz", ["latency", "area"]) == ""
