"""The program of a circuit's layer as data."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from cosynth import rtl
from cosynth.errors import SpecError
from cosynth.report.contract_circuit import ProgramData


def program_data(path: Path) -> ProgramData:
    """Return the listing of a program's words, least byte first; SpecError if it is none."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SpecError(f"{path}: cannot be read: {error.strerror}") from None
    if not data or len(data) % 8:
        raise SpecError(f"{path}: {len(data)} bytes; a program has words of 8 bytes")
    words = np.frombuffer(data, dtype="<u8")
    try:
        found = rtl.decode(words.astype(np.uint64))
    except SpecError as error:
        raise SpecError(f"{path}: not a circuit's program: {error}") from None
    taken = Counter(one.unit for one in found)
    starts = Counter(one.command.unit for one in rtl.commands(words.astype(np.uint64)))
    return {
        "cosynth": "program",
        "words": len(found),
        "units": [
            {
                "unit": unit.name,
                "about": unit.about,
                "commands": starts[unit.name],
                "words": taken[unit.name],
            }
            for unit in rtl.UNITS
            if taken[unit.name]
        ],
        "listing": [str(one) for one in found],
    }
