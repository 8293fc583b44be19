"""Spaces as TOML files: read with all mistakes at once, written back, described by JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cosynth import units
from cosynth.errors import SpecError, did_you_mean
from cosynth.search.parameter import KINDS, SCALES, Condition, Parameter, Value, conditions
from cosynth.search.space import Space
from cosynth.spec import Field, load_toml, read, schema

_NAME = Field(name="name", kind="text", doc="What the evaluated problem calls it.")
_KIND = Field(name="kind", kind="text", doc="What values it takes.", choices=KINDS)
_WHEN = Field(
    name="when",
    kind="table",
    default=None,
    doc="Active only while another parameter has these values.",
)
_DOC = Field(name="doc", kind="text", default="", doc="A sentence for people.")
_LOW = Field(
    name="low", kind="table", doc="The least value, included; with a unit if dimension is given."
)
_HIGH = Field(name="high", kind="table", doc="The greatest value, included.")
_DIMENSION = Field(
    name="dimension", kind="text", default="number", choices=tuple(units.UNITS),
    doc="What the range measures, so that low and high may have units.",
)  # fmt: skip
_SCALE = Field(
    name="scale",
    kind="text",
    default="linear",
    choices=SCALES,
    doc="How draws spread over the range.",
)
_STEP = Field(name="step", kind="integer", default=1, minimum=1, doc="Distance between values.")
_LEVELS = Field(
    name="levels",
    kind="integer",
    default=1001,
    minimum=2,
    doc="How many values the range is cut into.",
)
_VALUES = Field(
    name="values", kind="table", doc="A list of texts, numbers or flags to choose from."
)

_COMMON = (_NAME, _KIND, _WHEN, _DOC)
_RANGE = (*_COMMON, _LOW, _HIGH, _DIMENSION)
_FIELDS = {
    "integer": (*_RANGE, _STEP, _SCALE),
    "power": _RANGE,
    "category": (*_COMMON, _VALUES),
    "real": (*_RANGE, _SCALE, _LEVELS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    parameter: Parameter | None
    problems: tuple[str, ...]


def read_space(path: Path) -> Space:
    """Return the space of a TOML file, or raise SpecError with every mistake and its path."""
    return space_of(load_toml(path), str(path))


def space_of(table: Mapping[str, object], where: str) -> Space:
    """Return the space of a read TOML document, or raise SpecError with every mistake.

    >>> space_of({"parameter": [{"name": "rows", "kind": "power", "low": 2, "high": 8}]}, "s").size
    3
    """
    problems = [
        f"{where}: {key}: unknown key{did_you_mean(key, ['parameter'])}"
        for key in table
        if key != "parameter"
    ]
    listed = table.get("parameter", [])
    if not isinstance(listed, list):
        problems.append(f"{where}: parameter: expected tables headed [[parameter]]")
        listed = []
    elif not listed:
        problems.append(f"{where}: the space is empty; give at least one [[parameter]]")
    entries = [_entry(each, f"{where}: parameter[{index}]") for index, each in enumerate(listed)]
    problems += [problem for entry in entries for problem in entry.problems]
    parameters = [entry.parameter for entry in entries if entry.parameter]
    if not problems:
        return Space.of(*parameters, where=where)
    try:  # more mistakes of the parameters that could be read
        Space.of(*parameters)
    except SpecError as error:
        named = {each.name for each in parameters}
        problems += [
            f"{where}: {text}" for text in error.problems if parameters and _local(text, named)
        ]
    raise SpecError(*problems)


def write_space(space: Space) -> str:
    """Return the TOML text of a space; reading it gives the same space.

    >>> from cosynth.search import power
    >>> print(write_space(Space.of(power("banks", 1, 8))))
    [[parameter]]
    name = "banks"
    kind = "power"
    low = 1
    high = 8
    <BLANKLINE>
    """
    return "\n".join(map(_written, space.parameters))


def space_schema() -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of a space file, for editors."""
    kinds = [_kind_schema(kind) for kind in KINDS]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Cosynth search space",
        "type": "object",
        "additionalProperties": False,
        "required": ["parameter"],
        "properties": {"parameter": {"type": "array", "minItems": 1, "items": {"oneOf": kinds}}},
    }


def _kind_schema(kind: str) -> dict[str, object]:
    shape: dict[str, object] = schema(_FIELDS[kind])
    properties = dict(shape["properties"])  # type: ignore[call-overload]
    one_value = {"type": ["string", "number", "boolean"]}
    many = {"type": "array", "minItems": 1, "items": one_value}
    properties["kind"] |= {"enum": [kind]}
    properties["when"] |= {
        "type": "object",
        "additionalProperties": {"oneOf": [one_value, many]},
    }
    if kind == "category":
        properties["values"] |= many
    for end in {"low", "high"} & set(properties):
        properties[end] |= {"type": ["number", "string"]}
    return {**shape, "properties": properties}


def _entry(table: object, where: str) -> _Entry:
    if not isinstance(table, Mapping):
        return _Entry(parameter=None, problems=(f"{where}: expected a table, got {table!r}",))
    kind = table.get("kind")
    known = _FIELDS.get(kind) if isinstance(kind, str) else None
    values, problems = read(table, known or _COMMON, where)
    if known is None:  # without a kind, the other keys cannot be judged
        problems = [text for text in problems if ": unknown key" not in text]
    for end in {"low", "high"} & set(values):
        values[end], mistake = _number(values[end], values.get("dimension", "number"), str(kind))
        problems += [f"{where}.{end}: {mistake}"] if mistake else []
    if "values" in values and not isinstance(values["values"], list):
        problems.append(f"{where}.values: expected a list, got {values['values']!r}")
    when, mistakes = _when(values.get("when"), where)
    if problems or mistakes:
        return _Entry(parameter=None, problems=(*problems, *mistakes))
    values |= {"when": when, "values": tuple(values.get("values", ()))}
    return _Entry(parameter=Parameter(**values), problems=())


def _number(given: object, dimension: str, kind: str) -> tuple[float, str]:
    """Return a bound in SI and a sentence about what is wrong with it, or an empty one."""
    try:
        if isinstance(given, bool) or not isinstance(given, (int, float, str)):
            return 0.0, f"expected a number, got {given!r}"
        number = units.parse(given, dimension)
    except SpecError as error:
        return 0.0, str(error)
    whole = kind in {"integer", "power"} and number == int(number)
    return int(number) if whole else number, ""


def _when(given: object, where: str) -> tuple[tuple[Condition, ...], list[str]]:
    if given is None:
        return (), []
    if not isinstance(given, Mapping):
        return (), [f"{where}.when: expected a table such as {{ engine = ['systolic'] }}"]
    problems = [
        f"{where}.when.{name}: expected a list of texts, numbers or flags"
        for name, values in given.items()
        for value in (values if isinstance(values, list) else [values])
        if not isinstance(value, (str, int, float, bool))
    ]
    return (() if problems else conditions(dict(given))), problems


def _written(parameter: Parameter) -> str:
    import tomli_w

    table: dict[str, object] = {"name": parameter.name, "kind": parameter.kind}
    for field in _FIELDS[parameter.kind]:
        value = getattr(parameter, field.name)
        if field.name in {"name", "kind", "when", "values"} or value == field.default:
            continue
        table[field.name] = _quantity(value, parameter) if field in {_LOW, _HIGH} else value
    if parameter.values:
        table["values"] = list(parameter.values)
    text: str = "[[parameter]]\n" + tomli_w.dumps(table)
    if not parameter.when:
        return text
    # one line, as people write it; a JSON value is a TOML value
    pairs = [
        f"{json.dumps(each.name)} = {json.dumps(list(each.values))}" for each in parameter.when
    ]
    return f"{text}when = {{ {', '.join(pairs)} }}\n"


def _quantity(value: float, parameter: Parameter) -> Value:
    number = int(value) if parameter.kind in {"integer", "power"} else float(value)
    if parameter.dimension in {"number", "bits"}:
        return number
    base = next(unit for unit, factor in units.UNITS[parameter.dimension].items() if factor == 1)
    return f"{np.format_float_positional(number, trim='-')} {base}"


def _local(problem: str, named: set[str]) -> bool:
    """Whether a mistake stays one when the parameters that could not be read are put back."""
    return "no parameter of this name" not in problem and any(repr(n) in problem for n in named)
