"""Formats: names, bits, assignments."""

from __future__ import annotations

import pytest

from cosynth.errors import SpecError
from cosynth.format import Assignment, assignment, known, names


@pytest.mark.parametrize("name", names())
def test_every_format_stores_what_its_blocks_add_up_to(name):
    format = known(name)
    elements = 7 * (format.block or 8)
    once = 0 if format.block else format.scale_bits  # a scale of the whole tensor
    assert format.size(elements) == -(-round(elements * format.bits + once) // 8)
    assert format.bits >= format.element_bits > 0


def test_published_block_formats_have_their_published_bits():
    assert [known(n).bits for n in ("mxfp8", "mxfp4", "nvfp4", "mxint8")] == [8.25, 4.25, 4.5, 8.25]


def test_a_layer_can_differ_from_its_role():
    mixed = Assignment(weights="int4", activations="int8", layers=(("first", "int8", "int16"),))
    assert mixed.of("weight", "first").name == "int8"
    assert mixed.of("weight", "second").name == "int4"
    assert mixed.of("activation", "first").name == "int16"


def test_states_follow_activations_unless_told():
    assert assignment("int8").of("state").name == "int8"
    assert assignment("weights=int8,states=int4").of("state").name == "int4"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mxpf4", "unknown format 'mxpf4'; did you mean 'mxfp4'?"),
        ("weight=int4", "format 'weight=int4': unknown role 'weight'; did you mean 'weights'?"),
    ],
)
def test_assignments_wrong(text, message):
    with pytest.raises(SpecError) as caught:
        assignment(text)
    assert str(caught.value) == message
