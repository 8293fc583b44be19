import pytest
from tests.rtl.modules import module

from cosynth.errors import CircuitError
from cosynth.rtl.lint import assert_clean, lint


@pytest.mark.parametrize("name", ["add", "fifo", "multiply", "stops"])
def test_right_modules_are_clean(name):
    assert lint(module(name), name) == ()
    assert_clean(module(name), name)


def test_findings_tell_where_and_what_wrong(tmp_path):
    file = tmp_path / "cut.sv"
    file.write_text(
        "`default_nettype none\nmodule cut (input wire logic [8:0] a, output logic [7:0] q);\n"
        "  assign q = a;\nendmodule\n"
    )
    found = {each.kind: each for each in lint([file], "cut")}
    assert set(found) == {"WIDTHTRUNC", "UNUSEDSIGNAL"}
    assert found["WIDTHTRUNC"].by == "Verilator"
    assert found["WIDTHTRUNC"].line == 3
    with pytest.raises(CircuitError) as error:
        assert_clean([file], "cut")
    assert str(error.value).startswith(f"module cut is not clean:\n{file}:3: Operator ASSIGNW exp")
    assert "(Verilator, WIDTHTRUNC)" in str(error.value)


def test_parameters_decide_what_is_found(tmp_path):
    file = tmp_path / "cut.sv"
    file.write_text(
        "`default_nettype none\nmodule cut #(parameter int N = 8) (input wire logic [7:0] a,\n"
        "output logic [N-1:0] q);\n  assign q = a;\nendmodule\n"
    )
    assert lint([file], "cut") == ()
    assert "WIDTHTRUNC" in {each.kind for each in lint([file], "cut", {"N": 7})}


def test_what_does_not_parse_is_a_finding(tmp_path):
    file = tmp_path / "bad.sv"
    file.write_text("`default_nettype none\nmodule bad (;\nendmodule\n")
    assert {each.kind for each in lint([file], "bad")} == {"ERROR"}
