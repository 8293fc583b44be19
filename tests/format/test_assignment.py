"""Assignments: which format each tensor takes."""

from __future__ import annotations

import pytest

from cosynth.errors import SpecError
from cosynth.format import Assignment, assignment


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
