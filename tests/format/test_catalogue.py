"""Formats by name, by options behind the name, and from a user's own file."""

from __future__ import annotations

import numpy as np
import pytest

from cosynth.errors import SpecError
from cosynth.format import assignment, encode, known, names


def test_every_name_is_canonical():
    for name in names():
        assert known(name).name == name


def test_options_are_in_the_name_where_they_differ_from_the_base():
    assert known("mxfp4-floor").name == "mxfp4"
    assert known("mxfp4-g16-even").name == "mxfp4-even-g16"
    assert known("mxfp4-g16-even") == known("mxfp4-even-g16")
    assert assignment("mxfp4-rceil").of("weight").rule == "rceil"


def test_a_file_of_ones_own_is_a_format(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('kind = "float"\nbits = 5\nexponent = 3\nmantissa = 1\nblock = 16\n'
                    'scale = "ue5m3"\n')  # fmt: skip
    mine = known(str(path))
    assert (mine.bits, mine.largest) == (5.5, 24.0)
    assert assignment(str(path)).of("weight") == mine
    assert encode(np.ones(16), mine).code.max() == 15


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('kind = "float"\nbits = 4', "exponent: 0 must be from 1 to 8"),
        ('kind = "float"\nbits = 4\nexponent = 3\nmantissa = 2', "2 bits do not fit 4 bits"),
        ('element = "int4"\nscale = "e8m0"\nblock = 32', "a power-of-two scale needs a rule"),
        ('element = "in4"', "element: unknown format 'in4'; did you mean"),
        ('element = "int4"\nbits = 4', "bits: the element 'int4' says this; leave one out"),
        ('kind = "lookup"\nbits = 1\nvalues = [1]', "values: expected 2 to 2 different values"),
        ("bits = 4", "kind: required, absent"),
    ],
)
def test_files_wrong(text, message, tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(SpecError, match=r"bad\.toml") as caught:
        known(str(path))
    assert message in str(caught.value)


def test_unknown_options_are_named_wrong():
    with pytest.raises(SpecError, match="format 'mxfp4-evn': unknown option 'evn'; did you mean"):
        known("mxfp4-evn")
