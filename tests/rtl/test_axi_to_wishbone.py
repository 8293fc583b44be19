"""The bridge to Wishbone: what a slave sees, and what comes back."""

import numpy as np
import pytest
from tests.rtl.modules import module

from cosynth.rtl import Block, Traffic, assert_clean, equal_readings, exchange, packed, sources
from cosynth.testing.rtl import assert_passes

SIZES = ({"D": 64, "CLASSIC": 0}, {"D": 32, "CLASSIC": 1}, {"D": 128, "CLASSIC": 0})
MIX, ERROR = (
    0x9E3779B9,
    1 << 6 | 1 << 9,
)  # what the slave of `modules/wishbone.sv` mixes in and refuses


def opened(sizes, **more):
    parts = [*module("wishbone"), *sources("axi_to_wishbone")]
    return Block.open(parts, "wishbone", sizes | more)


def bursts(generator, width, count):
    """Addresses, lengths less one, and the address of every beat."""
    first = generator.integers(0, 1 << 14, count) // width * width
    lengths = generator.choice([0, 0, 1, 3, 15], count)
    beats = [start + width * np.arange(n + 1) for start, n in zip(first, lengths, strict=True)]
    return first, lengths, np.concatenate(beats)


def ends(lengths):
    last = np.zeros(lengths.sum() + len(lengths), int)
    last[np.cumsum(lengths + 1) - 1] = 1
    return last


def wide(numbers, bits):
    """Each number repeated over a port of `bits` bits."""
    return packed(np.repeat(numbers[:, None], bits // 32, axis=1), 32)


def traffic(sizes, seed, count=12):
    print("seed", seed)  # noqa: T201
    generator, bits = np.random.default_rng(seed), sizes["D"]
    width = bits // 8
    read, read_lengths, asked = bursts(generator, width, count)
    write, lengths, places = bursts(generator, width, count)
    data = wide(generator.integers(0, 1 << 32, len(places)), bits)
    strobes = generator.integers(0, 1 << width, len(places))
    refused = np.logical_or.reduceat(
        (places & ERROR) == ERROR, np.cumsum(lengths + 1) - lengths - 1
    )
    send = {
        "ar": {"ar_address": read, "ar_length": read_lengths},
        "aw": {"aw_address": write, "aw_length": lengths},
        "w": {"w_data": data, "w_strobe": strobes, "w_last": ends(lengths)},
    }
    expect = {
        "r": {
            "r_data": wide(asked ^ MIX, bits),
            "r_response": np.where(asked & ERROR == ERROR, 2, 0),
            "r_last": ends(read_lengths),
        },
        "b": {"b_response": refused * 2},
        "log": {"log_address": places, "log_data": data, "log_select": strobes},
    }
    return send, expect


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_every_beat_arrives_once_and_is_answered(sizes):
    block = opened(sizes)
    for seed in range(3):
        assert_passes(block, *traffic(sizes, seed), seeds=range(seed, 40, 3))


def test_a_pipelined_bus_passes_a_beat_a_cycle():
    """Of 16 beats in a burst; three cycles more between bursts."""
    block = opened(SIZES[0], NEVER_STALLS=1)
    lengths = np.full(10, 15)
    send = {"ar": {"ar_address": 128 * np.arange(10), "ar_length": lengths}}
    passed = exchange(block, Traffic(send=send, expect={"r": 160}))
    assert passed["r"].when[-1] - passed["r"].when[0] <= 10 * (16 + 3)


def test_the_bridge_is_clean_and_read_alike():
    for sizes in SIZES[:2]:
        assert_clean(sources("axi_to_wishbone"), "axi_to_wishbone", sizes)
        found = equal_readings(sources("axi_to_wishbone"), "axi_to_wishbone", sizes)
        assert found.verdict == "equal", found
