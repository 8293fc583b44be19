import pytest
from tests.rtl.modules import module

from cosynth.errors import CircuitError
from cosynth.rtl.yosys import mistakes, read_slang, read_verilog, run


@pytest.mark.parametrize("read", [read_verilog, read_slang])
def test_both_readers_take_parameters(read):
    said = run([*read(module("add"), "add", {"N": 5}), "proc", "stat"], module("add"))
    assert said.status == 0
    assert mistakes(said) == ()
    assert "76 both" not in said.out
    sums = run([*read(module("add"), "add", {"N": 5}), "proc", "select -list w:sum"], module("add"))
    assert "sum" in sums.out


def test_what_it_writes_stays_in_the_folder(tmp_path):
    run(
        [*read_verilog(module("add"), "add", {}), "proc", "write_json out.json"],
        module("add"),
        tmp_path,
    )
    assert (tmp_path / "out.json").stat().st_size


@pytest.mark.parametrize("read", [read_verilog, read_slang])
def test_errors_are_told_wrong(read, tmp_path):
    file = tmp_path / "bad.sv"
    file.write_text(
        "`default_nettype none\nmodule bad (output logic q);\nassign q = b;\nendmodule\n"
    )
    assert any("b" in said for said in mistakes(run(read([file], "bad", {}), [file])))


def test_files_that_cannot_be_copied_wrong(tmp_path):
    with pytest.raises(CircuitError, match=r"^two of these files have one name: .*, .*$"):
        run(["stat"], [*module("add"), tmp_path / "add.sv"])
    with pytest.raises(CircuitError, match=r"none.sv: cannot be read: No such file or directory$"):
        run(["stat"], [tmp_path / "none.sv"])
