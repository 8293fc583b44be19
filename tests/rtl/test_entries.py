"""What a bank of registers holds: each element of a window once, others as loops count them."""

from cosynth.rtl.entries import entries_of
from cosynth.rtl.segments import Turn
from cosynth.workload import parse
from cosynth.workload.einsum import accesses

EINSUM = parse("O[k,p,q] += I[c,p*2+r,q+s] * W[k,c,r,s]", dict(k=4, p=4, q=4, c=4, r=3, s=3))
DATA, WEIGHT = accesses(EINSUM.expression)


def turn(rank, turns, step=1):
    return Turn(level="registers", rank=rank, turns=turns, step=step)


def test_windows_are_held_once():
    found = entries_of([turn("s", 3), turn("q", 4), turn("k", 2)], DATA)
    assert found.total == 6
    assert found.steps == (1, 1, 0)
    assert found.fills in ((("s", 6, 1),), (("q", 6, 1),))


def test_windows_with_strides_overlap_less():
    found = entries_of([turn("r", 3), turn("p", 4)], DATA)
    assert found.total == 9  # rows 0 to 8
    assert found.steps == (1, 2)


def test_windows_that_do_not_meet_are_counted_by_loops():
    found = entries_of([turn("s", 3), turn("q", 2, 8)], DATA)
    assert found.total == 6
    assert found.steps == (1, 3)


def test_weights_are_counted_by_loops():
    found = entries_of([turn("s", 3), turn("p", 4), turn("k", 2)], WEIGHT)
    assert found.total == 6
    assert found.steps == (1, 0, 3)
    assert found.fills == (("s", 3, 1), ("k", 2, 1))
