"""Boxes in NumPy, against loops written out."""

import numpy as np
import pytest

from cosynth.rtl.twin.box import Box, load, store

LOOPS = ((3, 7, 5), (2, -20, 11), (2, 0, -3))


def places(box):
    """The same by counting, one grain at a time."""
    (a, b, c) = box.loops
    for k in range(c[0]):
        for j in range(b[0]):
            for i in range(a[0]):
                for grain in range(box.run):
                    yield tuple(
                        base + i * a[side] + j * b[side] + k * c[side] + grain
                        for base, side in ((box.dram, 1), (box.local, 2))
                    )


def test_a_box_is_its_loops():
    box = Box(run=3, dram=50, local=20, loops=LOOPS)
    there, here = box.grains()
    assert list(zip(there, here, strict=True)) == list(places(box))


def test_the_last_grain_copied_stands():
    box = Box(run=3, dram=50, local=20, loops=LOOPS)
    dram, memory = np.arange(100) + 1, np.zeros(50, int)
    expected = memory.copy()
    for there, here in places(box):
        expected[here] = dram[there]
    load(box, dram, memory)
    np.testing.assert_array_equal(memory, expected)
    dram, expected = np.zeros(100, int), np.zeros(100, int)
    for there, here in places(box):
        expected[there] = memory[here]
    store(box, memory, dram)
    np.testing.assert_array_equal(dram, expected)


@pytest.mark.parametrize("grains", [2, 8, 32])
def test_beats_are_those_in_which_grains_lie(grains):
    """Going from grain to grain, a beat passes whenever it is another one than before."""
    for loops in (LOOPS, ((9, 3, 5), (2, 27, 11), (2, 200, -3)), ((9, 1, 5), (2, 1, 1), (1, 0, 0))):
        box = Box(run=3, dram=51, local=20, loops=loops)
        touched = box.grains()[0] // grains
        runs = np.arange(len(touched)) % box.run == 0
        again = np.concatenate([[False], touched[1:] == touched[:-1]])
        assert box.beats(grains) == (~again).sum()
        assert runs.sum() * box.run == len(touched)
