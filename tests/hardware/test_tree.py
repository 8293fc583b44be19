"""The tree: paths, engines, instances, homes."""

from __future__ import annotations

import numpy as np
import pytest

from cosynth.hardware import (
    Compute,
    Dimension,
    Hardware,
    Memory,
    Node,
    SpatialArray,
    load,
)

CHIP = Hardware(
    name="x",
    frequency=1e9,
    technology=28e-9,
    nodes=(
        Node(component=Memory(name="dram", keeps=("weight",))),
        Node(component=Memory(name="ram", keeps=("input", "output")), under="dram"),
        Node(
            component=SpatialArray(
                name="pe", dimensions=(Dimension(name="x", size=4), Dimension(name="y", size=3))
            ),
            under="ram",
        ),
        Node(component=Memory(name="pad"), under="pe"),
        Node(component=Compute(name="mac"), under="pad"),
        Node(component=Compute(name="vector", does="vector"), under="ram"),
    ),
)


def test_path_runs_from_the_root() -> None:
    assert [part.name for part in CHIP.path("mac")] == ["dram", "ram", "pe", "pad", "mac"]


def test_every_compute_unit_ends_an_engine() -> None:
    assert [engine.name for engine in CHIP.engines] == ["mac", "vector"]
    assert [memory.name for memory in CHIP.engines[1].memories] == ["dram", "ram"]
    assert CHIP.engines[0].compute.name == "mac"


def test_instances_multiply_the_arrays_above() -> None:
    assert CHIP.instances("mac") == CHIP.instances("pad") == 12
    assert CHIP.instances("pe") == CHIP.instances("vector") == 1


def test_instances_may_be_arrays() -> None:
    wide = SpatialArray(name="pe", dimensions=(Dimension(name="x", size=np.array([2, 5])),))
    nodes = tuple(
        Node(component=wide, under=node.under) if node.component.name == "pe" else node
        for node in CHIP.nodes
    )
    chip = Hardware(name="x", nodes=nodes, frequency=1e9, technology=28e-9)
    assert chip.instances("mac").tolist() == [2, 5]


def test_home_is_the_outermost_memory_that_may_hold_an_operand() -> None:
    engine = CHIP.engines[0]
    assert [engine.home(part) for part in ("weight", "input", "output")] == [0, 1, 1]
    bare = Hardware(name="x", nodes=CHIP.nodes[:1], frequency=1e9, technology=28e-9)
    assert bare.engines == ()


def test_home_of_what_no_memory_holds_is_none() -> None:
    nodes = (CHIP.nodes[0], Node(component=Compute(name="mac"), under="dram"))
    chip = Hardware(name="x", nodes=nodes, frequency=1e9, technology=28e-9)
    assert chip.engines[0].home("output") == -1


def test_children_and_components_are_found_by_name() -> None:
    assert [node.component.name for node in CHIP.children("ram")] == ["pe", "vector"]
    assert [node.component.name for node in CHIP.children(None)] == ["dram"]
    with pytest.raises(KeyError):
        CHIP.component("nothing")


def test_tpu_keeps_weights_outside_and_activations_inside() -> None:
    engine = load("tpu-v1").engines[0]
    homes = {part: engine.levels[engine.home(part)].name for part in ("weight", "input", "output")}
    assert homes == {"weight": "dram", "input": "unified", "output": "unified"}
