"""Predicted cycles of programs beside those that the circuit counts."""

import pytest

import cosynth as cs
from cosynth import rtl
from cosynth.codesign import circuit
from cosynth.codesign.orders import machine, orders, predicted
from cosynth.cost.orders import Copy, Drain, Fill, Read, Walk
from cosynth.hardware.families.engine import engine

CHIP = {"rows": 4, "columns": 4, "buffer": 32 * 1024, "registers": 16}


@pytest.fixture(scope="module")
def made():
    return circuit.generate(cs.load("deep-autoencoder"), engine(**CHIP))


def words(made, layer):
    section = next(one for one in made.program.order if one.layer == layer)
    return made.program.image[section.address :][: 8 * section.words].view("uint64")


def test_the_circuit_needs_about_the_cycles_that_were_predicted(made):
    run = made.simulate()
    errors = [made.predicted[one.name] / one.cycles - 1 for one in run.layers]
    total = sum(made.predicted.values()) / run.cycles - 1
    assert abs(total) < 0.02
    assert max(abs(error) for error in errors) < 0.06


def test_what_a_program_is_told_to_do_is_what_the_layer_needs(made):
    found = orders(made.chip, words(made, "fc2"))
    points = 128 * 128 // (made.chip.rows * made.chip.columns)
    walks = [one.work for one in found if one.unit == "step"]
    assert all(isinstance(walk, Walk) for walk in walks)
    steps = sum(walk.chunk * walk.chunks for walk in walks)
    # filling takes longest where each weight serves one input, so that lanes may stand idle
    assert steps >= points
    reads = [one.work for one in found if one.unit == "moving"]
    assert all(isinstance(read, Read) for read in reads)
    assert sum(read.vectors for read in reads) == steps
    fills = [one.work for one in found if one.unit == "fill"]
    assert all(isinstance(fill, Fill) for fill in fills)
    assert sum(fill.vectors * fill.banks for fill in fills) * made.chip.columns == 128 * 128
    loads = [one.work for one in found if one.unit == "load"]
    assert all(isinstance(load, Copy) for load in loads)
    assert sum(load.beats for load in loads) >= (128 * 128 + 128) * 8 / made.chip.beat
    # side by side: a line of the buffer at a time is stored, a beat at a time loaded
    assert all(load.touches == load.moves for load in loads)
    stores = [one.work for one in found if one.unit == "store"]
    assert sum(store.touches for store in stores) == 128 * 8 / made.chip.line
    drains = [one.work for one in found if one.unit == "drain"]
    assert all(isinstance(drain, Drain) for drain in drains)
    assert sum(drain.lines * drain.halves for drain in drains) == 128 // made.chip.columns


def test_a_slower_memory_is_seen(made):
    near, far = (predicted(made.chip, made.program, latency) for latency in (10, 400))
    assert set(near) == set(far) == set(made.predicted)
    assert all(far[layer].cycles > near[layer].cycles + 390 for layer in near)
    assert set(predicted(made.chip, made.program, 10, only=("fc1",))) == {"fc1"}


def test_numbers_of_the_circuit_follow_from_the_chip(made):
    held = machine(made.chip, 50)
    assert (held.kept, held.latency, held.words) == (False, 50, made.chip.beat // 64)
    kept = rtl.chip(engine(**CHIP, stationarity="output"), *[made.chip.weights] * 2)
    assert machine(kept, 50).kept
    assert machine(kept, 50).delay < held.delay
