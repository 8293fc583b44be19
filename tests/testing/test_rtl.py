"""Each check of the suite is shown a module that is wrong in just that way."""

import numpy as np
import pytest
from tests.rtl.modules import module

from cosynth.rtl.drive import Block
from cosynth.testing.rtl import assert_follows, assert_passes

DATA = np.random.default_rng(5).integers(0, 256, 60)
LAST = DATA % 2


def check(block, data=DATA, **options):
    send = {"in": {"in_data": DATA, "in_last": LAST}}
    assert_passes(
        block, send, {"out": {"out_data": data, "out_last": LAST[: len(data)]}}, **options
    )


def variant(tmp_path, old, new):
    """The buffer with one place changed."""
    text = module("fifo")[0].read_text()
    assert text.count(old) == 1
    file = tmp_path / "fifo.sv"
    file.write_text(text.replace(old, new))
    return Block.open([file], "fifo")


def test_a_right_buffer_passes():
    check(Block.open(module("fifo"), "fifo"))


def test_a_beat_that_is_wrong_missing_or_too_much():
    block = Block.open(module("fifo"), "fifo")
    wrong = DATA.copy()
    wrong[7] ^= 1
    with pytest.raises(AssertionError, match=f"beat 7 of out_data is {DATA[7]}, not {wrong[7]}"):
        check(block, wrong)
    with pytest.raises(AssertionError, match=f"beat 59 of out_data is {DATA[59]}, not missing"):
        check(block, DATA[:59])
    with pytest.raises(AssertionError, match="beat 60 of out_data is missing, not 9"):
        assert_passes(
            block,
            {"in": {"in_data": DATA, "in_last": LAST}},
            {"out": {"out_data": [*DATA, 9]}},
            most=2000,
        )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        # loses the second beat when both places are full
        ("in_ready = !two;", "in_ready = 1'b1;", "beat .* of out_data|changed"),
        ("in_ready = !two;", "in_ready = 1'b0;", "in took 0 of 60 beats"),
        ("out_valid = one;", "out_valid = one && out_ready;", "hangs on ready"),
        ("if (!one || out_ready) first", "if (!one || out_ready || in_valid) first", "changed"),
        ("(one && !out_ready) || two", "two", "changed|beat"),
        # the reset of one of two flags is forgotten, or stands under a condition
        ("two <= 1'b0;", "", "took|beat|changed"),
        ("if (rst) begin", "if (rst && !in_valid) begin", "took|beat|changed"),
    ],
)
def test_a_wrong_buffer_is_caught(tmp_path, old, new, said):
    with pytest.raises(AssertionError, match=said):
        check(variant(tmp_path, old, new), most=5000)


def test_a_sum_is_followed_cycle_by_cycle():
    block = Block.open(module("add"), "add")
    sums = np.concatenate([[0], DATA.cumsum()[:-1]]) % 256
    assert_follows(block, {"a": DATA}, {"sum": sums})
    sums[9] ^= 1
    with pytest.raises(AssertionError, match="module add, seed 0, cycle 9: sum is"):
        assert_follows(block, {"a": DATA}, {"sum": sums})
    assert_follows(block, {"a": DATA}, {"sum": sums}, where={"sum": np.arange(60) != 9})
