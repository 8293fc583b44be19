"""Functions by tables: what is in them, and the circuit that reads them."""

import math

import numpy as np
import pytest
from tests.rtl.pipeline import GAPS, enables

from cosynth.errors import SpecError
from cosynth.format import Codes, decode, known
from cosynth.rtl.drive import Block
from cosynth.rtl.source import sources
from cosynth.rtl.twin.lookup_table import FUNCTIONS, entries, lookup_table


def values(codes, name, scale):
    return decode(Codes(format=known(name), axis=0, code=codes)).astype(np.float64) * scale


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(("source", "target"), [("int8", "int8"), ("fp8_e4m3fn", "fp8_e4m3fn")])
def test_an_entry_is_the_nearest_to_the_function(function, source, target):
    scale, out = 0.05, 0.02
    found = values(entries(function, known(source), scale, known(target), out), target, out)
    given = values(np.arange(256, dtype=np.uint8), source, scale) + 0.0  # no minus zero
    with np.errstate(all="ignore"):
        exact = FUNCTIONS[function](given)
    grid = np.unique(values(np.arange(256, dtype=np.uint8), target, out))
    grid = grid[np.isfinite(grid) & (grid > -128 * out if target == "int8" else True)]
    for at in np.flatnonzero(np.isfinite(given)):
        aim = 0.0 if math.isnan(exact[at]) else float(np.clip(exact[at], grid[0], grid[-1]))
        nearest = np.min(np.abs(grid - aim))
        assert abs(found[at] - aim) <= nearest * (1 + 1e-5) + 1e-7, (function, given[at])


def test_gelu_and_sigmoid_are_the_known_functions():
    assert FUNCTIONS["gelu"](np.array([1.0]))[0] == pytest.approx(0.841345, abs=1e-6)
    assert FUNCTIONS["sigmoid"](np.array([0.0, 1.0])) == pytest.approx([0.5, 0.731059], abs=1e-6)
    assert FUNCTIONS["softplus"](np.array([0.0]))[0] == pytest.approx(math.log(2))


def test_any_function_has_a_table():
    found = entries(lambda x: 3 - x, known("int4"), 1.0, known("int8"), 1.0)
    assert found.tolist() == [3, 2, 1, 0, 255, 254, 253, 252, 11, 10, 9, 8, 7, 6, 5, 4]


@pytest.mark.parametrize(("address", "width"), [(8, 8), (4, 16)])
def test_the_circuit_answers_as_its_twin(address, width):
    block = Block.open(sources("lookup_table"), "lookup_table", {"N": address, "M": width})
    size, cycles = 1 << address, 4000
    for seed, gap in enumerate(GAPS):
        print("seed", seed)  # noqa: T201
        generator = np.random.default_rng(seed)
        held = generator.integers(0, 1 << width, size)
        enable = enables(cycles, gap, generator)
        # written whole, then read while some entries are written anew
        write = np.concatenate([np.ones(size, bool), generator.random(cycles) < 0.2])
        given = {
            "write": write,
            "write_index": np.concatenate([np.arange(size), generator.integers(0, size, cycles)]),
            "write_value": np.concatenate([held, generator.integers(0, 1 << width, cycles)]),
            "enable": np.concatenate([np.zeros(size, bool), enable]),
            "index": generator.integers(0, size, size + cycles),
        }
        found = block.run(given, seed=seed)["value"]
        expected, table = None, held.copy()
        for at in range(size, size + cycles):
            assert expected is None or found[at] == expected
            if given["enable"][at]:
                expected = lookup_table(table, given["index"][at])
            if write[at]:
                table[given["write_index"][at]] = given["write_value"][at]


@pytest.mark.parametrize(
    ("function", "source", "said"),
    [
        ("gelo", "int8", "unknown function 'gelo'; did you mean 'gelu'"),
        ("gelu", "int16", "format 'int16': a table by codes of 16 bits is too large"),
    ],
)
def test_tables_that_cannot_be_wrong(function, source, said):
    with pytest.raises(SpecError, match=said):
        entries(function, known(source), 1.0, known("int8"), 1.0)
