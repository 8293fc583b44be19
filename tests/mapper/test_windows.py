"""No nest of ragged tiles touches less of a window than its intervals say."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from tests.mapper.test_optimum import gemm

from cosynth.mapper.table import shape
from cosynth.workload import Tensor, Workload, parse


def partitions(size: int, tile: int):
    """Where pieces begin and end when a rank is cut into tiles within up to two larger ones."""
    for outer in range(tile, size + 1):
        for middle in range(tile, outer + 1):
            spans = [(0, size)]
            for step in (outer, middle, tile):
                spans = [
                    (start, min(start + step, end))
                    for begin, end in spans
                    for start in range(begin, end, step)
                ]
            yield (*(start for start, _ in spans), size)


@pytest.mark.parametrize("divisor", [2, 3, 4, 5])
@pytest.mark.parametrize("size", [5, 7, 10, 12])
def test_no_nest_of_ragged_tiles_touches_fewer_shared_rows(size, divisor):
    """`h//3`: of 5 in threes of twos, two and one and two touch one row each."""
    einsum = parse(f"S[h,e] += P[h,m] * V[h//{divisor},m,e]", dict(h=size, m=2, e=2), name="one")
    shapes = {"P": (size, 2), "V": (-(-size // divisor), 2, 2), "S": (size, 2)}
    tensors = tuple(Tensor(name=n, shape=s, role="activation") for n, s in shapes.items())
    model = Workload(name="one", tensors=tensors, einsums=(einsum,))
    form = shape(replace(gemm(2, 2, 2), einsum=einsum, workload=model))
    for at in range(int(form.number[0])):
        tile = int(form.high[0, at])
        for cuts in partitions(size, tile):
            pieces = itertools.pairwise(cuts)
            rows = sum(len({h // divisor for h in range(*piece)}) for piece in pieces)
            assert form.every[0, at, 0] <= rows, (tile, cuts)
            pieces = itertools.pairwise(cuts)
            most = max(len({h // divisor for h in range(*piece)}) for piece in pieces)
            assert form.held[0, at, 0] <= most, (tile, cuts)
