"""Lists of what there is."""

from __future__ import annotations

import numpy as np
import pytest

from cosynth.errors import SpecError
from cosynth.format import known, table
from cosynth.report.catalogue import KINDS, listing, names


@pytest.mark.parametrize("kind", KINDS)
def test_every_name_is_an_entry_with_a_line(kind):
    entries = listing(kind)["entries"]
    assert tuple(entry["name"] for entry in entries) == names(kind)
    assert all(entry["about"] and "\n" not in entry["about"] for entry in entries)


def test_formats_tell_range_and_rule():
    entries = {entry["name"]: entry for entry in listing("formats")["entries"]}
    for name, entry in entries.items():
        found = known(name)
        assert (entry["rule"] != "") == (found.scale is not None)
        if found.element.width <= 16:
            values = np.abs(table(found.element).astype(float))
            values = values[np.isfinite(values) & (values > 0)]
            # the lowest code of a symmetric integer is never written
            whole = found.kind in {"integer", "ternary"} and found.element.signed
            unused = whole and not found.element.full
            assert entry["smallest"] == values.min()
            assert found.pairs or entry["largest"] == values.max() - unused * values.min()
    one = entries["mxfp4"]
    assert one["about"].startswith("4.25 bits, float, 0.5 to 6, floor over blocks of 32, ")
    assert (entries["fp32"]["smallest"], entries["fp32"]["largest"]) == (
        2.0**-149,
        3.4028234663852886e38,
    )


def test_one_bit_is_no_plural():
    entries = {entry["name"]: entry for entry in listing("formats")["entries"]}
    assert entries["binary"]["about"].startswith("1 bit, binary, ")


def test_unknown_kind_wrong():
    with pytest.raises(SpecError, match="no list of 'chips'; there are models, hardware"):
        listing("chips")
