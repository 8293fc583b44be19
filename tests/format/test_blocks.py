"""Rows of blocks and back change nothing, whatever the axis."""

from __future__ import annotations

import numpy as np
import pytest

from cosynth.errors import SpecError
from cosynth.format import blocks, encode, known


@pytest.mark.parametrize("block", [0, 1, 2, 5, 32])
@pytest.mark.parametrize("shape", [(), (7,), (3, 5), (2, 3, 4)])
def test_what_is_cut_into_rows_comes_back(shape, block):
    x = np.arange(max(int(np.prod(shape)), 1), dtype=np.float32).reshape(shape)
    for axis in range(max(len(shape), 1)):
        lines = blocks.rows(x, block, axis, np)
        assert np.array_equal(blocks.tensor(lines, shape, block, axis, np), x)
        scales = blocks.per_block(lines[:, :1], shape, block, axis, np)
        assert scales.shape == blocks.counted(shape, block, axis)
        assert np.array_equal(blocks.flat(scales, axis, np), lines[:, :1])


def test_an_axis_that_is_not_there_is_refused_wrong():
    with pytest.raises(SpecError, match="axis 2 of blocks: the tensor has 2 axes"):
        encode(np.zeros((2, 2)), known("mxfp4"), axis=2)
