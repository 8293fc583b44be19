"""Lists of what there is."""

from __future__ import annotations

import pytest

from cosynth.errors import SpecError
from cosynth.report.catalogue import KINDS, format_data, listing, names


@pytest.mark.parametrize("kind", KINDS)
def test_every_name_is_an_entry_with_a_line(kind):
    entries = listing(kind)["entries"]
    assert tuple(entry["name"] for entry in entries) == names(kind)
    assert all(entry["about"] and "\n" not in entry["about"] for entry in entries)


def test_a_format_counts_the_share_of_its_scale():
    assert format_data("mxfp4")["bits"] == 4.25


def test_unknown_kind_and_format_wrong():
    with pytest.raises(SpecError, match="no list of 'chips'; there are models, hardware"):
        listing("chips")
    with pytest.raises(SpecError, match="unknown format 'mxfp44'; did you mean 'mxfp4'"):
        format_data("mxfp44")
