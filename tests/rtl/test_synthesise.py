import pytest
from tests.rtl.modules import module

from cosynth.errors import CircuitError
from cosynth.rtl.liberty import read_liberty
from cosynth.rtl.parts import Module
from cosynth.rtl.synthesise import counted, synthesise

CHIP = [*module("chip"), *module("multiply"), *module("sram_1r1w")]


def test_a_hierarchy_is_counted_by_module_and_macros_apart():
    found = synthesise(CHIP, "chip")
    assert [(part.name, part.instances) for part in found.parts] == [("chip", 1), ("multiply", 2)]
    (macro,) = found.macros
    assert (macro.name, macro.parameters, macro.count) == ("sram_1r1w", {"D": 16, "W": 8}, 2)
    multiply = found.parts[1]
    assert multiply.parameters == {"N": 8}
    assert multiply.flip_flops == 24
    assert found.flip_flops == 48
    assert found.gates == pytest.approx(2 * multiply.gates)
    areas = read_liberty().areas
    assert multiply.gates == pytest.approx(sum(areas[k] * n for k, n in multiply.cells.items()))


def test_flat_is_one_part_of_less_area():
    flat, deep = synthesise(CHIP, "chip", flat=True), synthesise(CHIP, "chip")
    assert len(flat.parts) == 1
    assert flat.macros == deep.macros
    assert flat.flip_flops == deep.flip_flops
    assert 0.8 * deep.gates < flat.gates < 1.02 * deep.gates


def test_registers_are_what_the_source_says():
    for bits in (3, 8):
        found = synthesise(module("add"), "add", {"N": bits})
        assert found.flip_flops == bits
        assert found.macros == ()


def test_booth_makes_multipliers_of_8_bits_smaller():
    plain, booth = (synthesise(module("multiply"), "multiply", booth=b) for b in (False, True))
    assert 0.6 < booth.gates / plain.gates < 0.85


def test_mistakes_are_not_synthesised_wrong(tmp_path):
    file = tmp_path / "m.sv"
    file.write_text(
        "module m (input wire logic clk, input wire logic a, output logic q);\n"
        "  logic b;\n  assign q = a & b;\nendmodule\n"
    )
    with pytest.raises(CircuitError, match=r"^module m cannot be synthesised:\nWire m.\\b is used"):
        synthesise([file], "m")


def test_a_cell_of_no_library_wrong():
    modules = {"m": Module(name="m", parameters={}, kinds={"odd": 1}, macros={})}
    with pytest.raises(CircuitError, match=r"^module m: cell odd is not in .*cells.lib$"):
        counted(modules, "m", read_liberty())
