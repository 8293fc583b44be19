"""Silicon: sums of components, sized for the formats."""

from __future__ import annotations

import numpy as np
import pytest

from cosynth.cost import silicon
from cosynth.format import known
from cosynth.hardware import engine, priced

INT8 = (known("int8"), known("int8"))


def area(chip, factors=INT8) -> float:
    return sum(part.area for part in silicon(priced(chip), factors))


def test_more_units_and_larger_memories_take_more_area():
    base = area(engine())
    assert area(engine(rows=32)) > base
    assert area(engine(buffer=256 * 1024)) > base


def test_narrow_formats_make_smaller_units():
    int4 = (known("int4"), known("int4"))
    assert area(engine(), int4) < area(engine())


def test_off_chip_memory_has_no_area():
    parts = {part.name: part for part in silicon(priced(engine()), INT8)}
    assert parts["dram"].area == 0
    assert parts["buffer"].area > 0 < parts["mac"].area


def test_scalar_and_batch_agree():
    sizes = np.array([8, 16, 32])
    batch = area(engine(rows=sizes, columns=sizes))
    for at, size in enumerate(sizes.tolist()):
        assert batch[at] == pytest.approx(area(engine(rows=size, columns=size)), rel=1e-14)
