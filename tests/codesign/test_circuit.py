"""From a design to its circuit, and back from its folder."""

import json

import numpy as np
import pytest

import cosynth as cs
from cosynth import rtl
from cosynth.codesign import circuit
from cosynth.errors import SpecError
from cosynth.format import Assignment
from cosynth.hardware.families.engine import engine

CHIP = {"rows": 4, "columns": 4, "buffer": 32 * 1024, "registers": 16}


@pytest.fixture(scope="module")
def made():
    return circuit.generate(cs.load("deep-autoencoder"), engine(**CHIP))


def test_every_layer_runs_under_a_mapping_with_a_prediction(made):
    layers = [one.name for one in made.network.operations if isinstance(one, rtl.Layer)]
    assert [one.layer for one in made.program.order] == layers
    assert set(made.predicted) == set(made.mappings) == set(layers)
    assert all(cycles > 0 for cycles in made.predicted.values())


def test_the_same_seed_gives_the_same_bits_and_another_gives_others(made):
    again = circuit.generate(cs.load("deep-autoencoder"), engine(**CHIP))
    other = circuit.generate(cs.load("deep-autoencoder"), engine(**CHIP), seed=1)
    np.testing.assert_array_equal(made.program.image, again.program.image)
    assert not np.array_equal(made.program.image, other.program.image)


def test_the_circuit_finds_every_bit_of_its_reference(made):
    inputs = made.inputs(7)
    run = made.simulate(inputs)
    reference = made.reference(inputs)
    assert run.wrong == 0
    assert run.bits == 8 * sum(reference[f"fc{n}.relu"].size for n in range(1, 10)) + 8 * 640
    for layer in (one for one in made.network.operations if isinstance(one, rtl.Layer)):
        codes = reference[layer.out] & 0xFF
        np.testing.assert_array_equal(run.codes[layer.out], codes.astype(np.uint64))


def test_a_folder_is_read_back_whole(made, tmp_path):
    circuit.write(made, tmp_path)
    back = circuit.read(tmp_path, cs.load)
    np.testing.assert_array_equal(back.program.image, made.program.image)
    assert back.predicted == pytest.approx(made.predicted)
    assert back.chip == made.chip


def test_a_folder_that_was_changed_wrong(made, tmp_path):
    with pytest.raises(SpecError, match=r"no circuit.json there; cosynth generate writes one"):
        circuit.read(tmp_path, cs.load)
    circuit.write(made, tmp_path)
    document = json.loads((tmp_path / "circuit.json").read_text())
    (tmp_path / "circuit.json").write_text(json.dumps({**document, "seed": 3}))
    with pytest.raises(
        SpecError, match=r"image.bin is not what this Cosynth makes of circuit.json"
    ):
        circuit.read(tmp_path, cs.load)
    (tmp_path / "circuit.json").write_text(json.dumps({**document, "version": 9}))
    with pytest.raises(SpecError, match=r"circuit of version 9; this Cosynth reads 2"):
        circuit.read(tmp_path, cs.load)
    (tmp_path / "circuit.json").write_text("{")
    with pytest.raises(SpecError, match="cannot be read"):
        circuit.read(tmp_path, cs.load)


def test_inputs_that_do_not_fit_wrong(made):
    with pytest.raises(SpecError, match="'spectrum' is missing; did you mean 'spektrum'"):
        made.whole({"spektrum": np.zeros((1, 640))})
    with pytest.raises(SpecError, match=r"has shape \(640,\); it must be \(1, 640\)"):
        made.whole({"spectrum": np.zeros(640)})
    with pytest.raises(SpecError, match="values that are not finite"):
        made.whole({"spectrum": np.full((1, 640), np.nan)})


@pytest.mark.parametrize(
    ("options", "formats", "said"),
    [
        ({"stationarity": "flexible"}, "int8", "a flexible array has no circuit"),
        ({"accumulator": "fp32"}, "int8", "circuits add whole numbers"),
        ({"unit": "serial"}, "int8", "has no array yet; choose multiplier or decoded"),
        ({}, "nvfp4", "scales of blocks that are no powers of two have no array"),
    ],
)
def test_what_has_no_circuit_wrong(options, formats, said):
    chosen = Assignment(weights=formats, activations=formats)
    with pytest.raises(SpecError, match=said):
        circuit.generate(cs.load("deep-autoencoder"), engine(**CHIP, **options), chosen)


def test_other_hardware_wrong():
    with pytest.raises(SpecError, match="circuits are generated for the family 'engine'"):
        circuit.generate(cs.load("deep-autoencoder"), cs.hardware("eyeriss"))
