"""Mistakes that tools pass in silence or with a warning: which of our checks catches each.

Each module is wrong in one way; the right one is in `modules` or beside it.
"""

import numpy as np
import pytest
from tests.rtl.modules import module

from cosynth.errors import CircuitError
from cosynth.rtl.bits import as_signed, packed
from cosynth.rtl.drive import Block
from cosynth.rtl.equal import equal_readings
from cosynth.rtl.lint import by_verilator, lint
from cosynth.testing.rtl import assert_follows

CYCLES = 60
GENERATOR = np.random.default_rng(17)
A, B = GENERATOR.integers(-128, 128, (2, CYCLES, 2))
ENABLE = GENERATOR.integers(0, 2, CYCLES)


def changed(tmp_path, *places, name="multiply"):
    """A module with some places of its text changed."""
    text = module(name)[0].read_text()
    for old, new in places:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file = tmp_path / f"{name}.sv"
    file.write_text(text)
    return [file]


def compared(sources):
    """Hold `multiply` to NumPy, by 40 states at power-on."""
    products = np.where(ENABLE, (A * B).sum(axis=1), 0)
    sums = as_signed(np.concatenate([[0], products.cumsum()[:-1]]) & 0xFFFFFF, 24)
    stimulus = {"a": packed(A, 8), "b": packed(B, 8), "enable": ENABLE}
    assert_follows(Block.open(sources, "multiply"), stimulus, {"sum": sums})


def kinds(sources, top="multiply", by="Cosynth"):
    found = lint(sources, top) if by == "Yosys" else by_verilator(sources, top)
    return {each.kind for each in found if each.by == by}


def test_the_right_module_passes_all():
    compared(module("multiply"))
    assert lint(module("multiply"), "multiply") == ()
    assert equal_readings(module("multiply"), "multiply").verdict == "equal"


SIGNS = {
    "unsigned operand": [
        ("x[2], y[2]", "x[2]; logic [N-1:0] y[2]"),
    ],
    "part select": [("x[lane] * y[lane]", "x[lane] * b[N*lane +: N]")],
    "concatenation": [("x[lane] * y[lane]", "x[lane] * {y[lane]}")],
    "both without sign": [("x[lane] * y[lane]", "a[N*lane +: N] * b[N*lane +: N]")],
    "widened without sign": [("(2*N+8)'(product[1])", "(2*N+8)'({product[1]})")],
}


@pytest.mark.parametrize("mistake", SIGNS)
def test_a_lost_sign_shows_against_numpy(tmp_path, mistake):
    sources = changed(tmp_path, *SIGNS[mistake])
    with pytest.raises(AssertionError, match=r"^module multiply, seed 0, cycle \d+: sum is"):
        compared(sources)


@pytest.mark.parametrize("mistake", [name for name in SIGNS if name != "widened without sign"])
def test_a_lost_sign_is_found_where_verilator_is_silent(tmp_path, mistake):
    sources = changed(tmp_path, *SIGNS[mistake])
    assert kinds(sources) == {"SIGN"}
    assert kinds(sources, by="Verilator") <= {"UNUSEDSIGNAL"}


def test_an_arithmetic_shift_beside_an_unsigned_arm_is_found(tmp_path):
    # the standard makes it logical, without a word of any tool
    file = tmp_path / "half.sv"
    file.write_text(
        "`default_nettype none\nmodule half (input wire logic c, input wire logic signed [7:0] a,\n"
        "  input wire logic [7:0] u, output logic [7:0] q);\n"
        "  assign q = c ? a >>> 1 : u;\nendmodule\n"
    )
    assert Block.open([file], "half").run({"c": [1], "a": [-2]})["q"][0] == 127  # not -1
    assert kinds([file], "half") == {"SIGN"}
    assert kinds([file], "half", by="Verilator") == set()


@pytest.mark.parametrize(
    "places",
    [
        # one bit less than the sum can need
        [
            ("product[2]", "product[2]; logic [2*N-2:0] low"),
            ("sum + (2*N+8)'(product[0])", "sum + (2*N+8)'(signed'((2*N-3)'(product[0])))"),
        ],
        [("N*lane +: N];\n            product", "N*(lane^1) +: N];\n            product")],
    ],
)
def test_wrong_numbers_show_against_numpy(tmp_path, places):
    with pytest.raises(AssertionError, match=r"cycle \d+: sum is"):
        compared(changed(tmp_path, *places))


def test_a_reset_under_an_enable_shows_by_random_state_and_is_found(tmp_path):
    sources = changed(
        tmp_path,
        (
            "if (rst) sum <= '0;\n        else if (enable) sum",
            "if (enable) if (rst) sum <= '0;\n        else sum",
        ),
    )
    with pytest.raises(AssertionError, match=r"seed \d+, cycle 0: sum is"):
        compared(sources)
    assert kinds(sources) == {"RESET"}
    assert kinds(sources, by="Verilator") == set()


def test_a_forgotten_reset_shows_by_random_state(tmp_path):
    sources = changed(tmp_path, ("if (rst) sum <= '0;\n        else if", "if"))
    with pytest.raises(AssertionError, match=r"seed 0, cycle 0: sum is"):
        compared(sources)


def test_a_member_of_a_struct_that_is_dropped_cannot_pass(tmp_path):
    text = (
        "module lost (input wire logic clk, input wire logic [7:0] a, output logic [7:0] q);\n"
        "  typedef struct packed { logic [7:0] one; logic [7:0] two; } pair;\n  pair kept [2];\n"
        "  always_ff @(posedge clk) begin kept[0].one <= a; kept[1] <= kept[0]; end\n"
        "  assign q = kept[1].one;\nendmodule\n"
    )
    file = tmp_path / "lost.sv"
    file.write_text(text)
    assert "NETTYPE" in {each.kind for each in lint([file], "lost")}
    assert equal_readings([file], "lost").verdict == "different"
    file.write_text("`default_nettype none\n" + text)
    with pytest.raises(CircuitError, match="implicitly declared"):
        equal_readings([file], "lost")


LINTED = {
    "truncation": ("Verilator", "WIDTHTRUNC", "assign q = {a, a};"),
    "latch": ("Verilator", "LATCH", "always_comb if (a[0]) q = a;"),
    "blocking": ("Verilator", "BLKSEQ", "always_ff @(posedge clk) q = a;"),
    "two drivers": (
        "Yosys",
        "WARNING",
        "always_ff @(posedge clk) q <= a; always_ff @(posedge clk) if (a[0]) q <= 8'd1;",
    ),
    "case without default": (
        "Yosys",
        "WARNING",
        "always_comb case (a[1:0]) 2'd0: q = a; 2'd1: q = '0; 2'd2: q = '1; endcase",
    ),
    "undeclared": ("Verilator", "ERROR", "assign q = b;"),
    "no driver": ("Verilator", "UNDRIVEN", "logic [7:0] b; assign q = b;"),
}


@pytest.mark.parametrize("mistake", LINTED)
def test_structural_mistakes_are_found(tmp_path, mistake):
    by, kind, body = LINTED[mistake]
    file = tmp_path / "m.sv"
    file.write_text(
        "`default_nettype none\nmodule m (input wire logic clk, input wire logic [7:0] a,\n"
        f"  output logic [7:0] q);\n  {body}\nendmodule\n"
    )
    assert kind in kinds([file], "m", by=by)


def test_an_index_past_an_array_shows_against_numpy(tmp_path):
    # three places, four addresses: no tool warns
    file = tmp_path / "past.sv"
    file.write_text(
        "`default_nettype none\nmodule past (input wire logic clk, input wire logic rst,\n"
        "  input wire logic [1:0] at, input wire logic [7:0] a, output logic [7:0] q);\n"
        "  logic [7:0] kept [3];\n"
        "  always_ff @(posedge clk) begin\n    kept[at] <= a;\n    q <= kept[at];\n"
        "    if (rst) q <= '0;\n  end\nendmodule\n"
    )
    assert lint([file], "past") == ()
    cycle = np.arange(16)
    data = cycle + 1
    block = Block.open([file], "past")
    # each place is written, and read in the cycle after; what a memory of four places would give
    stimulus, expect = {"at": cycle // 2 % 4, "a": data}, {"q": np.roll(data, 2)}
    read = (cycle % 2 == 0) & (cycle > 0)
    assert_follows(block, stimulus, expect, where={"q": read & (cycle != 8)})
    with pytest.raises(AssertionError, match=r"cycle 8: q is"):
        assert_follows(block, stimulus, expect, where={"q": read})
