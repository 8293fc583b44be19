"""What is protected for a given area."""

from dataclasses import replace

import pytest

from cosynth.rtl.protect import Option, chosen_protection, silicon_area, with_parity
from cosynth.rtl.source import sources
from cosynth.rtl.synthesise import Macro, Part, Synthesis

AMONG = [
    Option(block="a", register="x", bits=10, failures=9.0, area=3.0),
    Option(block="a", register="y", bits=10, failures=4.0, area=4.0),
    Option(block="b", register="", bits=99, failures=6.0, area=1.0),
    Option(block="b", register="z", bits=5, failures=1.0, area=2.0),
]


def test_the_most_failures_for_an_area_go_first():
    found = chosen_protection(AMONG, 4.0)
    assert (found.registers, found.memories) == ({"a": ("x",)}, ("b",))
    assert found.area == 4.0
    assert found.left == pytest.approx(5 / 20)


def test_a_parity_stands_where_one_can_be_had():
    plain = [
        Option(block="fifo", register="free", bits=20, failures=3.0, area=1e-8, instances=5),
        Option(block="fifo", register="absent", bits=20, failures=2.0, area=1e-8),
        Option(block="fifo", register="", bits=9, failures=1.0, area=1e-8, keeper="sram_corrected"),
    ]
    found = with_parity(plain, sources("fifo"), 28e-9)
    assert [one.keeper for one in found] == ["checked", "tripled", "sram_corrected"]
    assert found[0].area > 0
    assert found[1:] == tuple(plain[1:])
    wide, many = (
        with_parity([replace(plain[0], bits=bits, instances=number)], sources("fifo"), 28e-9)[0]
        for bits, number in ((40, 5), (20, 10))
    )
    assert found[0].area < min(wide.area, many.area)
    assert max(wide.area, many.area) < 2 * found[0].area
    chosen = chosen_protection(found, 1.0)
    assert (chosen.registers, chosen.checked) == ({"fifo": ("absent",)}, {"fifo": ("free",)})


def test_what_does_not_fit_is_passed_over():
    assert chosen_protection(AMONG, 6.5).registers == {"a": ("x",), "b": ("z",)}


def test_more_area_never_leaves_more():
    left = [chosen_protection(AMONG, budget / 2).left for budget in range(30)]
    assert left == sorted(left, reverse=True)
    assert left[0] == 1
    assert left[-1] == pytest.approx(0)


def test_area_is_that_of_gates_and_of_memories():
    gates = Part(name="m", parameters={}, instances=2, cells={}, gates=500.0, flip_flops=0)
    macro = Macro(name="sram_1r1w", parameters={"DEPTH": 64, "WIDTH": 32}, count=1)
    both, logic, memory = (
        silicon_area(Synthesis(parts=parts, macros=macros), 28e-9)
        for parts, macros in (((gates,), (macro,)), ((gates,), ()), ((), (macro,)))
    )
    assert both == pytest.approx(logic + memory)
    assert 0 < memory < logic
