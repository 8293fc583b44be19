"""No beat is lost or doubled between two streams: proven, not sampled.

Blocks of 2 bits: what a block does with one bit it does with all. A walk of as many cycles as are
proven passes through every state of so short a queue, so longer ones show nothing new.
"""

import pytest
from tests.rtl.modules import module
from tests.rtl.proofs import never

from cosynth.rtl.source import sources

FIFO, QUEUE = 0, 1
SIZES = {
    FIFO: ({"DEPTH": 1, "MOST": 1}, {"DEPTH": 2, "MOST": 2}, {"DEPTH": 3, "MOST": 3}),
    QUEUE: ({"DEPTH": 2, "MOST": 3},),
}
CYCLES = 14


def proven(block, sizes, mistake=0):
    parts = [*module("handshake"), *sources("fifo", "queue")]
    return never("bad", parts, "handshake", {"BLOCK": block, "MISTAKE": mistake, **sizes}, CYCLES)


@pytest.mark.parametrize(("block", "sizes"), [(b, s) for b, all in SIZES.items() for s in all])
def test_no_beat_is_lost_doubled_or_changed(block, sizes):
    assert proven(block, sizes)


@pytest.mark.parametrize("mistake", [1, 2, 3])
def test_mistakes_are_found_wrong(mistake):
    assert not proven(FIFO, SIZES[FIFO][2], mistake)
