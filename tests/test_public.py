"""The package as Python users meet it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import cosynth as cs

TINY = """
[[parameter]]
name = "rows"
kind = "category"
values = [4, 8]
"""


def test_import_loads_nothing_heavy():
    heavy = {"numpy", "onnx", "rich", "click", "moocore", "jax", "torch", "json", "tomllib"}
    code = f"import sys, cosynth; print(*sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""


def test_every_public_name_is_there():
    assert set(dir(cs)) == set(cs.__all__)
    assert all(getattr(cs, name) is not None for name in cs.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'cosynth' has no attribute 'estimat'"):
        cs.estimat  # noqa: B018


def test_the_room_of_hardware_can_be_called_whenever_it_was_imported():
    import cosynth.hardware

    assert cs.hardware("eyeriss").name == "eyeriss"
    assert cosynth.hardware.load("eyeriss") is cs.hardware("eyeriss")


def test_names_and_values_estimate_the_same():
    model, chip = cs.load("deep-autoencoder"), cs.hardware("eyeriss")
    one = cs.estimate(model, chip)
    other = cs.estimate("deep-autoencoder", "eyeriss", formats="int8")
    assert one.latency == other.latency
    smaller = cs.estimate(model, chip, formats="weights=int4")
    assert smaller.bytes()["weight"] < one.bytes()["weight"]


def test_unknown_objective_wrong():
    with pytest.raises(cs.CosynthError) as caught:
        cs.estimate("resnet8", "eyeriss", objective="latncy")
    assert str(caught.value) == (
        "objective 'latncy' is not one of latency, energy, edp; did you mean 'latency'?"
    )


def test_explore_returns_a_front_of_designs(tmp_path):
    space = tmp_path / "space.toml"
    space.write_text(TINY)
    wanted = {"space": space, "minimize": ("latency", "area"), "budget": 2, "seed": 1}
    by_name = cs.explore("deep-autoencoder", **wanted)
    by_value = cs.explore([cs.load("deep-autoencoder")], **wanted)
    assert by_name.knee().figures == by_value.knee().figures
    assert len(by_name.designs) == len(by_name.members) > 0
    assert isinstance(by_name, cs.Front)
    limited = cs.explore("deep-autoencoder", limits=["area=1um2"], **wanted)
    with pytest.raises(cs.CosynthError, match="area <= 1 µm²"):
        limited.knee()
