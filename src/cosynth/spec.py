"""TOML files read strictly: every mistake at once, each with its path; and their JSON Schema."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cosynth import units
from cosynth.errors import SpecError, did_you_mean

REQUIRED: Any = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One key of a table: what it may hold, and a sentence for editors.

    `kind` is `text`, `integer`, `number`, `flag`, `texts` (a list), `table` (anything below
    it) or a dimension of `cosynth.units` (`bytes`, `bandwidth`, ...). Numbers must be at least
    `minimum`.
    """

    name: str
    kind: str
    doc: str
    default: Any = REQUIRED
    choices: tuple[str, ...] = ()
    minimum: float = 0.0
    positive: bool = False


def load_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file, or raise SpecError naming file and line."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SpecError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: cannot be read: {error}") from None
    except (ValueError, RecursionError) as error:  # also from numbers and nesting without end
        raise SpecError(f"{path}: not valid TOML: {error}") from None


def read(table: object, fields: Sequence[Field], where: str) -> tuple[dict[str, Any], list[str]]:
    """Return the values of `table` in SI, defaults filled in, and one sentence per mistake.

    `where` is the path of the table (`"chip.toml: levels[1]"`). Keys of unknown name are mistakes.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    if not isinstance(table, Mapping):
        return {}, [f"{where}: expected a table, got {_named(table)}"]
    known = {field.name for field in fields}
    for key in table:
        if key not in known:
            problems.append(f"{_at(where, key)}: unknown key{did_you_mean(key, known)}")
    for field in fields:
        if field.name not in table:
            if field.default is REQUIRED:
                problems.append(f"{_at(where, field.name)}: required, absent ({field.doc})")
            else:
                values[field.name] = field.default
            continue
        try:
            values[field.name] = _value(table[field.name], field)
        except SpecError as error:
            problems.append(f"{_at(where, field.name)}: {error}")
    return values, problems


def schema(fields: Sequence[Field]) -> dict[str, Any]:
    """Return a JSON Schema (draft 2020-12) of a table with these fields, for editors."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {field.name: _schema(field) for field in fields},
        "required": [field.name for field in fields if field.default is REQUIRED],
    }


def _at(where: str, key: str) -> str:
    return f"{where}.{key}" if where and not where.endswith(": ") else f"{where}{key}"


def _named(value: object) -> str:
    kinds = {bool: "a flag", int: "a number", float: "a number", str: "a text", list: "a list"}
    return (
        f"{kinds.get(type(value), 'a table')} ({value!r})"
        if not isinstance(value, dict)
        else "a table"
    )


def _value(value: Any, field: Field) -> Any:
    match field.kind:
        case "text":
            return _text(value, field)
        case "texts":
            if not isinstance(value, list):
                raise SpecError(f"expected a list of texts, got {_named(value)}")
            return tuple(_text(item, field) for item in value)
        case "flag":
            if not isinstance(value, bool):
                raise SpecError(f"expected true or false, got {_named(value)}")
            return value
        case "table":
            return value
        case "integer":
            if isinstance(value, bool) or not isinstance(value, int):
                raise SpecError(f"expected a whole number, got {_named(value)}")
            return int(_bounded(value, field))
        case "number":
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise SpecError(f"expected a number, got {_named(value)}")
            return _bounded(float(value), field)
        case dimension:
            return _bounded(units.parse(value, dimension), field)


def _text(value: Any, field: Field) -> str:
    if not isinstance(value, str):
        raise SpecError(f"expected a text, got {_named(value)}")
    if field.choices and value not in field.choices:
        near = did_you_mean(value, field.choices)
        raise SpecError(f"{value!r} is not one of {', '.join(field.choices)}{near}")
    return value


def _bounded(value: float, field: Field) -> float:
    if not math.isfinite(value):
        raise SpecError(f"{value} is not a finite number")
    if field.positive and value <= 0:
        raise SpecError(f"{value:g} must be more than 0")
    if value < field.minimum:
        raise SpecError(f"{value:g} must be at least {field.minimum:g}")
    return value


def _schema(field: Field) -> dict[str, Any]:
    kinds: dict[str, dict[str, Any]] = {
        "text": {"type": "string"},
        "texts": {"type": "array", "items": {"type": "string"}},
        "flag": {"type": "boolean"},
        "table": {},
        "integer": {"type": "integer", "minimum": field.minimum},
        "number": {"type": "number", "minimum": field.minimum},
        "bits": {"type": ["number", "string"]},
    }
    shape = dict(kinds.get(field.kind, {"type": "string", "examples": _examples(field.kind)}))
    if field.choices and field.kind == "texts":
        shape["items"] = {"type": "string", "enum": list(field.choices)}
    elif field.choices:
        shape["enum"] = list(field.choices)
    return shape | {"description": field.doc}


def _examples(dimension: str) -> list[str]:
    return [f"1 {unit}" for unit in list(units.UNITS.get(dimension, {}))[:3]]
