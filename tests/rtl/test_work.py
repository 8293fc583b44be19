"""What the array is given: places in DRAM."""

from cosynth.rtl.work import Place


def test_bytes_are_rounded_up():
    assert Place(name="x", shape=(3, 5), order=(1, 0), bits=4).bytes == 8
    assert Place(name="x", shape=(3, 5), order=(1, 0), bits=8).bytes == 15
