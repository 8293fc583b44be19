"""A program run on the circuit, layer by layer: counters, and every bit compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cosynth.rtl import reference
from cosynth.rtl.bench import Bench, Dram
from cosynth.rtl.chip import Chip
from cosynth.rtl.network import Layer, Network, Whole
from cosynth.rtl.program import Program, Section, read_codes, write_tensor
from cosynth.rtl.verilate import Trace
from cosynth.rtl.words import codes_of

# registers of the chip: `registers.sv`
CONTROL, BASE, WORDS, COUNTERS = 0x00, 0x04, 0x08, 0x40
# what its counters count, in the order of `events` in `chip.sv`
EVENTS = (
    "cycles", "steps", "lines", "half_ready", "waits_operands", "waits_sums", "loading", "draining",
    "storing", "beats_read", "bus_waits_for_load", "load_waits_for_bus", "beats_written",
    "bus_waits_for_store", "store_waits_for_bus",
)  # fmt: skip
# cycles that no layer takes
MOST_CYCLES = 500_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A layer on the circuit: its counters by name, and bits of its output that differ."""

    name: str
    counters: Mapping[str, int]
    elements: int
    bits: int
    wrong: int
    words: int

    @property
    def cycles(self) -> int:
        """Cycles from the start to the last response."""
        return self.counters["cycles"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """All layers in order, and every tensor as it lay in DRAM at the end: whole numbers' codes."""

    layers: tuple[Measured, ...]
    codes: Mapping[str, NDArray[np.uint64]] = field(default_factory=dict)

    @property
    def cycles(self) -> int:
        """Cycles of all layers on the array."""
        return sum(layer.cycles for layer in self.layers)

    @property
    def wrong(self) -> int:
        """Bits that differ from the twin's."""
        return sum(layer.wrong for layer in self.layers)

    @property
    def bits(self) -> int:
        """Bits compared."""
        return sum(layer.bits for layer in self.layers)


def run(  # noqa: PLR0913 - what a run depends on
    program: Program,
    network: Network,
    chip: Chip,
    sources: Sequence[Path],
    inputs: Mapping[str, Whole],
    *,
    dram: Dram,
    seed: int = 0,
    top: str = "chip",
    parameters: Mapping[str, int] | None = None,
    trace: Path | None = None,
    on_layer: Callable[[int, int], None] | None = None,
) -> Run:
    """Run a program from inputs in whole numbers; host operations are those of the twin.

    `on_layer` hears of progress as (done, total). CircuitError if the chip hangs or breaks a
    rule of its bus.
    """
    kind: Trace = "" if trace is None else "fst" if trace.suffix == ".fst" else "vcd"
    bench = Bench.open(sources, top, parameters, kind)
    expected = reference.run(network, inputs, chip.accumulator)
    memory = program.image.copy()
    for name, values in inputs.items():
        write_tensor(program, network, name, values, memory)
    layers = {one.name: one for one in network.operations if isinstance(one, Layer)}
    found: list[Measured] = []
    codes: dict[str, NDArray[np.uint64]] = {}
    with bench.powered(memory, dram, seed=seed, reset=2, trace=trace) as powered:
        for done, one in enumerate(program.order):
            if on_layer:
                on_layer(done, len(program.order))
            if not isinstance(one, Section):
                for name in one.writes:
                    write_tensor(program, network, name, expected[name], memory)
                continue
            powered.write(BASE, one.address)
            powered.write(WORDS, one.words)
            powered.write(CONTROL, 1)
            powered.until_interrupt(MOST_CYCLES)
            counters = {name: powered.read(COUNTERS + 4 * at) for at, name in enumerate(EVENTS)}
            out = layers[one.layer].out
            codes[out] = read_codes(program, out, memory)
            wanted = codes_of(expected[out], network.activation_format)
            width = program.places[out].bits
            found.append(
                Measured(
                    name=one.layer,
                    counters=counters,
                    elements=wanted.size,
                    bits=wanted.size * width,
                    wrong=int(np.bitwise_count(codes[out] ^ wanted).sum()),
                    words=one.words,
                )
            )
    return Run(layers=tuple(found), codes=codes)
