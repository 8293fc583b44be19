"""The verb schema."""

from __future__ import annotations

import jsonschema
import pytest

from cosynth.report.schema import names


@pytest.mark.parametrize("name", names())
def test_every_schema_is_one(run, name):
    said = run("schema", name)
    assert said.code == 0
    jsonschema.Draft202012Validator.check_schema(said.data)


def test_unknown_schema_wrong(run):
    said = run("schema", "hardwre")
    assert (said.code, said.err) == (2, "error: no schema 'hardwre'; did you mean 'hardware'?\n")
