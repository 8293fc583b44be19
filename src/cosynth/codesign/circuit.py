"""From a design to its circuit: weights, scales, mappings, program, and its folder."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import cosynth.hardware as hw
from cosynth import rtl
from cosynth.codesign.estimate import broken_rules, estimate, prepare
from cosynth.codesign.orders import predicted
from cosynth.codesign.progress import OnStep, stage
from cosynth.codesign.settle import add
from cosynth.codesign.settle import settled as settle
from cosynth.codesign.stored import arrays, stored
from cosynth.errors import SpecError
from cosynth.format import Assignment, known
from cosynth.hardware import Hardware
from cosynth.mapping import Mapping as LoopNest
from cosynth.mapping import read as read_mapping
from cosynth.mapping import write as write_mapping
from cosynth.workload import Workload

Floats = NDArray[np.float64]
VERSION = 2
# of an access to DRAM, s: row and column of an LPDDR4 and the way there and back; assumed
DRAM_LATENCY = 100e-9
# besides a design's own mappings, those that are best for these goals are tried on the circuit
GOALS = ("latency", "energy", "edp")
DRAWN, FILE = "drawn", "file"
# of inputs that ranges were taken from
DATA = "data.npz"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Circuit:
    """A chip with a network's program.

    `searched` are cycles by layer as a search reckons them, from the mapping; `predicted` those of
    the program, from what each unit is told.
    `mappings` are those that the program follows; `own` says how many the design brought. Weights
    are of the `origin` "drawn" or "file"; `dims` are the sizes that the file left open.
    """

    model: str
    seed: int
    hardware: Hardware
    formats: Assignment
    chip: rtl.Chip
    network: rtl.Network
    program: rtl.Program
    mappings: Mapping[str, LoopNest]
    searched: Mapping[str, float]
    predicted: Mapping[str, float]
    own: int
    origin: str = DRAWN
    dims: Mapping[str, int] = field(default_factory=dict)
    data: Mapping[str, Floats] | None = None

    def inputs(self, seed: int | None = None) -> dict[str, Floats]:
        """Inputs drawn for a seed; without one, the data of the circuit, or drawn as it was."""
        if seed is None and self.data is not None:
            return dict(self.data)
        return rtl.sampled(self.network.graph, self.seed if seed is None else seed)

    def whole(self, inputs: Mapping[str, Floats]) -> dict[str, NDArray[np.int64]]:
        """Inputs as the whole numbers of their format; SpecError where one is missing."""
        checked = rtl.checked_inputs(self.network.graph, inputs)
        format, units = self.network.activation_format, self.network.units
        return {name: rtl.to_grid(value, units[name], format) for name, value in checked.items()}

    def simulate(
        self,
        inputs: Mapping[str, Floats] | None = None,
        *,
        sources: tuple[Path, ...] | None = None,
        latency: int | None = None,
        seed: int = 0,
        trace: Path | None = None,
        on_layer: Callable[[int, int], None] | None = None,
    ) -> rtl.Run:
        """Run the network on the circuit; `latency` cycles is that of DRAM."""
        return rtl.run(
            self.program,
            self.network,
            self.chip,
            sources or rtl.sources("chip"),
            self.whole(self.inputs() if inputs is None else inputs),
            dram=self.dram(latency),
            seed=seed,
            parameters=self.chip.parameters(),
            trace=trace,
            on_layer=on_layer,
        )

    def dram(self, latency: int | None = None) -> rtl.Dram:
        """The DRAM of a bench: that of the hardware; `latency` cycles unless `DRAM_LATENCY`."""
        wait = round(DRAM_LATENCY * self.chip.frequency) if latency is None else latency
        return rtl.Dram(
            latency=max(wait, 1),
            write_latency=max(wait, 1),
            bandwidth=Fraction(self.chip.bytes_per_cycle).limit_denominator(1000),
            outstanding=64,
        )

    def inject(  # noqa: PLR0913 - what a campaign depends on
        self,
        faults: int,
        *,
        sources: tuple[Path, ...] | None = None,
        layer: str = "",
        seed: int = 0,
        answer: rtl.Answer | None = None,
        kinds: Sequence[str] = rtl.KINDS,
        workers: int = 1,
        on_fault: Callable[[int, int], None] | None = None,
    ) -> rtl.Campaign:
        """Flip so many bits of the circuit, one at a time, while it runs the network.

        `kinds` of sites share them equally; `workers` run beside one another; `sources` are those
        of the circuit unless given.
        """
        return rtl.inject(
            self.program,
            self.network,
            self.chip,
            sources or rtl.sources("chip"),
            self.whole(self.inputs()),
            dram=self.dram(),
            faults=faults,
            seed=seed,
            layer=layer,
            answer=answer,
            kinds=kinds,
            workers=workers,
            parameters=self.chip.parameters(),
            on_fault=on_fault,
        )

    def reference(self, inputs: Mapping[str, Floats] | None = None) -> dict[str, NDArray[np.int64]]:
        """Every tensor that the circuit must find, as whole numbers: the NumPy twin."""
        whole = self.whole(self.inputs() if inputs is None else inputs)
        return rtl.expected(self.network, whole, self.chip.accumulator)


def generate(  # noqa: PLR0913 - what a circuit depends on
    model: Workload,
    hardware: Hardware,
    formats: Assignment | None = None,
    *,
    name: str = "",
    mappings: Mapping[str, LoopNest] | None = None,
    settled: Mapping[str, LoopNest] | None = None,
    weights: Mapping[str, Floats] | None = None,
    data: Mapping[str, Floats] | None = None,
    dims: Mapping[str, int] | None = None,
    seed: int = 0,
    on_step: OnStep | None = None,
) -> Circuit:
    """Return the circuit of a chip for a model, with weights and inputs drawn by `seed`.

    `weights` that are given, all of the model's by name, are taken instead of drawn ones, and
    `data`, inputs by name, for the ranges of activations.
    `mappings` are a design's own; others found here are taken where they run sooner.
    `settled` are followed as they are. `on_step` hears of progress. SpecError if no circuit can be
    made for the hardware.
    """
    chosen = formats or Assignment()
    if chosen.layers:
        raise SpecError("formats that differ by layer have no circuit yet: give one for all")
    elements = known(chosen.weights), known(chosen.activations)
    chip = rtl.chip(hardware, *elements)
    low = rtl.lowered(model, tables=rtl.looks_up(*elements))
    plan = prepare(low.graph, chosen)
    if weights is None:
        constants = rtl.seeded(plan.graph, seed) | rtl.folded(low.graph, plan.graph, low.shares)
    else:
        constants = rtl.folded(low.graph, plan.graph, {**weights, **low.shares})
    sample = rtl.checked_inputs(plan.graph, data) if data else rtl.sampled(plan.graph, seed)
    network = rtl.quantised(
        plan.graph, plan.parts, constants, sample, *elements, chip.accumulator,
    )  # fmt: skip
    layers = [one.name for one in network.operations if isinstance(one, rtl.Layer)]
    chip = rtl.equipped(chip, (o for o in network.operations if isinstance(o, rtl.Layer)))
    same = {
        plan.jobs[at].name: [plan.jobs[other] for other in kind]
        for kind in plan.kinds
        for at in kind
    }
    latency = round(DRAM_LATENCY * chip.frequency)
    if settled is None:
        candidates: dict[str, list[LoopNest]] = {layer: [] for layer in layers}
        add(candidates, mappings or {}, same)
        for goal in GOALS:
            found = estimate(
                low.graph, hardware, _as_stored(chip, chosen), goal,
                on_layer=stage(f"best {goal}", on_step),
            )  # fmt: skip
            nests = {one.job.name: one.mapped.mapping for one in found.layers}
            add(candidates, nests, same)
        for one in network.operations:
            if isinstance(one, rtl.Layer) and one.maxima:
                candidates[one.name] = rtl.maxima_nests(one, chip)
        program, settled = settle(
            network, chip, candidates, same, latency, stage("soonest on the circuit", on_step)
        )
    else:
        program = rtl.compiled(network, chip, settled)
    # the circuit holds some tiles that a search, which doubles all of them, would not
    jobs = {job.name: job for job in plan.jobs}
    fitting = {
        layer: settled[layer]
        for layer in layers
        if jobs[layer].einsum.contraction
        and not broken_rules(jobs[layer], settled[layer], hw.priced(hardware))
    }
    priced = estimate(low.graph, hardware, chosen, mappings=fitting)
    cycles = {one.job.name: float(one.cost.latency) * chip.frequency for one in priced.layers}
    searched = {
        layer: next(cycles[job.name] for job in same[layer] if job.name in cycles)
        for layer in layers
    }
    timelines = predicted(chip, program, latency)
    own = sum(
        any(settled[layer].levels == nest.levels for nest in [(mappings or {}).get(layer)] if nest)
        for layer in layers
    )
    return Circuit(
        model=name or model.name, seed=seed, hardware=hardware, formats=chosen, chip=chip,
        network=network, program=program, mappings=settled, own=own, searched=searched,
        predicted={layer: one.cycles for layer, one in timelines.items()},
        origin=DRAWN if weights is None else FILE, dims=dict(dims or {}),
        data=sample if data else None,
    )  # fmt: skip


def _as_stored(chip: rtl.Chip, chosen: Assignment) -> Assignment:
    """Formats in which a weight takes the bits that it has in the circuit, its shift's share too.

    A format says it by the length of its blocks: each has a scale of 8 bits.
    """
    format = known(chosen.weights)
    if not chip.shift or format.name.endswith(".toml"):
        return chosen
    vectors = chip.head or 1  # elements of shifts beside those of `rows` weights
    length = max(format.scale_bits * chip.rows // (vectors * rtl.container(format)), 1)
    options = [part for part in format.name.split("-") if not re.fullmatch(r"g\d+", part)]
    weights = "-".join([*options, f"g{min(length, format.block)}"])
    return replace(chosen, weights=known(weights).name)


def text(circuit: Circuit) -> str:
    """The JSON of a circuit: all that `read` needs to make it again."""
    names = {one.name: one for one in circuit.network.operations if isinstance(one, rtl.Layer)}
    document = {
        "cosynth": "circuit",
        "version": VERSION,
        "model": circuit.model,
        "seed": circuit.seed,
        "weights": circuit.origin,
        "dims": dict(circuit.dims),
        "hardware": hw.table(circuit.hardware),
        "formats": {key: value for key, value in asdict(circuit.formats).items() if value},
        "parameters": circuit.chip.parameters(),
        "searched": dict(circuit.searched),
        "predicted": dict(circuit.predicted),
        "mappings": {
            layer: write_mapping(nest, names[layer].einsum).splitlines()
            for layer, nest in circuit.mappings.items()
        },
        **rtl.layout_table(circuit.program, circuit.network),
    }
    return json.dumps(document, indent=1) + "\n"


def write(circuit: Circuit, folder: Path) -> None:
    """Write the circuit's folder: SystemVerilog, programs, memory, bench and driver."""
    rtl.write_folder(
        folder,
        chip=circuit.chip,
        program=circuit.program,
        network=circuit.network,
        inputs=circuit.whole(circuit.inputs()),
        latency=round(DRAM_LATENCY * circuit.chip.frequency),
        model=circuit.model,
    )
    (folder / "circuit.json").write_text(text(circuit), encoding="utf-8")
    (folder / DATA).unlink(missing_ok=True)
    if circuit.data is not None:
        np.savez(folder / DATA, **dict[str, Any](circuit.data))


def read(folder: Path, load: Callable[[str, Mapping[str, int]], Workload]) -> Circuit:
    """Make the circuit of a folder again; SpecError if it is none, or not this one."""
    path = folder / "circuit.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SpecError(f"{folder}: no circuit.json there; cosynth generate writes one") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SpecError(f"{path}: cannot be read: {error}") from None
    if not isinstance(document, dict) or document.get("cosynth") != "circuit":
        raise SpecError(f"{path}: not a circuit that cosynth generate wrote")
    if document.get("version") != VERSION:
        raise SpecError(
            f"{path}: circuit of version {document.get('version')!r}; this Cosynth reads {VERSION}"
        )
    try:
        formats = document["formats"]
        nests = {n: read_mapping("\n".join(lines)) for n, lines in document["mappings"].items()}
        dims = {str(dim): int(size) for dim, size in document["dims"].items()}
        given = stored(Path(document["model"]), dims) if document["weights"] == FILE else None
        made = generate(
            given.model if given else load(document["model"], dims),
            hw.build(document["hardware"], f"{path}: hardware"),
            Assignment(weights=formats["weights"], activations=formats["activations"]),
            name=document["model"],
            settled=nests,
            weights=given.weights if given else None,
            data=arrays(folder / DATA) if (folder / DATA).exists() else None,
            dims=dims,
            seed=int(document["seed"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise SpecError(f"{path}: a key is absent or of another kind: {error!r}") from None
    image = (folder / "image.bin").read_bytes() if (folder / "image.bin").exists() else b""
    if image != made.program.image.tobytes():
        raise SpecError(
            f"{folder}: image.bin is not what this Cosynth makes of circuit.json; generate it again"
        )
    return made
