"""A proof is a plain record of what was found out."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from cosynth.mapper.proof import Proof


def test_a_proof_does_not_change():
    proof = Proof(bound=1.0)
    assert (proof.nodes, proof.cuts, proof.left_out) == (0, (), ())
    with pytest.raises(FrozenInstanceError):
        proof.bound = 2.0  # type: ignore[misc]
