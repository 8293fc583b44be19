"""A number format as data: what is stored, the values, the error and the price."""

from __future__ import annotations

import math

import numpy as np

from cosynth.errors import SpecError
from cosynth.format import Format, gaussian_qsnr, known, mac_gates, qsnr, table
from cosynth.report.contract import CrestData, NumberFormatData

# elements of more bits are told by their range
_LISTED = 6
_CRESTS = (1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0)
# of the largest crest factor, at which a block is its peak and zeros
_NEAR = 0.95


def format_data(name: str) -> NumberFormatData:
    """Return a number format, by name or from a file, as data; SpecError as `known` has it."""
    found = known(name)
    error = gaussian_qsnr(found)
    return {
        "cosynth": "format",
        "name": found.name,
        "about": found.about,
        "kind": found.kind,
        "bits": float(found.bits),
        "smallest": found.reach[0],
        "largest": found.reach[1],
        "values": _values(found),
        "rule": found.rule if found.scale else "",
        "element_bits": found.element_bits,
        "exponent": found.exponent,
        "mantissa": found.mantissa,
        "block": found.block,
        "scale": found.scale.name if found.scale else "",
        "scale_bits": found.scale_bits,
        "zero_point": found.zero,
        "tensor_scale": found.tensor,
        "gaussian_qsnr": error if math.isfinite(error) else None,
        "law": _law(found),
        "multiply_gates": float(mac_gates(found, found)),
    }


def counted(number: float, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "bit"), counted(4.25, "bit")
    ('1 bit', '4.25 bits')
    """
    return f"{number:g} {noun}{'' if number == 1 else 's'}"


def _values(format: Format) -> list[float]:
    """All values of a narrow element from the least up, zero once; none of a wide one."""
    if format.element.width > _LISTED:
        return []
    values = table(format.element)
    lowest = format.element.lowest  # the code below it is not used
    return sorted({float(v) + 0.0 for v in values[np.isfinite(values)] if v >= lowest})


def _law(format: Format) -> list[CrestData]:
    """What the law says of crest factors that its blocks can well have."""
    most = _NEAR * math.sqrt(format.block) if format.block else math.inf
    try:
        return [
            {"crest": crest, "qsnr": float(qsnr(format, crest))}
            for crest in _CRESTS
            if crest <= most
        ]
    except SpecError:
        return []
