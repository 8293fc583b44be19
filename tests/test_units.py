"""Quantities read and written."""

from __future__ import annotations

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosynth.errors import SpecError
from cosynth.units import UNITS, parse, show


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("512 KiB", "bytes", 524288.0),
        ("64 GB/s", "bandwidth", 64e9),
        ("16 B/cycle", "bytes_per_cycle", 16.0),
        ("2mm2", "area", 2e-6),
        ("2 mm²", "area", 2e-6),
        ("1_000 MHz", "frequency", 1e9),
        ("3 pJ", "energy", 3e-12),
        ("8 bit", "bits", 8.0),
        (8, "bits", 8.0),
    ],
)
def test_texts_mean_their_si_value(text, dimension, value):
    assert parse(text, dimension) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "dimension", "sentence"),
    [
        ("12", "bytes", "'12' has no unit; write for example '12 KiB'"),
        (12, "bytes", "12 has no unit; write for example '12 KiB'"),
        ("1 GB", "bandwidth", "'1 GB': 'GB' is no unit of bandwidth; use"),
        ("fast", "frequency", "'fast' is not a quantity; write for example '1 MHz'"),
        ("1e999 s", "time", "'1e999 s' is not a finite time"),
        (True, "bytes", "True is not a quantity"),
    ],
)
def test_quantities_wrong(text, dimension, sentence):
    with pytest.raises(SpecError) as caught:
        parse(text, dimension)
    assert str(caught.value).startswith(sentence)


@given(st.floats(min_value=1e-12, max_value=1e12), st.sampled_from(["time", "energy", "power"]))
def test_what_is_shown_reads_back_to_three_digits(value, dimension):
    assert parse(show(value, dimension), dimension) == pytest.approx(value, rel=6e-3)


@given(st.text(max_size=12), st.sampled_from(sorted(UNITS)))
def test_any_text_is_read_or_refused(text, dimension):
    with contextlib.suppress(SpecError):
        assert math.isfinite(parse(text, dimension))


def test_extremes_are_shown():
    assert show(math.inf, "time") == "∞"
    assert show(0.0, "energy") == "0 J"
