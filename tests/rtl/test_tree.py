"""The rules of our own: what they must find, and what they must leave in peace."""

import pytest

from cosynth.rtl.lint import by_verilator

FRAME = """`default_nettype none
module m (
    input  wire logic              clk, rst, c,
    input  wire logic signed [7:0] a, b,
    input  wire logic [7:0]        u, v,
    output logic signed [15:0]     p,
    output logic [15:0]            q,
    output logic                   t
);
    always_comb begin p = '0; q = '0; t = 1'b0; BODY end
    /* verilator lint_off UNUSEDSIGNAL */
    logic used;
    assign used = |{clk, rst, c, a, b, u, v};
endmodule
`default_nettype wire
"""
CLOCKED = """`default_nettype none
module m (
    input  wire logic       clk, rst, c,
    input  wire logic [7:0] u,
    output logic [7:0]      q
);
    always_ff @(posedge clk) begin BODY end
endmodule
`default_nettype wire
"""


def kinds(tmp_path, frame, body):
    file = tmp_path / "m.sv"
    file.write_text(frame.replace("BODY", body))
    found = by_verilator([file], "m")
    assert all(each.by == "Cosynth" for each in found), found
    return {each.kind for each in found}


@pytest.mark.parametrize(
    "body",
    [
        "p = a * u;",
        "p = a * b[7:0];",
        "p = a * {b};",
        "p = u * v;",  # a product without sign for a signed signal
        "p = a[7:0] * b[7:0];",
        "p = c ? 16'(a) >>> 1 : 16'(u);",
        "t = a < u;",
    ],
)
def test_mixed_signs_are_found(tmp_path, body):
    assert kinds(tmp_path, FRAME, body) == {"SIGN"}


@pytest.mark.parametrize(
    "body",
    [
        "p = a * b;",
        "p = 16'(a) * 16'(b) + 16'sd3;",
        "p = a * $signed(u);",
        "q = u * v;",
        "q = 16'($unsigned(a)) + 16'(u);",
        # extended by sign first, so that the sum has the right bits
        "p = 16'(a) + 16'(u);",
        "q = 16'(u) + 16'(a >>> 1) * 16'(u);",
        "q = {a, u};",
        "p = 16'(a >>> u[2:0]);",
        "t = a < b;",
        "t = a < 0;",
        "for (int i = 0; i < 4; i++) q[4*i +: 4] = u[i +: 4];",
        "for (int i = 0; i < 4; i++) if (u > 8'(1 << i)) q[i] = t;",
        "q = 16'(u >> 1);",
        "p = c ? 16'(a) >>> 1 : 16'(b);",
    ],
)
def test_clean_signs_are_left_in_peace(tmp_path, body):
    assert kinds(tmp_path, FRAME, body) == set()


@pytest.mark.parametrize(
    "body",
    [
        "if (c) begin q <= u; if (rst) q <= '0; end",
        "if (c) begin if (rst) q <= '0; else q <= u; end",
        "if (rst && c) q <= '0; else q <= u;",
        "if (c) q <= u; else if (rst) q <= '0;",
    ],
)
def test_resets_under_a_condition_are_found(tmp_path, body):
    assert kinds(tmp_path, CLOCKED, body) == {"RESET"}


@pytest.mark.parametrize(
    "body",
    [
        "if (rst) q <= '0; else if (c) q <= u;",
        "if (c) q <= u; if (rst) q <= '0;",
        "if (rst || c) q <= '0; else q <= u;",
    ],
)
def test_resets_that_stand_alone_are_left_in_peace(tmp_path, body):
    assert kinds(tmp_path, CLOCKED, body) == set()
