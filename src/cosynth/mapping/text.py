"""A mapping as an indented loop nest, and back."""

from __future__ import annotations

import re

from cosynth.errors import MappingError
from cosynth.mapping.nest import Level, Loop, Mapping
from cosynth.workload import Einsum

_HEAD = re.compile(r"^(?P<einsum>.+) on (?P<engine>\S+)$")
_LEVEL = re.compile(r"^(?P<name>\S+?):(?P<doubled> double-buffered)?(?: keeps (?P<keep>.+))?$")
_LOOP = re.compile(
    r"^for (?P<rank>\w+) in (?P<trips>\d+) steps? of (?P<tile>\d+)(?: along (?P<dimension>\S+))?$"
)


def write(mapping: Mapping, einsum: Einsum) -> str:
    """Write a mapping of plain numbers as an indented nest; `read` takes it back.

    Each memory says what it keeps, then each loop its steps and the tile that is left inside it.
    """
    lines = [f"{mapping.einsum} on {mapping.engine}"]
    left = einsum.sizes
    depth = 1
    for level in mapping.levels:
        doubled = " double-buffered" if level.double_buffered else ""
        keep = f" keeps {', '.join(level.keep)}" if level.keep else ""
        lines.append("  " * depth + f"{level.name}:{doubled}{keep}")
        for loop in level.loops:
            depth += 1
            trips = -(-left[loop.rank] // int(loop.tile))
            left[loop.rank] = int(loop.tile)
            along = f" along {loop.dimension}" if loop.dimension else ""
            steps = f"{trips} step{'s'[: trips > 1]}"
            lines.append("  " * depth + f"for {loop.rank} in {steps} of {loop.tile}{along}")
        depth += 1
    return "\n".join(lines) + "\n"


def read(text: str) -> Mapping:
    """Read a nest that `write` wrote or a person edited; MappingError names the line.

    Only names and tiles count: steps follow from them, and indentation is for the eye.
    """
    lines = [(n, line.strip()) for n, line in enumerate(text.splitlines(), 1)]
    lines = [(n, line) for n, line in lines if line and not line.startswith("#")]
    head = _HEAD.match(lines[0][1]) if lines else None
    if not head:
        raise MappingError("line 1: expected 'EINSUM on ENGINE'")
    levels: list[Level] = []
    for number, line in lines[1:]:
        loop = _LOOP.match(line)
        level = _LEVEL.match(line)
        if loop and levels:
            last = levels[-1]
            made = Loop(rank=loop["rank"], tile=int(loop["tile"]), dimension=loop["dimension"])
            levels[-1] = Level(
                name=last.name,
                keep=last.keep,
                loops=(*last.loops, made),
                double_buffered=last.double_buffered,
            )
        elif level and not loop:
            keep = tuple(name.strip() for name in (level["keep"] or "").split(",") if name.strip())
            levels.append(
                Level(name=level["name"], keep=keep, double_buffered=bool(level["doubled"]))
            )
        else:
            raise MappingError(
                f"line {number}: expected 'LEVEL: keeps TENSORS' or "
                f"'for RANK in N steps of TILE [along DIMENSION]', found {line!r}"
            )
    return Mapping(einsum=head["einsum"], engine=head["engine"], levels=tuple(levels))
