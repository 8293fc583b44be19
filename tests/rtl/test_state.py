"""What keeps a state in a circuit, beside what synthesis counts."""

from functools import cache

import pytest
from tests.rtl.modules import module
from tests.rtl.summing import files

from cosynth.errors import CircuitError
from cosynth.rtl.source import sources
from cosynth.rtl.state import assigned, state
from cosynth.rtl.synthesise import synthesise


@cache
def found():
    return state(files(), "summing", {})


def test_a_target_is_assigned_and_a_comparison_is_not():
    text = """always_ff @(posedge clk) begin
      if (a <= b) c <= d;  // e <= f;
      else g[3:0] <= h <= i;
      case (x) 2'd0: j <= k; default: l [m] [n +: 2] <= o; endcase
      for (int q = 0; q <= 3; q++) r[q] <= q < 2;
    end
    assign p = q <= r;"""
    assert assigned(text) == ("c", "g", "j", "l", "r")


def test_every_flip_flop_of_synthesis_is_found_once():
    bits = [bit for one in found().registers for bit in one.bits]
    counted = synthesise(files(), "summing").flip_flops
    assert len(bits) + found().unnamed == counted
    assert found().unnamed == 0


def test_copies_of_an_address_have_no_name_but_are_counted():
    """Yosys keeps the head of a queue a second time, to read its entries."""
    one = state(sources("fifo"), "fifo", {"WIDTH": 5, "DEPTH": 4})
    bits = sum(len(each.bits) for each in one.registers)
    counted = synthesise(sources("fifo"), "fifo", {"WIDTH": 5, "DEPTH": 4}).flip_flops
    assert (bits, one.unnamed) == (5 * 4 + 2 + 2 + 3, 2)
    assert bits + one.unnamed == counted
    entries = next(each for each in one.registers if each.name == "entries")
    assert {(bit.element, bit.bit) for (bit,) in entries.bits} == {
        (element, bit) for element in range(4) for bit in range(5)
    }


def test_what_the_host_sets_is_configuration():
    kinds = {(one.module, one.name): one.kind for one in found().registers}
    assert kinds["registers", "base"] == "configuration"
    assert kinds["registers", "busy"] == "flip-flop"
    assert kinds["summing", "sum"] == "flip-flop"


def test_memories_are_apart_with_their_sizes():
    (one,) = found().macros
    assert (one.module, one.name, one.depth, one.width, one.parts) == (
        "summing", "memory", 2, 32, 1,
    )  # fmt: skip


def test_what_is_protected_counts_under_its_own_name():
    one = state(sources("sram_corrected"), "sram_corrected", {"WIDTH": 8, "DEPTH": 4, "MASKS": 1})
    assert [(each.width, each.depth) for each in one.macros] == [(12, 4)]
    kept = state(sources("tripled"), "tripled", {"WIDTH": 3})
    assert [(each.variable, len(each.bits)) for each in kept.registers] == [("q", 3)] * 3


def test_a_module_that_is_wrong_wrong():
    with pytest.raises(CircuitError, match="cannot be synthesised"):
        state(module("copier"), "copier", {})
