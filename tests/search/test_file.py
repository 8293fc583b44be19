"""Space files: read, written, described."""

import tomllib
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from tests.search.test_space import spaces

from cosynth.errors import SpecError
from cosynth.search import Space, read_space, space_of, space_schema, write_space

EXAMPLE = """
[[parameter]]
name = "engine"
kind = "category"
values = ["dot", "systolic"]

[[parameter]]
name = "rows"
kind = "integer"
low = 4
high = 64
step = 4
when = { engine = ["systolic"] }
doc = "Rows of the array."

[[parameter]]
name = "buffer"
kind = "power"
dimension = "bytes"
low = "8 KiB"
high = "1 MiB"

[[parameter]]
name = "bandwidth"
kind = "real"
dimension = "bandwidth"
scale = "log"
low = "1 GB/s"
high = "64 GB/s"
levels = 7
"""


def test_a_file_with_every_kind_reads(tmp_path: Path) -> None:
    (tmp_path / "edge.toml").write_text(EXAMPLE)
    space = read_space(tmp_path / "edge.toml")
    assert space.names == ("engine", "rows", "buffer", "bandwidth")
    assert space.values("buffer") == [2**power for power in range(13, 21)]
    assert space.values("bandwidth")[:2] == pytest.approx([1e9, 2e9])
    assert space.size == (1 + 16) * 8 * 7


def test_reading_what_was_written_gives_the_same_space() -> None:
    space = space_of(tomllib.loads(EXAMPLE), "s")
    assert space_of(tomllib.loads(write_space(space)), "s") == space


@given(spaces())
@settings(max_examples=40, deadline=None)
def test_any_space_survives_the_round_trip_and_meets_its_schema(space: Space) -> None:
    table = tomllib.loads(write_space(space))
    assert space_of(table, "s") == space
    jsonschema.validate(table, space_schema())


@pytest.mark.parametrize("text", ["", "parameter = []", "[[parameter]]\nname = 'x'\nkind = 'pow'"])
def test_schema_refuses_what_reading_refuses(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(text), space_schema())
    with pytest.raises(SpecError):
        space_of(tomllib.loads(text), "s")


def test_all_mistakes_of_a_file_wrong() -> None:
    text = """
    version = 2
    [[parameter]]
    name = "rows"
    kind = "intger"
    [[parameter]]
    name = "columns"
    kind = "integer"
    low = 4
    hihg = 8
    [[parameter]]
    name = "buffer"
    kind = "power"
    dimension = "bytes"
    low = "8"
    high = "1 MiB"
    [[parameter]]
    name = "clock"
    kind = "real"
    low = true
    high = 2
    when = { row = [{}] }
    [[parameter]]
    name = "order"
    kind = "category"
    values = "row"
    """
    with pytest.raises(SpecError) as caught:
        space_of(tomllib.loads(text), "edge.toml")
    assert caught.value.problems == (
        "edge.toml: version: unknown key",
        "edge.toml: parameter[0].kind: 'intger' is not one of integer, power, category, real;"
        " did you mean 'integer'?",
        "edge.toml: parameter[1].hihg: unknown key; did you mean 'high'?",
        "edge.toml: parameter[1].high: required, absent (The greatest value, included.)",
        "edge.toml: parameter[2].low: '8' has no unit; write for example '8 KiB'",
        "edge.toml: parameter[3].low: expected a number, got True",
        "edge.toml: parameter[3].when.row: expected a list of texts, numbers or flags",
        "edge.toml: parameter[4].values: expected a list, got 'row'",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "s: the space is empty; give at least one [[parameter]]"),
        ("parameter = 3", "s: parameter: expected tables headed [[parameter]]"),
        ("parameter = [3]", "s: parameter[0]: expected a table, got 3"),
        (
            "[[parameter]]\nname = 'n'\nkind = 'power'\nlow = 3\nhigh = 8",
            "s: parameter[0].low: 3 is not a power of two; use 4",
        ),
        (
            "[[parameter]]\nname = 'n'\nkind = 'integer'\nlow = 0.5\nhigh = 8",
            "s: parameter[0]: low and high of an integer must be whole numbers",
        ),
    ],
)
def test_a_file_wrong(text: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        space_of(tomllib.loads(text), "s")
    assert str(caught.value) == message
