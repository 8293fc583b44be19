"""Statements of a clocked block, taken apart and put together."""

import pytest

from cosynth.errors import CircuitError
from cosynth.rtl.statements import assigns, blank, lines, only, read, without

TEXT = """ begin
    if (rst) begin
      a <= '0;
      b[3:0] <= {1'b0, c};  // not a <= 1;
    end else if (a <= 4) a <= a + 1'b1;
    else begin
      for (int i = 0; i < 2; i++) b[i] <= a[i];
    end
    case (c)
      2'd0: a <= 2'd1;
      2'd1, 2'd2: begin
        b <= '0;
      end
      default: ;
    endcase
  end"""


def written(one):
    return " ".join("\n".join(lines(one, 0)).split())


def test_targets_are_what_is_assigned_and_not_what_is_compared():
    one, end = read(blank(TEXT), 0)
    assert one.targets == {"a", "b"}
    assert blank(TEXT)[end:].strip() == ""


def test_one_register_keeps_the_conditions_above_it():
    one, _ = read(blank(TEXT), 0)
    assert written(assigns(only(one, "a"), "a", "next")) == (
        "begin if (rst) begin next = '0; end else if (a <= 4) next = a + 1'b1;"
        " case (c) 2'd0: next = 2'd1; 2'd1, 2'd2: ; default: ; endcase end"
    )
    assert written(only(one, "b")) == (
        "begin if (rst) begin b[3:0] <= {1'b0, c}; end else if (a <= 4) ; else begin"
        " for (int i = 0; i < 2; i++) b[i] <= a[i]; end"
        " case (c) 2'd0: ; 2'd1, 2'd2: begin b <= '0; end default: ; endcase end"
    )


def test_what_is_left_and_what_is_taken_out_are_all():
    one, _ = read(blank(TEXT), 0)
    rest = without(one, frozenset({"a"}))
    assert written(rest) == written(only(one, "b"))
    assert without(one, frozenset({"a", "b"})) is None
    assert only(one, "c") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [("if (a begin end", "a bracket is never closed"), ("a <= b", "a statement has no ';'")],
)
def test_a_text_that_ends_too_soon_wrong(text, said):
    with pytest.raises(CircuitError, match=said):
        read(text, 0)
