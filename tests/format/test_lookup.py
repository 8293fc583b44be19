"""Lookup tables: the nearest value, on both sides of every boundary."""

from __future__ import annotations

import numpy as np

from cosynth.format import Element, Format, encode, known


def test_a_table_of_ones_own_in_python():
    mine = Format(name="mine", element=Element(
        name="mine", kind="lookup", bits=2, values=(0.0, 1.0, -2.0, 4.0)))  # fmt: skip
    found = encode(np.float32([0.4, 0.6, -0.9, -1.1, 2.4, 2.6, 1e30, -np.inf]), mine)
    assert found.code.tolist() == [0, 1, 0, 2, 1, 3, 3, 2]
    # ties: to the even code; the middle of two even codes to the lower value
    assert encode(np.float32([0.5, -1.0]), mine).code.tolist() == [0, 2]


def test_binary_takes_the_sign():
    assert encode(np.float32([-0.0, 0.0, 1e-9, -1e-9, 7]), known("binary")).code.tolist() == [
        0, 0, 0, 1, 0
    ]  # fmt: skip
