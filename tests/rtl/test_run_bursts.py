"""Runs made into bursts, by themselves: gaps before runs, and many beats that wait for the bus."""

import numpy as np
import pytest

from cosynth.rtl import Block, Traffic, exchange, sources

BEAT, BYTES = 8, 8  # grains and bytes of a beat
SIZES = {"D": 64, "G": 8, "AW": 7, "OUTSTANDING": 64}


def runs(seed):
    """A command that breaks off before its last run: what was named must still be asked for."""
    generator = np.random.default_rng(seed)
    kind = seed % 3
    lengths = generator.integers(1, (9, 255, 4)[kind], 30)
    if kind == 2:  # all in one beat
        starts = 80 + generator.integers(0, 4, 30)
    else:
        starts = 40 + np.concatenate([[0], np.cumsum(lengths + 24 * (generator.random(30) < 0.1))])
    return starts[:30], lengths


def beats_of(starts, lengths):
    """Beats in the order they are asked for; one that the run before ended in is not again."""
    asked = []
    latest = -1
    for first, last in zip(starts // BEAT, (starts + lengths - 1) // BEAT, strict=True):
        asked += range(first + (first == latest), last + 1)
        latest = last
    return asked


@pytest.mark.parametrize("seed", range(12))
def test_every_beat_is_asked_for_once(seed):
    block = Block.open(sources("run_bursts"), "run_bursts", SIZES | {"AHEAD": (4, 16)[seed % 2]})
    starts, lengths = runs(seed)
    count = len(starts)
    send = {
        "run": {
            "run_dram": starts,
            "run_local": np.arange(count),
            "run_length": lengths,
            "run_last": np.zeros(count, int),
        }
    }
    for cut in (0, 2, 5, 30):
        for sending, taking in ((0.0, 0.9), (0.9, 0.0), (0.0, 0.98)):
            traffic = Traffic(
                send=send,
                expect={"burst": 1000, "piece": count},
                pause_sending=sending,
                pause_taking=taking,
                most=6000,
            )
            passed = exchange(block, traffic, seed=seed, cut=cut)
            bursts, pieces = passed["burst"].beats, passed["piece"].beats
            asked = [
                int(address) // BYTES + beat
                for address, more in zip(
                    bursts["burst_address"], bursts["burst_length"], strict=True
                )
                for beat in range(int(more) + 1)
            ]
            assert asked == beats_of(starts, lengths), (seed, cut, sending, taking)
            assert pieces["piece_local"].tolist() == list(range(count))
            assert pieces["piece_place"].tolist() == (starts % BEAT).tolist()
            ends = (starts + lengths - 1) // BEAT
            shares = [False, *(starts[1:] // BEAT == ends[:-1])]
            assert pieces["piece_shares"].tolist() == shares
