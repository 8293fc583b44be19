"""Zero points: the range holds zero exactly, and its ends."""

from __future__ import annotations

import numpy as np

from cosynth.format import decode, encode, known


def test_zero_is_exact_and_the_error_at_most_half_a_step():
    rng = np.random.default_rng(3)
    x = (rng.standard_normal((20, 128)) + rng.uniform(-3, 3, (20, 1))).astype(np.float32)
    x[:, 7] = 0
    found = encode(x, known("uint4_g128"))
    back = decode(found)
    assert not back[:, 7].any()
    low, high = np.minimum(x.min(1), 0), np.maximum(x.max(1), 0)
    step = (high - low) / 15 * (1 + 2**-8)  # the scale is a bf16
    assert (np.abs(back - x) <= step[:, None]).all()


def test_ends_of_the_range_are_the_ends_of_the_codes():
    x = np.float32([[-1.0, 0.5, 2.0] + [0.0] * 125])
    found = encode(x, known("uint4_g128"))
    assert (found.zero.item(), found.code[0, :3].tolist()) == (5, [0, 7, 15])
