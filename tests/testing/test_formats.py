"""Formats of users pass the suite; a codec that breaks a rule does not."""

from __future__ import annotations

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from cosynth.errors import SpecError
from cosynth.format import Element, Format, encode, known, names
from cosynth.testing import formats
from cosynth.testing.formats import check_format

WITH_CODEC = [n for n in names() if known(n).kind != "integer" or known(n).element_bits <= 16]
TOML = """
about = "A float of five bits under a rounded-up power of two."
kind = "float"
bits = 5
exponent = 3
mantissa = 1
block = 12
scale = "e8m0"
rule = "rceil"
"""
TABLE = """
about = "Three bits that stand for powers."
kind = "lookup"
bits = 3
values = [-4.0, -2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 4.0]
block = 16
scale = "bf16"
"""
MINE = Format(
    name="mine",
    element=Element(name="e2m2", kind="float", bits=5, exponent=2, mantissa=2, bias=1),
    block=24,
    scale=known("ue4m3").element,
    tensor=True,
    axis=0,
)


@pytest.mark.parametrize("name", WITH_CODEC)
def test_every_format_of_the_table_passes(name):
    check_format(name, seed=1)


@pytest.mark.parametrize("text", [TOML, TABLE])
def test_a_file_of_ones_own_passes(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    check_format(path)
    check_format(str(path), xp=jnp)


def test_a_format_made_in_python_passes():
    check_format(MINE)
    check_format(MINE, xp=jnp)
    check_format(replace(MINE, tensor=False, scale=None))


def test_a_description_that_contradicts_itself_wrong():
    with pytest.raises(SpecError, match="format 'mine': rule 'floor' needs a power-of-two scale"):
        check_format(replace(MINE, rule="floor"))


def broken(monkeypatch, change):
    def encoded(*args, **how):
        found = encode(*args, **how)
        return change(found)

    monkeypatch.setattr(formats, "encode", encoded)


def test_a_wrong_code_fails(monkeypatch):
    broken(monkeypatch, lambda found: replace(found, code=found.code ^ 1))
    with pytest.raises(AssertionError, match=r"format 'int4', seed 3: .* became code"):
        check_format("int4", seed=3)
    with pytest.raises(AssertionError, match="format 'mxfp4', seed 0: codes "):
        check_format("mxfp4")


def test_a_wrong_scale_fails(monkeypatch):
    broken(monkeypatch, lambda found: replace(found, scale=found.scale + 1))
    with pytest.raises(AssertionError, match="format 'mxint8', seed 0: scale "):
        check_format("mxint8")


def test_a_wrong_value_and_wrong_bytes_fail(monkeypatch):
    monkeypatch.setattr(formats, "pack", lambda codes, bits: np.zeros(3, dtype=np.uint8))
    with pytest.raises(AssertionError, match="other bytes"):
        check_format("int4")
    monkeypatch.setattr(formats, "decode", lambda found: np.zeros(found.shape, dtype=np.float32))
    with pytest.raises(AssertionError, match="decodes to"):
        check_format("int4")
