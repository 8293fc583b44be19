import pytest
from tests.rtl.modules import module

from cosynth.errors import CircuitError
from cosynth.rtl.equal import equal_readings

LOST = """
module lost (input wire logic clk, input wire logic [7:0] a, output logic [7:0] q);
  typedef struct packed { logic [7:0] one; logic [7:0] two; } pair;
  pair kept [2];
  always_ff @(posedge clk) begin
    kept[0].one <= a;
    kept[1] <= kept[0];
  end
  assign q = kept[1].one;
endmodule
"""


@pytest.mark.parametrize("name", ["add", "fifo", "multiply"])
def test_right_modules_are_read_alike(name):
    assert equal_readings(module(name), name).verdict == "equal"


def test_parameters_reach_both_readers():
    few, many = (equal_readings(module("fifo"), "fifo", {"N": bits}).says for bits in (1, 9))
    assert few != many


def test_a_member_that_one_reader_drops_shows(tmp_path):
    file = tmp_path / "lost.sv"
    file.write_text(LOST)
    found = equal_readings([file], "lost")
    assert found.verdict == "different"
    assert "in_a" in found.says


def test_what_cannot_be_read_wrong(tmp_path):
    file = tmp_path / "lost.sv"
    file.write_text("`default_nettype none\n" + LOST)
    with pytest.raises(CircuitError, match=r"^module lost is not read cleanly:\n.*kept\[0\].one"):
        equal_readings([file], "lost")
