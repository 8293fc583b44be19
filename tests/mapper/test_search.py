"""What the search proposes before anything is priced."""

from __future__ import annotations

import pytest
from tests.mapper.test_best import gemm

from cosynth.hardware import engine, priced
from cosynth.mapper.search import QUICK, Beam, mappings
from cosynth.mapping import problems


@pytest.mark.parametrize("effort", [QUICK, Beam(), Beam(careful=True)])
def test_proposals_are_legal(effort):
    path = priced(engine(rows=4, columns=4)).engines[0]
    one = gemm(24, 36, 40)
    found = mappings(one, path, 1e9, 1e9, "edp", effort)
    assert found
    for mapping in found:
        assert problems(one.einsum, one.workload, mapping, path) == ()


def test_a_wider_beam_proposes_more():
    path = priced(engine(rows=4, columns=4)).engines[0]
    one = gemm(24, 36, 40)
    narrow = mappings(one, path, 1e9, 1e9, "edp", QUICK)
    wide = mappings(one, path, 1e9, 1e9, "edp", Beam())
    assert len(wide) > len(narrow) == 1


def test_equal_questions_have_one_answer():
    path = priced(engine()).engines[0]
    one = gemm(8, 8, 8)
    assert mappings(one, path, 1e9, 1e9, "edp", QUICK) is mappings(
        one, path, 1e9, 1e9, "edp", QUICK
    )
