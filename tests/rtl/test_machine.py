"""Networks on circuits of every flow, each bit compared, and what the counters add up to."""

from dataclasses import replace

import pytest

import cosynth as cs
from cosynth import rtl
from cosynth.codesign import circuit
from cosynth.format import Assignment
from cosynth.hardware.families.engine import engine
from cosynth.mapping import Loop
from cosynth.rtl.machine import EVENTS

DESIGNS = [
    ("deep-autoencoder", {"rows": 4, "columns": 6, "stationarity": "weight"}, "int8"),
    pytest.param("deep-autoencoder", {"rows": 5, "columns": 4, "stationarity": "input"}, "int8",
                 marks=pytest.mark.slow),
    pytest.param("deep-autoencoder", {"rows": 4, "columns": 4, "stationarity": "output"}, "int8",
                 marks=pytest.mark.slow),
    ("deep-autoencoder",
     {"rows": 4, "columns": 4, "stationarity": "weight", "accumulator": "int48"}, "fp8_e4m3fn"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "options", "format"), DESIGNS)
def test_every_bit_of_a_network_is_right(model, options, format):
    hardware = engine(buffer=32 * 1024, registers=32, **options)
    made = circuit.generate(
        cs.load(model), hardware, Assignment(weights=format, activations=format)
    )
    run = made.simulate(latency=30, seed=3)
    assert [layer.wrong for layer in run.layers] == [0] * len(run.layers)
    assert run.bits > 10_000
    for layer in run.layers:
        counters = layer.counters
        assert tuple(counters) == EVENTS
        waits = counters["waits_operands"] + counters["waits_sums"]
        assert counters["steps"] + waits <= counters["cycles"]
        assert counters["beats_written"] > 0
        assert counters["steps"] >= layer.elements * 4 / (hardware.instances("mac"))


@pytest.mark.slow
@pytest.mark.parametrize("stationarity", ["weight", "input", "output"])
def test_a_network_of_convolutions_with_residuals_is_right(stationarity):
    hardware = engine(rows=8, columns=8, stationarity=stationarity)
    made = circuit.generate(cs.load("resnet8"), hardware)
    run = made.simulate()
    assert run.wrong == 0
    assert run.bits > 600_000


def test_a_layer_that_falls_to_the_host_has_the_sums_of_the_array():
    hardware = engine(rows=4, columns=6, stationarity="weight", buffer=32 * 1024, registers=32)
    made = circuit.generate(cs.load("deep-autoencoder"), hardware)
    layer = next(one for one in made.network.operations if one.name == "fc5")
    kept, *others = made.mappings["fc5"].levels
    # each sum would go to DRAM and come back
    ranks = (*layer.einsum.reduced, layer.channel)
    loops = tuple(Loop(rank=rank, tile=1) for rank in ranks)
    levels = (replace(kept, loops=loops), *(replace(each, loops=()) for each in others))
    mappings = {**made.mappings, "fc5": replace(made.mappings["fc5"], levels=levels)}
    program = rtl.compiled(made.network, made.chip, mappings)
    assert [one.name for one in program.order if isinstance(one, rtl.Host)] == ["fc5"]
    run = replace(made, program=program).simulate(latency=30)
    assert (len(run.layers), run.wrong) == (9, 0)
