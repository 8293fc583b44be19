import pytest

from cosynth.errors import CircuitError
from cosynth.rtl import source
from cosynth.rtl.source import blocks, sources


@pytest.fixture
def three(tmp_path, monkeypatch):
    (tmp_path / "whole.sv").write_text("module whole; part p (); /* other */ endmodule // other")
    (tmp_path / "part.sv").write_text("module part; leaf #(.N(3)) l (); endmodule")
    (tmp_path / "leaf.sv").write_text("module leaf; endmodule")
    (tmp_path / "other.sv").write_text("module other; endmodule")
    monkeypatch.setattr(source, "_FOLDER", tmp_path)


def test_a_block_comes_with_what_it_is_made_of(three):
    assert blocks() == ("leaf", "other", "part", "whole")
    assert [path.stem for path in sources("whole")] == ["leaf", "part", "whole"]
    assert [path.stem for path in sources("leaf", "other")] == ["leaf", "other"]


def test_an_unknown_block_wrong(three):
    with pytest.raises(CircuitError) as error:
        sources("hole")
    assert str(error.value) == "no block is called 'hole'; did you mean 'whole'?"
