import pytest
from tests.rtl.modules import module

from cosynth.errors import CircuitError
from cosynth.rtl.place import place


def test_registers_and_multipliers_are_those_of_the_source():
    placed = place(module("multiply"), "multiply", device="25k")
    assert placed.flip_flops == 24
    assert placed.multipliers == 2
    assert placed.memories == placed.small_memories == 0
    assert placed.luts > 0
    assert placed.carries > 0
    assert 50e6 < placed.frequency < 500e6


def test_seeds_move_the_frequency_and_nothing_else():
    one, two = (place(module("multiply"), "multiply", device="25k", seed=seed) for seed in (1, 2))
    assert one.frequency != two.frequency
    assert one.luts == two.luts
    assert abs(one.frequency / two.frequency - 1) < 0.3


def test_memories_become_memories():
    placed = place(module("sram_1r1w"), "sram_1r1w", {"W": 32, "D": 1024}, device="25k")
    assert placed.memories == 2


def test_without_a_path_between_registers_there_is_no_frequency(tmp_path):
    file = tmp_path / "both.sv"
    file.write_text(
        "`default_nettype none\nmodule both (input wire logic a, b, output logic q);\n"
        "  assign q = a & b;\nendmodule\n"
    )
    placed = place([file], "both", device="25k")
    assert placed.frequency is None
    assert placed.luts == 1


def test_what_does_not_fit_wrong(tmp_path):
    with pytest.raises(CircuitError, match=r"^nextpnr cannot place sram_1r1w \(exit status"):
        place(module("sram_1r1w"), "sram_1r1w", {"W": 64, "D": 32768}, device="25k")
