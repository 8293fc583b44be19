"""What comes out of a pipeline that stands still now and then."""

import numpy as np

GAPS = (0.0, 0.3, 0.9)


def enables(cycles, gap, generator):
    """Whether the pipeline moves in each cycle; it stands still in a share `gap` of them."""
    return generator.random(cycles) >= gap


def through(enable, expected, latency):
    """Cycles in which a result stands at the output, and what it must be.

    `expected` is what the input of each cycle becomes after `latency` cycles of moving.
    """
    taken = np.flatnonzero(enable)
    passed = np.cumsum(enable) - enable - latency
    cycles = np.flatnonzero(passed >= 0)
    return cycles, np.asarray(expected)[taken[passed[cycles]]]
