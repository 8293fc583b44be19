"""The catalogue: found by file, sourced, and every device runs a network."""

from __future__ import annotations

from pathlib import Path

import pytest

import cosynth.hardware
from cosynth.codesign import estimate
from cosynth.errors import InfeasibleError, SpecError
from cosynth.format import assignment
from cosynth.hardware import Compute, Link, Memory, SpatialArray, load, names
from cosynth.workload.load import load as model

DEVICES = (
    "edge-tpu", "ethos-u55-128", "ethos-u55-256", "eyeriss", "gemmini", "nvdla-large",
    "nvdla-small", "shidiannao", "simba", "tpu-v1", "tpu-v4i",
)  # fmt: skip
# devices without memory off chip run the small networks they were made for
TYPICAL = {"shidiannao": "ds-cnn"}


def test_every_file_is_a_device() -> None:
    folder = Path(cosynth.hardware.__file__).parent / "devices"
    assert {path.stem for path in folder.glob("*.toml")} <= set(names())
    assert set(DEVICES) <= set(names())


@pytest.mark.parametrize("name", names())
def test_device_is_called_like_its_file_and_says_what_it_is(name: str) -> None:
    chip = load(name)
    assert chip.name == name
    assert chip.title
    assert chip.sources


@pytest.mark.parametrize("name", names())
def test_assumed_keys_name_numbers_that_the_file_has(name: str) -> None:
    chip = load(name)
    keys = {
        Memory: ("law", "size", "bandwidth", "read_bandwidth", "write_bandwidth", "width",
                 "read_energy", "write_energy", "area", "leakage", "keeps", "double_buffered"),
        Link: ("bandwidth", "length", "energy"),
        SpatialArray: ("dimensions",),
        Compute: ("rates", "energy", "area", "leakage", "accumulator"),
    }  # fmt: skip
    parts = {node.component.name: node.component for node in chip.nodes}
    for entry in chip.assumed:
        part, _, key = entry.partition(".")
        if part not in parts:
            assert hasattr(chip, entry)
        elif key:
            assert key in keys[type(parts[part])], entry


@pytest.mark.parametrize("name", names())
def test_off_chip_kinds_and_vector_units_are_sourced_or_assumed(name: str) -> None:
    """No vector unit's speed is public here but Arm's, so every other one says assumed."""
    chip = load(name)
    said = {entry.split(".")[0] for entry in chip.assumed}
    for engine in chip.engines:
        unit = engine.compute
        if unit.does == "vector" and not name.startswith("ethos"):
            assert unit.name in said, unit.name


@pytest.mark.parametrize("name", names())
def test_device_runs_its_network(name: str) -> None:
    network = model(TYPICAL.get(name, "resnet18"))
    found = estimate(network, load(name), assignment("int8"))
    assert found.latency >= found.bound_latency * (1 - 1e-9)
    assert 0 < found.energy < 10
    assert 1e-9 < found.area < 1e-3


def test_shidiannao_refuses_what_does_not_fit_wrong() -> None:
    with pytest.raises(InfeasibleError, match=r"inputs is the outermost memory .* it has 64 KiB"):
        estimate(model("resnet18"), load("shidiannao"))


def test_unknown_device_wrong() -> None:
    with pytest.raises(SpecError, match=r"unknown hardware 'eyeris'; did you mean 'eyeriss'\?"):
        load("eyeris")


def test_a_path_is_read(tmp_path: Path) -> None:
    from cosynth.hardware import write

    path = tmp_path / "own.toml"
    path.write_text(write(load("gemmini")))
    assert load(str(path)).name == "gemmini"
