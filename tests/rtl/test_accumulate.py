"""The accumulator's twin against a loop."""

import numpy as np

from cosynth.rtl.twin.accumulate import accumulate


def test_a_register_takes_what_it_is_given_while_it_moves():
    generator = np.random.default_rng(1)
    terms = generator.integers(-1000, 1000, 500)
    clear, enable = generator.random(500) < 0.1, generator.random(500) < 0.6
    found, known = accumulate(terms, clear, enable, 10)
    held, ready = 0, False
    for at in range(500):
        if enable[at]:
            ready |= clear[at]
            held = (0 if clear[at] else held) + int(terms[at])
            held = (held + 512) % 1024 - 512
        assert known[at] == ready
        if ready:
            assert found[at] == held
