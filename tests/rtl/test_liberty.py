import pytest

from cosynth.errors import CircuitError
from cosynth.rtl.liberty import read_liberty


def test_our_own_cells_are_in_gates():
    library = read_liberty()
    assert library.nand == 1
    assert library.states == {"dff"}
    assert len(library.areas) == 16
    # a cell is a whole number of sites, three of which are a NAND
    assert all(abs(3 * area - round(3 * area)) < 1e-3 for area in library.areas.values())
    assert library.areas["xnor2"] == 2


def test_another_library_has_its_own_unit(tmp_path):
    file = tmp_path / "x.lib"
    file.write_text(
        'library (x) { cell ("NAND2X2") { area : 48; } cell(NAND2X1) { area : 24.0 ; }\n'
        'cell (NAND21) { area : 1; } cell (DFFSR) { area : 176; ff ("IQ", "IQN") {} } }'
    )
    library = read_liberty(file)
    assert library.nand == 24
    assert library.states == {"DFFSR"}


def test_what_is_no_library_wrong(tmp_path):
    file = tmp_path / "x.lib"
    file.write_text("nothing")
    with pytest.raises(CircuitError, match=r"x.lib: no Liberty file with a cell called NAND2"):
        read_liberty(file)
    with pytest.raises(CircuitError, match=r"y.lib: cannot be read: No such file or directory$"):
        read_liberty(tmp_path / "y.lib")
