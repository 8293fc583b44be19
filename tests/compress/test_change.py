"""A change that turns both factors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cosynth.compress.change import Turn
from cosynth.compress.network import Operand
from cosynth.format import known


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Backward(Turn):
    """The other way round."""

    def along(self, values):
        return values[..., ::-1]

    def spelt_along(self, x, nodes):
        return x


def test_a_turn_works_along_the_summed_axis_group_by_group():
    values = np.arange(24).reshape(2, 6, 2)
    one = Operand(tensor="x", at=0, axis=1, constant=False)
    found = Backward(length=3).applied(values, one, known("int8"))
    assert np.array_equal(found, values[:, [2, 1, 0, 5, 4, 3]])


def test_a_turn_brings_no_scale():
    one = Operand(tensor="x", at=0, axis=1, constant=False)
    assert Backward(length=3).scale(one, known("int8")) is None
