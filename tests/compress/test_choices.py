"""The formats of a layer as a value."""

from __future__ import annotations

from cosynth.compress.choices import Choice


def test_a_choice_leaves_alone_what_it_does_not_name():
    assert Choice(weights="mxfp4") == Choice(weights="mxfp4", activations="fp32")


def test_equal_choices_are_one_key():
    found = {Choice(weights="int8"): 1, Choice(activations="int8"): 2}
    assert found[Choice(weights="int8", activations="fp32")] == 1
