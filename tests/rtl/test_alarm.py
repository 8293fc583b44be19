"""An alarm brought up through the blocks of a chip."""

import numpy as np
import pytest

from cosynth.errors import CircuitError
from cosynth.rtl.alarm import reachable, wired
from cosynth.rtl.drive import Block
from cosynth.rtl.lint import lint

LEAF = """module leaf (
    input  wire logic             clk,
    input  wire logic             flaw,
    output logic                  seen,
    output logic                  fault
);
  always_ff @(posedge clk) seen <= flaw;
  assign fault = flaw;
endmodule
"""
QUIET = """module quiet (
    input  wire logic clk,
    output logic      low
);
  always_ff @(posedge clk) low <= 1'b0;
endmodule
"""
MIDDLE = """// leaf leaf (
module middle #(
    parameter int N = 3
) (
    input  wire logic         clk,
    input  wire logic [N-1:0] flaws,
    output logic      [N-1:0] seen
);
  generate
    for (genvar i = 0; i < N; i++) begin : g_leaf
      if (i != 1) begin : g_there
        leaf one (.clk, .flaw(flaws[i]), .seen(seen[i]));
      end else begin : g_absent
        assign seen[i] = flaws[i] && !clk;
      end
    end
  endgenerate
endmodule
"""
TOP = """module roof (
    input  wire logic       clk,
    input  wire logic       rst,
    input  wire logic [2:0] flaws,
    output logic      [2:0] seen,
    output logic            low
);
  logic unused;
  assign unused = rst;
  quiet quiet (.clk, .low);
  middle #(
      .N(3)
  ) middle (
      .clk, .flaws, .seen
  );
endmodule
"""
TEXTS = {"leaf": LEAF, "quiet": QUIET, "middle": MIDDLE, "roof": TOP}


def files(folder, texts):
    for name, text in texts.items():
        (folder / f"{name}.sv").write_text(f"`default_nettype none\n{text}`default_nettype wire\n")
    return tuple(sorted(folder.glob("*.sv")))


def test_the_alarm_rises_with_any_fault_and_stays_until_reset(tmp_path):
    seed = 3
    rng = np.random.default_rng(seed)
    cycles = 3000
    flaws = np.where(rng.random(cycles) < 0.2, rng.integers(0, 8, cycles), 0)
    rst = rng.random(cycles) < 0.1
    rst[0] = True
    block = Block.open(files(tmp_path, wired(TEXTS, ["leaf"], "roof")), "roof", {})
    found = block.run({"flaws": flaws, "rst": rst})["alarm"].astype(bool)
    expected, kept = np.zeros(cycles, dtype=bool), False
    for at in range(cycles):
        fault = bool(flaws[at] & 5)  # flaw 1 stands in an arm that is not built
        expected[at] = kept or fault
        kept = not rst[at] and expected[at]
    assert 0.2 < expected.mean() < 0.8
    assert (found[1:] == expected[1:]).all(), f"seed {seed}"


def test_no_tool_finds_fault(tmp_path):
    assert lint(files(tmp_path, wired(TEXTS, ["leaf"], "roof")), "roof", {}) == ()


def test_only_blocks_on_the_way_change():
    found = wired(TEXTS, ["leaf"], "roof")
    assert (found["quiet"], found["leaf"]) == (QUIET, LEAF)
    assert found["middle"].startswith("// leaf leaf (\n")
    assert "    output logic              fault,\n" in found["middle"]
    assert "    logic [N-1:0] one_fault;\n    for (genvar i" in found["middle"]
    assert "leaf one (.fault(one_fault[i]), .clk, .flaw" in found["middle"]
    assert "  assign fault = |one_fault;\nendmodule" in found["middle"]
    assert "quiet quiet (.clk, .low);" in found["roof"]
    assert "    output logic            alarm,\n" in found["roof"]


def test_what_cannot_be_brought_up_wrong():
    with pytest.raises(CircuitError, match="module roof has none of other in it"):
        wired({**TEXTS, "other": LEAF}, ["other"], "roof")
    with pytest.raises(CircuitError, match="no line `input logic clk,` among its ports"):
        wired({**TEXTS, "middle": MIDDLE.replace("clk,\n", "clock,\n", 1)}, ["leaf"], "roof")
    with pytest.raises(CircuitError, match="one: its fault cannot leave a loop of this form"):
        wired({**TEXTS, "middle": MIDDLE.replace("i < N", "i <= N - 1")}, ["leaf"], "roof")


def test_a_fault_in_an_odd_loop_is_known_to_be_out_of_reach():
    place = MIDDLE.index("leaf one")
    assert reachable(MIDDLE, place)
    assert not reachable(MIDDLE.replace("i < N", "i <= N - 1"), place)
