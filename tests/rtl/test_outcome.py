"""Shares and their intervals."""

import numpy as np
import pytest

from cosynth.rtl.outcome import MASKED, WRONG, Stratum, combined, wilson


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    # Brown, Cai, DasGupta 2001, and by hand: (0, n) ends at z^2 / (n + z^2)
    [
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (81, 263, 0.2553, 0.3662),
    ],
)
def test_wilson_is_as_published(count, of, low, high):
    found = wilson(count, of)
    assert found.low == pytest.approx(low, abs=1e-4)
    assert found.high == pytest.approx(high, abs=1e-4)
    assert found.value == count / of


def test_nothing_drawn_says_nothing():
    found = wilson(0, 0)
    assert (found.low, found.high) == (0.0, 1.0)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    seed = 7
    rng = np.random.default_rng(seed)
    for truth in (0.02, 0.3):
        held = [
            (one := wilson(int(count), 200)).low <= truth <= one.high
            for count in rng.binomial(200, truth, 2000)
        ]
        assert 0.93 < np.mean(held) < 0.985, f"seed {seed}"


def stratum(kind, bits, wrong, of):
    return Stratum(kind=kind, bits=bits, counts={WRONG: wrong, MASKED: of - wrong})


def test_kinds_count_by_their_bits():
    found = combined([stratum("a", 900, 10, 100), stratum("b", 100, 50, 100)], (WRONG,))
    assert found.value == pytest.approx(0.9 * 0.1 + 0.1 * 0.5)
    assert found.low < found.value < found.high


def test_one_kind_alone_has_about_its_own_interval():
    alone, same = wilson(20, 100), combined([stratum("a", 5, 20, 100)], (WRONG,))
    assert same.value == pytest.approx(alone.value)
    assert same.low == pytest.approx(alone.low, abs=0.01)
    assert same.high == pytest.approx(alone.high, abs=0.01)


def test_combined_intervals_hold_the_truth():
    seed = 11
    rng = np.random.default_rng(seed)
    truths, bits = (0.002, 0.1), (9000, 1000)
    truth = np.dot(truths, bits) / sum(bits)
    held = []
    for _ in range(1000):
        drawn = [rng.binomial(300, share) for share in truths]
        found = combined(
            [stratum(str(i), bits[i], int(n), 300) for i, n in enumerate(drawn)], (WRONG,)
        )
        held.append(found.low <= truth <= found.high)
    assert np.mean(held) > 0.93, f"seed {seed}"


def test_without_a_hit_the_share_is_nothing_but_not_its_upper_end():
    found = combined([stratum("a", 900, 0, 100), stratum("b", 100, 0, 100)], (WRONG,))
    assert found.value == 0
    assert 0.01 < found.high < 0.1
