"""JSON Schemas of results, made from the types of the contract; and of the files we read."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from typing import (
    Annotated,
    NotRequired,
    TypeAlias,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from cosynth.errors import SpecError, did_you_mean
from cosynth.report import (
    contract,
    contract_circuit,
    contract_faults,
    contract_mapping,
    contract_quantize,
)

Schema: TypeAlias = Mapping[str, object]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_RESULTS = {
    "estimate": contract.EstimateData,
    "exploration": contract.ExploreData,
    "mapping": contract_mapping.MapData,
    "quantize": contract_quantize.QuantizeData,
    "generation": contract_circuit.GenerateData,
    "simulation": contract_circuit.SimulateData,
    "faults": contract_faults.InjectData,
    "protection": contract_faults.HardenData,
    "synthesis": contract_circuit.SynthesizeData,
    "program": contract_circuit.ProgramData,
    "model": contract.ModelData,
    "chip": contract.HardwareData,
    "format": contract.NumberFormatData,
    "list": contract.ListData,
    "study": contract.StudyData,
    "design": contract.DesignData,
    "points": contract.SpaceData,
}
_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}


def names() -> tuple[str, ...]:
    """Return what `schema` knows: results first, then files.

    >>> names()[:3], names()[-2:]
    (('estimate', 'exploration', 'mapping'), ('hardware', 'space'))
    """
    return (*_RESULTS, "hardware", "space")


def schema(name: str) -> Schema:
    """Return a JSON Schema (draft 2020-12); SpecError with the nearest name.

    `hardware` and `space` describe files that people write, the others what `--json` prints.
    """
    if name == "hardware":
        from cosynth.hardware import json_schema

        return json_schema()
    if name == "space":
        from cosynth.search import space_schema

        return space_schema()
    if name not in _RESULTS:
        near = did_you_mean(name, names()) or f"; known: {', '.join(names())}"
        raise SpecError(f"no schema {name!r}{near}")
    found: dict[str, Schema] = {}
    top = _shape(_RESULTS[name], found)
    return {"$schema": _DRAFT, "title": f"Cosynth {name}", **top, "$defs": found}


def _shape(kind: object, found: dict[str, Schema]) -> Schema:
    """JSON Schema of one type; tables are put into `found` and referred to by name."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return {**_shape(arguments[0], found), "description": arguments[1]}
    if origin is NotRequired:
        return _shape(arguments[0], found)
    if origin is list:
        return {"type": "array", "items": _shape(arguments[0], found)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _shape(arguments[1], found)}
    if origin in {Union, types.UnionType}:
        return _either(arguments, found)
    if is_typeddict(kind):
        assert isinstance(kind, type)
        return _table(kind, found)
    if kind is object:
        return {}
    return {"type": "null"} if kind is type(None) else {"type": _PLAIN[kind]}  # type: ignore[index]


def _either(kinds: Sequence[object], found: dict[str, Schema]) -> Schema:
    shapes = [_shape(kind, found) for kind in kinds]
    if all(set(shape) == {"type"} for shape in shapes):
        return {"type": [shape["type"] for shape in shapes]}
    return {"anyOf": shapes}


def _table(kind: type, found: dict[str, Schema]) -> Schema:
    name = kind.__name__.removesuffix("Data")
    if name not in found:
        found[name] = {}  # a table may hold itself
        hints = get_type_hints(kind, include_extras=True)
        doc = (kind.__doc__ or "").strip()
        found[name] = {
            "type": "object",
            "description": doc,
            "additionalProperties": False,
            "properties": {key: _shape(hint, found) for key, hint in hints.items()},
            "required": [key for key, hint in hints.items() if get_origin(hint) is not NotRequired],
        }
    return {"$ref": f"#/$defs/{name}"}
