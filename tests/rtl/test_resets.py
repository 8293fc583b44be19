"""Whole chips from any state: at power-on, and reset amid their work.

One reset serves the chip and its port of DRAM, as it does in a system: DRAM keeps what was written
and forgets what it was asked, so that no beat of before comes after.
"""

import numpy as np
import pytest

import cosynth as cs
from cosynth import rtl
from cosynth.codesign import circuit
from cosynth.hardware.families.engine import engine
from cosynth.rtl.bench import Bench
from cosynth.rtl.machine import BASE, CONTROL, MOST_CYCLES, WORDS
from cosynth.rtl.network import Layer
from cosynth.rtl.program import Section, read_codes, write_tensor
from cosynth.rtl.words import codes_of

# those of test_machine: what is built there is built once
WEIGHT = {"rows": 4, "columns": 6, "stationarity": "weight"}
FLOWS = [
    WEIGHT,
    pytest.param({"rows": 5, "columns": 4, "stationarity": "input"}, marks=pytest.mark.slow),
    pytest.param({"rows": 4, "columns": 4, "stationarity": "output"}, marks=pytest.mark.slow),
]


def generated(options):
    hardware = engine(buffer=32 * 1024, registers=32, **options)
    return circuit.generate(cs.load("deep-autoencoder"), hardware)


class Host:
    """What a host does with a chip and its memory."""

    def __init__(self, made):
        self.made, self.program, self.network = made, made.program, made.network
        self.whole = made.whole(made.inputs())
        self.expected = made.reference()
        self.memory = made.program.image.copy()

    def give_inputs(self):
        for name, values in self.whole.items():
            write_tensor(self.program, self.network, name, values, self.memory)

    def start(self, chip, section):
        for register, value in ((BASE, section.address), (WORDS, section.words), (CONTROL, 1)):
            chip.write(register, value)

    def run(self, chip, most=None):
        """Run the network's first `most` programs, or all; that after them."""
        left = most
        for one in self.program.order:
            if not isinstance(one, Section):
                for name in one.writes:
                    write_tensor(self.program, self.network, name, self.expected[name], self.memory)
                continue
            if left == 0:
                return one
            left = None if left is None else left - 1
            self.start(chip, one)
            chip.until_interrupt(MOST_CYCLES)
        return None

    def wrong(self):
        """Bits that differ in what layers leave in DRAM; all of it is there at the end."""
        format = self.network.activation_format
        return sum(
            int(
                np.bitwise_count(
                    read_codes(self.program, one.out, self.memory)
                    ^ codes_of(self.expected[one.out], format)
                ).sum()
            )
            for one in self.network.operations
            if isinstance(one, Layer) and one.out in outputs(self.network)
        )


def outputs(network):
    return {one.name for one in network.graph.tensors if one.role == "output"}


@pytest.mark.parametrize("options", FLOWS)
def test_a_chip_that_is_reset_amid_its_work_works_after(options):
    made = generated(options)
    host = Host(made)
    assert set() < outputs(host.network) <= {one.out for one in host.network.operations}
    clean = made.simulate(latency=30)
    lengths = [layer.counters["cycles"] for layer in clean.layers]
    bench = Bench.open(rtl.sources("chip"), "chip", made.chip.parameters())
    seed, resets = 8, 16
    rng = np.random.default_rng(seed)
    amid = 0
    with bench.powered(host.memory, made.dram(30), seed=seed, reset=1) as chip:
        for number in range(resets):
            host.give_inputs()
            at = int(rng.integers(0, 3))
            section = host.run(chip, at)
            host.start(chip, section)
            chip.run(int(rng.integers(1, lengths[at])))
            before = chip.traffic
            chip.run(1)
            after = chip.traffic
            amid += (after.read_beats, after.write_beats) != (before.read_beats, before.write_beats)
            chip.reset(1)
            if number % 8 and number + 1 < resets:
                continue
            host.memory[:] = made.program.image  # nothing of before is there to be right by chance
            host.give_inputs()
            host.run(chip)
            assert host.wrong() == 0, f"after reset {number}, seed {seed}"
    assert amid >= resets / 4, f"only {amid} resets fell where beats passed, seed {seed}"


@pytest.mark.parametrize("options", [WEIGHT])
def test_a_chip_works_from_any_state(options):
    """At power-on every register and memory holds what a seed draws; reset lasts one cycle."""
    from_states(generated(options), range(3))


@pytest.mark.slow
@pytest.mark.parametrize("stationarity", ["weight", "input", "output"])
def test_chips_of_every_flow_work_from_forty_states(stationarity):
    from_states(generated({**WEIGHT, "stationarity": stationarity}), range(40))


def from_states(made, seeds):
    bench = Bench.open(rtl.sources("chip"), "chip", made.chip.parameters())
    for seed in seeds:
        host = Host(made)
        host.give_inputs()
        with bench.powered(host.memory, made.dram(30), seed=seed, reset=1) as chip:
            host.run(chip)
        assert host.wrong() == 0, f"seed {seed}"
