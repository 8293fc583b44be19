"""Runs and syntheses of a circuit as data and on the terminal."""

import jsonschema
import pytest
from rich.console import Console

import cosynth as cs
from cosynth.codesign import circuit
from cosynth.format import assignment
from cosynth.hardware.families.engine import engine
from cosynth.report.circuit import generate_data, simulate_data, synthesize_data
from cosynth.report.schema import schema
from cosynth.report.terminal import simulate_view, synthesize_view
from cosynth.rtl import Macro, Measured, Part, Run, Synthesis
from cosynth.workload import Builder


@pytest.fixture(scope="module")
def made():
    return circuit.generate(
        cs.load("deep-autoencoder"), engine(rows=4, columns=4, buffer=32 * 1024, registers=16)
    )


def shown(view):
    console = Console(width=80, record=True, file=None)
    with console.capture() as captured:
        console.print(view)
    return captured.get()


def test_a_run_is_told_with_its_prediction(made):
    counters = {"cycles": 1000, "steps": 600, "waits_operands": 300, "waits_sums": 0}
    layer = Measured(name="fc1", counters=counters, elements=128, bits=1024, wrong=2, words=40)
    data = simulate_data(made, Run(layers=(layer,)), 0.5)
    jsonschema.validate(data, schema("simulation"))
    assert data["rate"] == 2000
    assert data["predicted"] == made.predicted["fc1"]
    text = shown(simulate_view(data))
    assert "operands 30%, start and end 10%" in text
    assert "2 bits are WRONG" in text


def test_what_scales_of_blocks_are_is_said():
    net = Builder("wide")
    x, w = net.input("x", (2, 40)), net.weight("w", (3, 40))
    net.output(net.einsum(f"y[m,n] += {x}[m,k] * {w}[n,k]", shape=(2, 3)))
    found = circuit.generate(net.build(), engine(rows=4, columns=4), assignment("mxint8"))
    data = simulate_data(found, Run(layers=()), 0.5)
    jsonschema.validate(data, schema("simulation"))
    jsonschema.validate(generate_data(found, "chip"), schema("generation"))
    assert "Scales of blocks are constants" in shown(simulate_view(data))
    assert "by blocks of channels in 1 of 2 tensors" in data["scales"]


@pytest.mark.parametrize("accumulator", ["int32", "exact"])
def test_sums_that_leave_the_accumulator_are_told(accumulator):
    net = Builder("wide")
    x, w = net.input("x", (2, 40)), net.weight("w", (3, 40))
    net.output(net.einsum(f"y[m,n] += {x}[m,k] * {w}[n,k]", shape=(2, 3)))
    chip = engine(rows=4, columns=4, accumulator=accumulator)
    found = circuit.generate(net.build(), chip, assignment("fp8_e4m3fn"))
    data = simulate_data(found, Run(layers=()), 0.5)
    jsonschema.validate(data, schema("simulation"))
    jsonschema.validate(generate_data(found, "chip"), schema("generation"))
    if accumulator == "exact":
        assert "wraps" not in data
    else:
        assert "in y: they take up to" in data["wraps"]
        assert "Sums wrap in y" in shown(simulate_view(data))


def test_logic_and_memories_are_told_apart(made):
    found = Synthesis(
        parts=(
            Part(
                name="unit_held", parameters={}, instances=16, cells={}, gates=100.0, flip_flops=3
            ),
            Part(name="chip", parameters={}, instances=1, cells={}, gates=400.0, flip_flops=1),
        ),
        macros=(
            Macro(name="sram_1r1w", parameters={"DEPTH": 64, "WIDTH": 32, "MASKS": 1}, count=2),
        ),
    )
    data = synthesize_data(made, found, "generic", {})
    jsonschema.validate(data, schema("synthesis"))
    assert data["gates"] == 2000
    assert data["flip_flops"] == 49
    assert [block["name"] for block in data["blocks"]] == ["unit_held", "chip"]
    assert data["memories"] == data["macros"][0]["area"] > 0
    text = shown(synthesize_view(data))
    assert "unit_held" in text
    assert "as macros: 2 of them" in text
