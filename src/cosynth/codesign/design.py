"""A design on disk: hardware, formats and mappings in one JSON file that every verb reads."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cosynth.hardware as hw
from cosynth.codesign.estimate import Estimate
from cosynth.errors import SpecError
from cosynth.format import Assignment, known
from cosynth.hardware import Hardware
from cosynth.mapping import Mapping
from cosynth.mapping import read as read_mapping
from cosynth.mapping import write as write_mapping

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Hardware with formats, and for each model the mapping of each of its layers.

    `figures` are what `explore` found, in SI; `point` the parameters it chose.
    """

    name: str
    hardware: Hardware
    formats: Assignment
    mappings: dict[str, dict[str, Mapping]]
    figures: dict[str, float]
    point: dict[str, Any]
    seed: int = 0


def write(
    name: str,
    estimates: dict[str, Estimate],
    figures: dict[str, float],
    point: dict[str, Any],
    seed: int,
) -> str:
    """Return the JSON of a design that was estimated for some models."""
    first = next(iter(estimates.values()))
    formats = {key: value for key, value in asdict(first.formats).items() if value}
    document = {
        "cosynth": "design",
        "version": VERSION,
        "name": name,
        "seed": seed,
        "point": point,
        "figures": figures,
        "formats": formats,
        "hardware": hw.table(first.hardware),
        "mappings": {
            model: {
                layer.job.name: write_mapping(layer.mapped.mapping, layer.job.einsum).splitlines()
                for layer in estimate.layers
            }
            for model, estimate in estimates.items()
        },
    }
    return json.dumps(document, indent=1) + "\n"


def read(path: Path) -> Design:
    """Read a design; SpecError says what is wrong with the file."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SpecError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: cannot be read: {error}") from None
    except (json.JSONDecodeError, RecursionError) as error:
        raise SpecError(f"{path}: not valid JSON: {error}") from None
    if not isinstance(document, dict) or document.get("cosynth") != "design":
        raise SpecError(f"{path}: not a design that cosynth explore wrote")
    if document.get("version") != VERSION:
        raise SpecError(
            f"{path}: design of version {document.get('version')!r}; this Cosynth reads {VERSION}"
        )
    absent = [key for key in ("name", "hardware", "formats") if key not in document]
    if absent:
        raise SpecError(*(f"{path}: {key}: required, absent" for key in absent))
    return Design(
        name=str(document["name"]),
        hardware=hw.build(_table(document["hardware"], path, "hardware"), f"{path}: hardware"),
        formats=_formats(_table(document["formats"], path, "formats"), path),
        mappings={
            str(model): {
                str(layer): read_mapping("\n".join(map(str, lines)))
                for layer, lines in _table(layers, path, f"mappings.{model}").items()
            }
            for model, layers in _table(document.get("mappings", {}), path, "mappings").items()
        },
        figures=_table(document.get("figures", {}), path, "figures"),
        point=_table(document.get("point", {}), path, "point"),
        seed=int(document.get("seed", 0)),
    )


def _table(value: Any, path: Path, key: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SpecError(f"{path}: {key}: expected a table, got {value!r:.60}")
    return value


def _formats(table: dict[str, Any], path: Path) -> Assignment:
    try:
        layers = tuple(
            (str(n), known(w).name, known(a).name) for n, w, a in table.get("layers", ())
        )
        return Assignment(
            weights=known(table["weights"]).name,
            activations=known(table["activations"]).name,
            states=known(table["states"]).name if table.get("states") else "",
            layers=layers,
        )
    except (KeyError, ValueError, TypeError) as error:
        raise SpecError(f"{path}: formats: {error!r}") from None
