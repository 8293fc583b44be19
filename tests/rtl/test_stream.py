import numpy as np
import pytest
from tests.rtl.modules import module

from cosynth.errors import CircuitError
from cosynth.rtl.bits import random_values
from cosynth.rtl.drive import Block
from cosynth.rtl.stream import NEVER, Stream, Traffic, exchange

BEATS = 50


@pytest.fixture(scope="module", params=[8, 100])
def block(request):
    return Block.open(module("fifo"), "fifo", {"N": request.param})


def sent(block):
    bits = block.port("in_data").bits
    generator = np.random.default_rng(bits)
    return {"in_data": random_values(BEATS, bits, generator), "in_last": np.arange(BEATS) % 2}


def test_beats_come_out_as_they_went_in(block):
    send = sent(block)
    passed = exchange(block, Traffic(send={"in": send}, expect={"out": BEATS}))
    out = passed["out"]
    assert np.array_equal(out.beats["out_data"], send["in_data"])
    assert np.array_equal(out.beats["out_last"], send["in_last"])
    assert np.array_equal(passed["in"].when, np.arange(BEATS))
    assert np.array_equal(out.when, 1 + np.arange(BEATS))
    assert (out.changed, out.peeked) == (NEVER, NEVER)


def test_pauses_are_as_likely_as_told(block):
    for sending, taking in ((0.9, 0.0), (0.0, 0.9), (0.5, 0.0)):
        traffic = Traffic(
            send={"in": sent(block)},
            expect={"out": BEATS},
            pause_sending=sending,
            pause_taking=taking,
        )
        cycles = np.mean(
            [exchange(block, traffic, seed=seed)["out"].when[-1] for seed in range(20)]
        )
        expected = BEATS / (1 - max(sending, taking))
        assert 0.8 * expected < cycles < 1.25 * expected


def test_what_never_comes_ends_after_the_most_cycles(block):
    traffic = Traffic(send={"in": sent(block)}, expect={"out": BEATS + 1}, most=500)
    assert len(exchange(block, traffic)["out"].when) == BEATS


def test_what_comes_too_much_is_taken(block):
    traffic = Traffic(send={"in": sent(block)}, expect={"out": BEATS - 2})
    assert len(exchange(block, traffic)["out"].when) == BEATS


def test_a_cut_starts_anew(block):
    traffic = Traffic(send={"in": sent(block)}, expect={"out": BEATS}, pause_taking=0.9)
    for seed in range(10):
        got = exchange(block, traffic, seed=seed, cut=seed)["out"].beats["out_data"]
        assert np.array_equal(got, sent(block)["in_data"])


def test_mistakes_in_traffic_wrong(block):
    with pytest.raises(CircuitError, match=r"^module fifo has no ports inn_valid and inn_ready$"):
        Stream.of(block, "inn")
    some = {"in_data": sent(block)["in_data"]}
    with pytest.raises(CircuitError, match=r"stream in: takes in_data, in_last, not in_data$"):
        exchange(block, Traffic(send={"in": some}, expect={}))
    with pytest.raises(
        CircuitError, match=r"ports differ in beats: {'in_data': 50, 'in_last': 1}$"
    ):
        exchange(block, Traffic(send={"in": {**some, "in_last": [1]}}, expect={}))
