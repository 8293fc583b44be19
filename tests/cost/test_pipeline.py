"""How transfers and work overlap."""

from __future__ import annotations

import numpy as np
import pytest

from cosynth.cost.pipeline import port_time, staged


def test_a_shared_port_serves_both_directions_in_turn():
    assert port_time(6.0, 4.0, 2.0, 100.0, True, max) == 5.0
    assert port_time(6.0, 4.0, 2.0, 1.0, False, max) == 4.0


def test_a_single_tile_waits_for_its_transfer():
    assert staged(3.0, 2.0, 0.5, False, max, min) == (5.0, 2.0)


def test_two_tiles_hide_all_but_the_first_transfer():
    assert staged(3.0, 2.0, 0.5, True, max, min) == (3.5, 0.5)
    assert staged(1.0, 4.0, 0.5, True, max, min) == (4.0, 0.5)


def test_two_tiles_never_take_longer_than_one():
    rng = np.random.default_rng(0)
    latency, transfer, fill = rng.random((3, 100))
    one = staged(latency, transfer, fill, False, np.maximum, np.minimum)[0]
    two = staged(latency, transfer, fill, True, np.maximum, np.minimum)[0]
    assert (two <= one).all()
    assert two[7] == pytest.approx(
        staged(float(latency[7]), float(transfer[7]), float(fill[7]), True, max, min)[0]
    )
