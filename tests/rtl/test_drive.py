import numpy as np
import pytest
from tests.rtl.modules import module

from cosynth.errors import CircuitError
from cosynth.rtl.bits import packed, random_values
from cosynth.rtl.drive import Block


@pytest.fixture(scope="module")
def block():
    return Block.open(module("add"), "add", {"N": 8})


def test_arrays_go_in_and_come_out(block):
    generator = np.random.default_rng(0)
    a = generator.integers(0, 256, 1000)
    big = random_values(1000, 71, generator)
    out = block.run({"a": a, "big": big})
    assert np.array_equal(out["sum"], np.concatenate([[0], a.cumsum()[:-1]]) % 256)
    for cycle in (0, 1, 999):
        whole = sum(int(word) << 32 * place for place, word in enumerate(big[cycle]))
        whole |= int(a[cycle]) << 71
        assert whole == sum(int(w) << 32 * i for i, w in enumerate(out["both"][cycle]))


def test_steps_continue_where_the_last_ended(block):
    a = np.arange(20)
    with block.powered() as running:
        parts = [running.step({"a": part})["sum"] for part in np.split(a, [7, 8])]
    assert np.array_equal(np.concatenate(parts), block.run({"a": a})["sum"])


def test_without_reset_the_state_is_drawn_by_seed(block):
    first = [int(block.run({"a": [0]}, seed=seed, reset=0)["sum"][0]) for seed in range(40)]
    assert len(set(first)) > 20
    assert first[3] == block.run({"a": [0]}, seed=3, reset=0)["sum"][0]
    assert not any(block.run({"a": [0]}, seed=seed)["sum"][0] for seed in range(40))


def test_a_reset_in_the_stimulus_resets(block):
    out = block.run({"a": [1, 1, 1, 1], "rst": [0, 0, 1, 0]})
    assert list(out["sum"]) == [0, 1, 2, 0]


def test_a_circuit_that_stops_is_an_error_wrong():
    stops = Block.open(module("stops"), "stops")
    idle = {"stop": [0, 0], "fail": [0, 0], "bad": [0, 0]}
    assert stops.run(idle) == {}
    for name, said in (("stop", r"\$finish"), ("fail", r"\$fatal"), ("bad", "assertion")):
        with pytest.raises(CircuitError, match=f"^module stops stopped: .*{said}"):
            stops.run({**idle, name: [0, 1]})


def test_mistakes_in_a_stimulus_wrong(block):
    with pytest.raises(CircuitError, match=r"^module add has no port 'som'; did you mean 'sum'"):
        block.run({"som": [1]})
    with pytest.raises(CircuitError, match=r"^module add, port sum: an output$"):
        block.run({"sum": [1]})
    with pytest.raises(CircuitError, match=r"^module add, port clk: the clock runs by itself$"):
        block.run({"clk": [1]})
    with pytest.raises(CircuitError, match=r"inputs differ in cycles: {'a': 2, 'rst': 1}$"):
        block.run({"a": [1, 2], "rst": [0]})
    with pytest.raises(
        CircuitError, match=r"^module add: open it with trace='vcd' to write x.vcd$"
    ):
        block.run({"a": [1]}, trace="x.vcd")


def test_waveforms_are_written_on_demand(tmp_path):
    traced = Block.open(module("add"), "add", {"N": 8}, trace="vcd")
    traced.run({"a": [1, 2, 3]}, trace=tmp_path / "x.vcd")
    text = (tmp_path / "x.vcd").read_text()
    assert "$var wire 8" in text
    assert "b00000011" in text


def test_packed_lanes_reach_a_wide_port(block):
    lanes = np.arange(71).reshape(1, 71) % 2
    out = block.run({"a": [255], "big": packed(lanes, 1)})
    assert list(out["both"][0]) == [0xAAAAAAAA, 0xAAAAAAAA, 0b111111110101010]
