"""The cells of a Liberty file: the area of each, and which hold a state."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from cosynth.errors import CircuitError
from cosynth.rtl.kept import read_file

OWN = Path(__file__).parent / "cells.lib"
_CELL = re.compile(r"\bcell\s*\(\s*\"?([^\s\")]+)\"?\s*\)")
_AREA = re.compile(r"\barea\s*:\s*\"?([-+.\deE]+)\"?")
_STATE = re.compile(r"\b(?:ff|latch|ff_bank|latch_bank)\s*\(")
_NAND = re.compile(r"nand_?2(?!\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Areas in the unit of the file, and that of its smallest two-input NAND."""

    path: Path
    areas: Mapping[str, float]
    states: frozenset[str]
    nand: float


def read_liberty(path: Path = OWN) -> Library:
    """Read the cells of a Liberty file; CircuitError if it has none or no two-input NAND."""
    text = read_file(path).decode(errors="replace")
    starts = [*_CELL.finditer(text)]
    areas: dict[str, float] = {}
    states = set()
    for match, after in zip_longest(starts, starts[1:]):
        body = text[match.end() : after.start() if after else None]
        area = _AREA.search(body)
        if area:
            areas[match[1]] = float(area[1])
        if _STATE.search(body):
            states.add(match[1])
    gates = [area for name, area in areas.items() if _NAND.search(name) and area > 0]
    if not gates:
        raise CircuitError(f"{path}: no Liberty file with a cell called NAND2, the unit of area")
    return Library(path=path, areas=areas, states=frozenset(states), nand=min(gates))
