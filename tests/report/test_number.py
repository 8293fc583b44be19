"""A number format as data, and as a person sees it."""

from __future__ import annotations

import io
import math

import jsonschema
import pytest
from rich.console import Console

from cosynth.errors import SpecError
from cosynth.format import gaussian_qsnr, known, names, qsnr
from cosynth.report.number import format_data
from cosynth.report.schema import schema
from cosynth.report.terminal import format_view


def shown(name):
    screen = Console(width=80, file=io.StringIO())
    screen.print(format_view(format_data(name)))
    return screen.file.getvalue()


def test_every_format_keeps_the_contract():
    for name in names():
        jsonschema.validate(format_data(name), schema("format"))


def test_a_format_counts_the_share_of_its_scale():
    assert format_data("mxfp4")["bits"] == 4.25


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("mxint4", [n / 4 for n in range(-7, 8)]),
        ("mxint4-full", [n / 4 for n in range(-8, 8)]),
        ("fp4_e2m1", [-6, -4, -3, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, 4, 6]),
        ("ternary", [-1, 0, 1]),
        ("binary", [-1, 1]),
        ("uint2", [0, 1, 2, 3]),
        ("int8", []),
    ],
)
def test_the_values_of_a_narrow_element_are_listed(name, values):
    assert format_data(name)["values"] == values


def test_the_error_is_that_of_the_room():
    data = format_data("nvint4")
    assert data["gaussian_qsnr"] == gaussian_qsnr(known("nvint4"))
    assert [one["crest"] for one in data["law"]] == [1.5, 2, 2.5, 3, 3.5]
    assert all(one["qsnr"] == qsnr(known("nvint4"), one["crest"]) for one in data["law"])
    assert math.isclose(data["law"][0]["qsnr"] - data["law"][3]["qsnr"], 6, abs_tol=0.1)
    assert format_data("nf4")["law"] == []
    assert format_data("fp32")["gaussian_qsnr"] is None


def line_of(name):
    return next(line.strip() for line in shown(name).splitlines() if "─" in line)


def test_values_stand_on_a_line_where_they_are():
    line = line_of("int3")
    assert [at for at, c in enumerate(line) if c == "│"] == [0, 10, 20, 30, 40, 50, 60]
    assert line_of("mxfp4") == line_of("nvfp4") == line_of("mxfp4")[::-1]
    assert line_of("uint2") == "│───────────────────│───────────────────│───────────────────│"


def test_what_a_person_sees():
    text = shown("nvfp4")
    for words in (
        "float, 4 bits: 1 sign, 2 exponent, 1 mantissa",
        "0.5 to 6, and 0",
        "8 bits (ue4m3) for 16 elements, under a float32 scale of the tensor",
        "amax: peak over largest value",
        "noise 20.4 dB below the signal, of Gaussian data",
        "640 gates (NAND2)",
    ):
        assert words in text
    assert "nothing lost" in shown("fp32")
    assert "1 bit an element" in shown("binary")
    assert "and 0" not in shown("binary") + shown("e8m0")
    assert "20 bits (bf16 and a zero point) for 128 elements" in shown("uint4_g128")


def test_unknown_format_wrong():
    with pytest.raises(SpecError, match="unknown format 'mxfp44'; did you mean 'mxfp4'"):
        format_data("mxfp44")
