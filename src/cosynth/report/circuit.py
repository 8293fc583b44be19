"""A circuit's runs and its synthesis as data."""

from __future__ import annotations

import math
from typing import NotRequired, TypedDict

import cosynth.hardware as hw
from cosynth import rtl
from cosynth.codesign.circuit import Circuit
from cosynth.codesign.verify import MACROS
from cosynth.cost import silicon
from cosynth.format import known
from cosynth.hardware.laws import logic_area, sram_area
from cosynth.report.contract_circuit import GenerateData, SimulateData, SynthesizeData
from cosynth.report.version import version


class _Scales(TypedDict):
    scales: NotRequired[str]


class _Wraps(TypedDict):
    wraps: NotRequired[str]


def _wraps(circuit: Circuit) -> _Wraps:
    """Which layers' sums left the accumulator in the run that set the scales."""
    layers = [one for one in circuit.network.operations if isinstance(one, rtl.Layer)]
    half = 2.0 ** (circuit.chip.accumulator - 1)
    wide = [one for one in layers if one.peak >= half]
    if not wide:
        return {}
    bits = math.frexp(max(one.peak for one in wide))[1] + 1
    return {
        "wraps": (
            f"in {', '.join(one.name for one in wide)}: they take up to {bits} bits, and the"
            f" accumulator has {circuit.chip.accumulator}; what comes out means nothing, and the"
            " chip needs a wider one (exact, int48)"
        )
    }


def _scales(circuit: Circuit) -> _Scales:
    """What the circuit makes of scales of blocks: constants, while a codec measures each block."""
    network = circuit.network
    if not circuit.chip.shift:
        return {}
    longest = max((int(one.max()) for one in network.shifts.values()), default=0)
    layers = [one for one in network.operations if isinstance(one, rtl.Layer)]
    seen = {name for one in layers for name in (one.data.tensor, one.out)} & {*network.units}
    units = [network.units[name] for name in seen]
    spread = sum(unit.size > 1 for unit in units)
    return {
        "scales": (
            "of blocks are constants: those of activations were set by a run, by blocks of"
            f" channels in {spread} of {len(units)} tensors, one for the tensor in the rest; sums"
            f" are shifted by up to {longest} bits"
        )
    }


def generate_data(circuit: Circuit, folder: str) -> GenerateData:
    """Return what was generated, and what is left to the host."""
    order = circuit.program.order
    sections = [one for one in order if isinstance(one, rtl.Section)]
    return {
        "cosynth": "generation",
        "model": circuit.model,
        "chip": circuit.chip.name,
        "folder": folder,
        "layers": [one.layer for one in sections],
        "own": circuit.own,
        "words": sum(one.words for one in sections),
        "weights": circuit.origin,
        **_scales(circuit),
        **_wraps(circuit),
        "host": [
            {"name": one.name, "reason": one.reason} for one in order if isinstance(one, rtl.Host)
        ],
        "version": version(),
    }


def simulate_data(circuit: Circuit, run: rtl.Run, seconds: float) -> SimulateData:
    """Return cycles and bits by layer; `seconds` is what the run took."""
    return {
        "cosynth": "simulation",
        "model": circuit.model,
        "chip": circuit.chip.name,
        "cycles": run.cycles,
        "searched": float(sum(circuit.searched[layer.name] for layer in run.layers)),
        "predicted": float(sum(circuit.predicted[layer.name] for layer in run.layers)),
        "bits": run.bits,
        "wrong": run.wrong,
        "rate": run.cycles / max(seconds, 1e-9),
        "frequency": circuit.chip.frequency,
        **_scales(circuit),
        **_wraps(circuit),
        "layers": [
            {
                "name": layer.name,
                "cycles": layer.cycles,
                "searched": float(circuit.searched[layer.name]),
                "predicted": float(circuit.predicted[layer.name]),
                "bits": layer.bits,
                "wrong": layer.wrong,
                "words": layer.words,
                "counters": dict(layer.counters),
            }
            for layer in run.layers
        ],
        "host": [
            {"name": one.name, "reason": one.reason}
            for one in circuit.program.order
            if isinstance(one, rtl.Host)
        ],
        "version": version(),
    }


def synthesize_data(
    circuit: Circuit, found: rtl.Synthesis, target: str, device: dict[str, float]
) -> SynthesizeData:
    """Return area by block beside what the cost model says of the logic."""
    node = circuit.hardware.technology
    blocks: dict[str, list[float]] = {}
    for part in found.parts:
        row = blocks.setdefault(part.name, [0, 0.0, 0])
        row[0] += part.instances
        row[1] += part.gates * part.instances
        row[2] += part.flip_flops * part.instances
    priced = hw.priced(circuit.hardware)
    factors = known(circuit.formats.weights), known(circuit.formats.activations)
    parts = silicon(priced, factors)
    macros = [
        {
            "name": one.name,
            "words": one.parameters["DEPTH"],
            "bits": one.parameters["WIDTH"],
            "count": one.count,
            "area": float(
                sram_area(one.parameters["DEPTH"] * one.parameters["WIDTH"] / 8, node) * one.count
            ),
        }
        for one in found.macros
    ]
    return {
        "cosynth": "synthesis",
        "chip": circuit.chip.name,
        "target": target,
        "gates": found.gates,
        "flip_flops": int(sum(row[2] for row in blocks.values())),
        "logic": float(logic_area(found.gates, node)),
        "predicted": float(sum(part.area for part in parts if part.name not in MACROS)),
        "memories": sum(float(str(one["area"])) for one in macros),
        "blocks": [
            {"name": name, "instances": int(row[0]), "gates": row[1], "flip_flops": int(row[2])}
            for name, row in sorted(blocks.items(), key=lambda item: -item[1][1])
        ],
        "macros": macros,  # type: ignore[typeddict-item]
        "device": device,
        "version": version(),
    }
