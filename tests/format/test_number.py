"""Formats: names and bits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cosynth.format import Element, known, names
from cosynth.format.number import problems


@pytest.mark.parametrize("name", names())
def test_every_format_stores_what_its_blocks_add_up_to(name):
    format = known(name)
    elements = 7 * (format.block or 8)
    once = 0 if format.block else format.scale_bits  # a scale of the whole tensor
    assert format.size(elements) == -(-round(elements * format.bits + once) // 8)
    assert format.bits >= format.element_bits > 0


def test_published_block_formats_have_their_published_bits():
    assert [known(n).bits for n in ("mxfp8", "mxfp4", "nvfp4", "mxint8")] == [8.25, 4.25, 4.5, 8.25]


def test_a_power_of_two_scale_of_another_width_is_refused_wrong():
    short = Element(name="e5m0", kind="exponent", bits=5, exponent=5, bias=15, signed=False)
    assert problems(replace(known("mxfp4"), scale=short)) == ["a power-of-two scale is an e8m0"]
