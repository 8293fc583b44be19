"""Generate loops and choices found in text."""

import pytest

from cosynth.errors import CircuitError
from cosynth.rtl.scopes import Choice, Loop, around, scopes
from cosynth.rtl.source import sources
from cosynth.rtl.statements import blank

TEXT = """
  function automatic logic f(input logic x);
    for (int i = 0; i < 2; i++) begin f = x; end
  endfunction
  always_ff @(posedge clk) begin
    if (a) b <= c;
  end
  for (genvar i = LOW; i < HIGH; i++) begin : g_a
    if (i == 1) begin : g_b
      one one (.x);
    end else if (i == 2) begin : g_c
      for (genvar j = 0; j <= 4; j++) begin : g_d
        two two (.x);
      end
    end
  end
  if (N > 0) begin : g_e
    three three (.x);
  end else begin : g_f
    four four (.x);
  end
"""


def test_what_a_place_stands_in_is_told_from_outside_in():
    found = scopes(TEXT)
    loop, choice = around(found, TEXT.index("one one"))
    assert isinstance(loop, Loop)
    assert (loop.index, loop.low, loop.high) == ("i", "LOW", "HIGH")
    assert isinstance(choice, Choice)
    assert not choice.complete
    assert [TEXT[a:b].strip()[-3:] for a, b in choice.arms] == ["end", "end"]
    odd = around(found, TEXT.index("two two"))[-1]
    assert isinstance(odd, Loop)
    assert odd.index == ""
    (whole,) = around(found, TEXT.index("four four"))
    assert isinstance(whole, Choice)
    assert whole.complete
    assert TEXT[whole.start : whole.end].startswith("if (N > 0)")
    assert TEXT[whole.start : whole.end].endswith("end")


def test_what_is_no_generate_is_passed_over():
    assert len(scopes(TEXT)) == 4
    assert around(scopes(TEXT), TEXT.index("b <= c")) == ()


def test_every_block_is_read():
    for path in sources("chip"):
        text = blank(path.read_text())
        found = scopes(text)
        blocks = sum(len(one.arms) if isinstance(one, Choice) else 1 for one in found)
        assert blocks == text.count("begin : g_"), path.stem


def test_generates_without_a_block_wrong():
    with pytest.raises(CircuitError, match="a generate has no `begin`: 'one one"):
        scopes("  if (A) one one (.x);\n")
    with pytest.raises(CircuitError, match="a `begin` has no end"):
        scopes("  if (A) begin one one (.x);\n")
