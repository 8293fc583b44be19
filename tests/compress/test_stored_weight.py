"""Weights come back from ONNX with the bits of our codec, in every format that it can spell."""

from __future__ import annotations

import numpy as np
import pytest
from tests.compress.spelt import computed, hard, same_bits

from cosynth.compress.network import Operand
from cosynth.compress.nodes import Nodes
from cosynth.compress.spelling import spelling
from cosynth.compress.storage import scaled, stored
from cosynth.compress.stored_weight import stored_weight
from cosynth.errors import SpecError
from cosynth.format import known, names

KERNEL = Operand(tensor="w", at=1, axis=1, constant=True, window=True)
PLACES = {
    "rows of a kernel": ((8, 3, 7, 7), KERNEL),
    "channels of a kernel": ((6, 70, 3, 3), KERNEL),
    "depthwise": ((16, 1, 3, 3), KERNEL),
    "columns": ((70, 24), Operand(tensor="w", at=1, axis=0, constant=True)),
    "lines": ((24, 70), Operand(tensor="w", at=1, axis=1, constant=True)),
    "a stack": ((3, 40, 5), Operand(tensor="w", at=1, axis=-2, constant=True)),
}
UNSPELT = {"e8m0", "int32", "int64", "olive4", "tf32"}


@pytest.mark.parametrize("name", sorted({*names()} - UNSPELT))
def test_every_format_comes_back_to_the_bit(name):
    format = known(name)
    for place, (shape, operand) in PLACES.items():
        weight = hard(shape)
        if name == "fp32":
            weight[np.abs(weight) < 2.0**-126] = 0  # nothing is done to it
        nodes = Nodes(taken=set())
        held = stored_weight(weight, format, operand, "w", nodes)
        version = spelling(scaled(format, operand)).version
        found = computed(nodes, held, shape, version)
        assert same_bits(found, stored(weight, format, operand)), f"{name}, {place}"


@pytest.mark.parametrize("name", ["mxfp4-even-g16", "bfp8-g64", "mxint8-rceil", "int4_g128-full"])
def test_options_come_back_too(name):
    # our values end at the largest float32, ONNX's do not
    weight, operand = np.clip(hard((24, 70)), -1e38, 1e38), PLACES["lines"][1]
    nodes = Nodes(taken=set())
    held = stored_weight(weight, known(name), operand, "w", nodes)
    version = spelling(scaled(known(name), operand)).version
    assert same_bits(computed(nodes, held, (24, 70), version), stored(weight, known(name), operand))


def test_powers_too_small_for_their_type_are_kept_as_floats():
    """The scale of a block of tiny integers counts units of 2^-6 and would leave E8M0."""
    weight = np.full((2, 32), 1.5 * 2.0**-124, np.float32)
    operand = Operand(tensor="w", at=1, axis=1, constant=True)
    nodes = Nodes(taken=set())
    held = stored_weight(weight, known("mxint8"), operand, "w", nodes)
    found = computed(nodes, held, (2, 32), 24)
    assert same_bits(found, stored(weight, known("mxint8"), operand))


@pytest.mark.parametrize("name", sorted(UNSPELT))
def test_formats_without_a_spelling_wrong(name):
    with pytest.raises(SpecError, match=name):
        stored_weight(hard((24, 70)), known(name), PLACES["lines"][1], "w", Nodes(taken=set()))
