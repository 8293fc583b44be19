"""Schemas are made from the contract."""

from __future__ import annotations

import jsonschema
import pytest

from cosynth.errors import SpecError
from cosynth.report.schema import names, schema


@pytest.mark.parametrize("name", names())
def test_each_is_a_valid_schema(name):
    jsonschema.Draft202012Validator.check_schema(schema(name))


def test_a_key_has_its_type_unit_and_whether_it_must_be_there():
    found = schema("estimate")
    table = found["$defs"]["Estimate"]
    assert table["properties"]["latency"] == {"type": "number", "description": "s of one run"}
    assert "latency" in table["required"]
    assert found["$defs"]["Node"]["required"] == [
        "name", "kind", "instances", "by_law", "assumed", "children",
    ]  # fmt: skip
    assert found["$defs"]["Node"]["properties"]["size"]["type"] == ["number", "null"]


@pytest.mark.parametrize("wrong", [{}, {"cosynth": "list", "kind": "x", "entries": 3}])
def test_a_schema_refuses_what_breaks_the_contract(wrong):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema("list"))


def test_unknown_schema_wrong():
    with pytest.raises(SpecError, match="no schema 'estimat'; did you mean 'estimate'"):
        schema("estimat")
    with pytest.raises(SpecError, match="no schema 'q'; known: estimate, exploration"):
        schema("q")
