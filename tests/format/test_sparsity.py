"""N:M masks keep the largest of every group, the earlier of equals."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from cosynth.errors import SpecError
from cosynth.format import encode, known, largest_mask, sparse_bits


@pytest.mark.parametrize(("keep", "among"), [(1, 2), (2, 4), (4, 8), (3, 3)])
def test_the_largest_stay_and_ties_go_to_the_earlier(keep, among):
    x = np.random.default_rng(5).integers(-3, 4, (6, 24)).astype(np.float32)
    mask = largest_mask(x, keep, among)
    for row, kept in zip(x.reshape(-1, among), mask.reshape(-1, among), strict=True):
        order = sorted(range(among), key=lambda at: (-abs(row[at]), at))
        assert set(np.flatnonzero(kept)) == set(order[:keep])
    assert np.array_equal(mask, largest_mask(jnp.asarray(x), keep, among))
    assert np.array_equal(largest_mask(x.T.copy(), keep, among, axis=0), mask.T)


def test_a_mask_composes_with_any_format():
    x = np.random.default_rng(6).standard_normal((4, 64)).astype(np.float32)
    mask = largest_mask(x, 2, 4)
    assert not encode(np.where(mask, x, 0), known("mxint8")).code[~mask].any()
    assert sparse_bits(known("mxint8"), 2, 4) == (8.25 + 2) / 2


def test_keeping_more_than_there_are_is_refused_wrong():
    with pytest.raises(SpecError, match="5:4 sparsity: keep from 1 to 4 of 4"):
        largest_mask(np.zeros(8), 5, 4)
