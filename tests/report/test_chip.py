"""Hardware as data: nesting, laws, assumptions."""

from __future__ import annotations

import jsonschema
import pytest

from cosynth import hardware as room
from cosynth.report.chip import hardware_data, law_citations, roof
from cosynth.report.schema import schema


def walk(nodes):
    for node in nodes:
        yield node
        yield from walk(node["children"])


@pytest.mark.parametrize("name", room.names())
def test_every_device_keeps_the_contract(name):
    chip = room.load(name)
    data = hardware_data(chip)
    jsonschema.validate(data, schema("chip"))
    assert [node["name"] for node in walk(data["tree"])] != []
    assert {node["name"] for node in walk(data["tree"])} == {n.component.name for n in chip.nodes}


def test_a_node_tells_what_its_law_filled_and_what_is_assumed():
    nodes = {node["name"]: node for node in walk(hardware_data(room.load("eyeriss"))["tree"])}
    assert "read_energy" in nodes["buffer"]["by_law"]
    assert nodes["noc"]["assumed"] == ["length"]
    assert nodes["mac"]["instances"] == 168
    assert nodes["dram"]["size"] is None


def test_stated_numbers_cite_no_law():
    chip = room.engine()
    priced = room.priced(chip)
    assert law_citations(chip)
    assert not any("CACTI" in text for text in law_citations(priced))


def test_the_roof_is_all_units_at_work():
    found = roof(room.engine(rows=4, columns=8, frequency=1e9, dram_bandwidth=2e9))
    assert found["operations"] == 32e9
    assert found["memories"]["dram"] == 2e9
    assert found["memories"]["registers"] is None
