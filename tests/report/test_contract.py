"""The contract says what every key means."""

from __future__ import annotations

import inspect
from typing import get_type_hints, is_typeddict

import pytest

from cosynth.report import contract, contract_mapping, contract_quantize

NAMED = vars(contract) | vars(contract_mapping) | vars(contract_quantize)
TABLES = [each for each in NAMED.values() if is_typeddict(each)]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_every_table_says_what_it_is(table):
    assert inspect.getdoc(table)
    assert table.__name__.endswith("Data")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_every_number_but_counts_has_a_unit_or_a_meaning(table):
    bare = {
        key for key, hint in get_type_hints(table, include_extras=True).items() if hint is float
    }
    assert bare == set()
