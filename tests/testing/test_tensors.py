"""The tensors hold what breaks codecs."""

from __future__ import annotations

import numpy as np

from cosynth.format import known
from cosynth.testing import tensors


def test_boundaries_hold_every_middle_and_its_neighbours():
    found = set(tensors.boundaries(known("fp4_e2m1").element).tolist())
    for middle in np.float32([0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5, 7]):
        near = {middle, np.nextafter(middle, np.float32(9)), np.nextafter(middle, np.float32(0))}
        assert {float(sign * one) for one in near for sign in (1, -1)} <= found


def test_adversarial_blocks_hold_each_trap():
    rows = tensors.adversarial(np.random.default_rng(0), 16)
    assert rows.shape[1] == 16
    peaks = np.abs(rows).max(axis=1)
    assert np.nextafter(np.float32(4), np.float32(0)) in peaks
    assert (peaks == 0).sum() == 2
    assert np.isnan(rows).any(axis=1).sum() == 3
    assert np.isinf(rows).any(axis=1).sum() == 2
