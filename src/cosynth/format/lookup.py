"""Lookup tables: the nearest of some values, by comparing whole numbers; ties to the even code."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosynth.arrays import Array
from cosynth.format.element import Element
from cosynth.format.rounding import HIDDEN, LARGEST, MAGNITUDE


@cache
def bounds(element: Element) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the last key of each value but the largest, [n - 1], and the codes by value, [n].

    A key is float32's bits as a whole number that orders as the floats do.
    """
    values = np.array(element.values, dtype=np.float32)
    codes = np.argsort(values, kind="stable").astype(np.int32)
    ordered = values[codes]
    found = []
    for index in range(len(codes) - 1):
        middle = (Fraction(float(ordered[index])) + Fraction(float(ordered[index + 1]))) / 2
        key = _key(middle)
        tie = Fraction(float(_float(key))) == middle
        odd = int(codes[index]) % 2
        # of two even or two odd codes the lower value takes the tie
        mine = not odd or int(codes[index + 1]) % 2 == odd
        found.append(key - 1 if tie and not mine else key)
    return np.array(found, dtype=np.int32), codes


def _float(key: int) -> np.float32:
    return np.float32(np.int32(abs(key)).view(np.float32)) * np.float32(1 if key >= 0 else -1)


def _key(middle: Fraction) -> int:
    """Key of the largest float32 that is not above `middle`."""
    rounded = np.float32(float(middle))
    size = int(np.abs(rounded).view(np.int32))
    key = -size if rounded < 0 else size
    while Fraction(float(_float(key))) > middle:
        key -= 1
    return key


def nearest_code(bits: Array, element: Element, xp: Any) -> Array:
    """Return the code of the value nearest to each float32, given as bits."""
    size = bits & MAGNITUDE
    size = xp.where(size < HIDDEN, 0, xp.minimum(size, LARGEST))
    key = xp.where(bits < 0, -size, size)
    last, codes = bounds(element)
    return xp.asarray(codes)[xp.searchsorted(xp.asarray(last), key, side="left")]
