"""Strict tables: every mistake at once, and a schema that agrees."""

from __future__ import annotations

import jsonschema
import pytest

from cosynth.errors import SpecError
from cosynth.spec import Field, load_toml, read, schema

FIELDS = (
    Field(name="name", kind="text", doc="a name"),
    Field(name="size", kind="bytes", doc="a size", default=1.0, positive=True),
    Field(name="count", kind="integer", doc="how many", default=1, minimum=1),
    Field(name="share", kind="number", doc="a share", default=0.5),
    Field(name="on", kind="flag", doc="whether", default=False),
    Field(name="parts", kind="texts", doc="parts", default=(), choices=("input", "output")),
)


def test_values_come_in_si_with_defaults():
    values, problems = read({"name": "a", "size": "1 KiB", "parts": ["input"]}, FIELDS, "f: ")
    assert not problems
    assert values == {
        "name": "a", "size": 1024.0, "count": 1, "share": 0.5, "on": False, "parts": ("input",),
    }  # fmt: skip


def test_every_mistake_is_listed_with_its_path_wrong():
    table = {
        "nmae": 1,
        "size": "0 B",
        "count": 1.5,
        "share": float("nan"),
        "on": "yes",
        "parts": ["inptu"],
    }
    _, problems = read(table, FIELDS, "chip.toml: levels[0]")
    assert problems == [
        "chip.toml: levels[0].nmae: unknown key; did you mean 'name'?",
        "chip.toml: levels[0].name: required, absent (a name)",
        "chip.toml: levels[0].size: 0 must be more than 0",
        "chip.toml: levels[0].count: expected a whole number, got a number (1.5)",
        "chip.toml: levels[0].share: nan is not a finite number",
        "chip.toml: levels[0].on: expected true or false, got a text ('yes')",
        "chip.toml: levels[0].parts: 'inptu' is not one of input, output; did you mean 'input'?",
    ]


def test_the_schema_accepts_what_the_reader_accepts():
    good = {"name": "a", "size": "1 KiB", "count": 2, "share": 1.0, "on": True, "parts": ["input"]}
    jsonschema.validate(good, schema(FIELDS))
    for bad in ({}, {"name": 1}, {"name": "a", "other": 1}, {"name": "a", "parts": ["x"]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, schema(FIELDS))
        assert read(bad, FIELDS, "")[1]


def test_files_wrong(tmp_path):
    with pytest.raises(SpecError, match="no such file"):
        load_toml(tmp_path / "none.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("a =\nb = 2\n")
    with pytest.raises(SpecError, match=r"broken.toml: not valid TOML: .*line 1"):
        load_toml(broken)
    broken.write_bytes(b"\xff\xfe")
    with pytest.raises(SpecError, match="cannot be read"):
        load_toml(broken)
