"""How near the mapper comes on every model and device: `python -m bench.gaps`.

The objective of a model is here the sum over its layers of what each copy of a layer costs alone;
its gap is that sum over the sum of the bounds, less one. Layers that a model before has too are not
mapped again; for all models on all devices that leaves some 6,000, a few minutes of one core.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.rivals.problems import chip, convolution
from cosynth.codesign.estimate import engines_of, prepare
from cosynth.cost import Job
from cosynth.errors import CosynthError, InfeasibleError
from cosynth.format import Assignment
from cosynth.hardware import Hardware, catalogue, priced
from cosynth.mapper import Effort, best, objective_of
from cosynth.workload import zoo
from cosynth.workload.passes.merge import content

# language models beyond this many parameters are left out
LARGEST = 1.5e9
# a gap below this is the rounding of sums in another order
PROVEN = 1e-9
HEAD = (
    "| model | device | classes | gap | gap, products | proven | worst layer | its gap | CPU s |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Layers of a model that are equal; `content` is the same for equal layers of all models."""

    job: Job
    copies: int
    content: Hashable


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Objective and bound of one copy of a layer."""

    value: float
    bound: float

    @property
    def gap(self) -> float:
        """How far the optimum may be below; without a bound nothing is known."""
        if self.bound > 0:
            return self.value / self.bound - 1
        return float("inf") if self.value > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One model on one device: what each kind of layer reached, or why it cannot run."""

    model: str
    device: str
    layers: tuple[tuple[Kind, Reached], ...] = ()
    seconds: float = 0.0
    refused: str = ""

    def gap(self, *, products: bool = False) -> float:
        """Gap of all layers, or of those that multiply and add."""
        chosen = [
            (kind.copies, reached)
            for kind, reached in self.layers
            if kind.job.einsum.contraction or not products
        ]
        return Reached(
            value=sum(copies * reached.value for copies, reached in chosen),
            bound=sum(copies * reached.bound for copies, reached in chosen),
        ).gap

    @property
    def proven(self) -> int:
        """Kinds of layers whose mapping is the optimum."""
        return sum(reached.gap < PROVEN for _, reached in self.layers)

    def __str__(self) -> str:
        if self.refused:
            return f"| {self.model} | {self.device} | cannot run: {self.refused} | | | | | | |"
        kind, worst = max(self.layers, key=lambda pair: pair[1].gap)
        return (
            f"| {self.model} | {self.device} | {len(self.layers)} | {self.gap():.2%} "
            f"| {self.gap(products=True):.2%} | {self.proven / len(self.layers):.0%} "
            f"| {kind.job.name} | {worst.gap:.2%} | {self.seconds:.1f} |"
        )


def kinds(model: str) -> list[Kind]:
    """The kinds of layers of a model in formats of eight bits."""
    plan = prepare(zoo.load(model), Assignment())
    found = []
    for same in plan.kinds:
        job = plan.jobs[same[0]]
        formats = tuple(format for _, format in job.formats), tuple(e[2] for e in job.extras)
        key = content(plan.graph, plan.parts[same[0]]), formats
        found.append(Kind(job=job, copies=len(same) * job.einsum.repeat, content=key))
    return found


def too_large(model: str) -> bool:
    """Whether a model is a large language model; tables that are only read do not count."""
    workload = zoo.load(model)
    return workload.parameters > LARGEST and workload.operations > workload.parameters


def reached(job: Job, hardware: Hardware, goal: str, effort: Effort) -> Reached:
    """The best of the engines that may run a job, and the least of their bounds."""
    found, reasons = [], []
    for engine in engines_of(job, hardware):
        aim = objective_of(goal, [memory.name for memory in engine.memories])
        try:
            mapped = best(job, engine, hardware, aim, effort)
        except InfeasibleError as error:
            reasons.append(str(error))
            continue
        # of all copies at once, in that of one
        times = job.einsum.repeat ** (2 if aim.product else 1)
        value, bound = float(aim.value(mapped.cost)), mapped.proof.bound
        found.append(Reached(value=value / times, bound=bound / times))
    if not found:
        raise InfeasibleError("; ".join(reasons))
    return Reached(value=min(r.value for r in found), bound=min(r.bound for r in found))


def row(model: str, device: str, goal: str, effort: Effort, known: dict[Hashable, Reached]) -> Row:
    """Map a model; layers that are `known` from another model are not mapped again."""
    start = time.process_time()
    try:
        hardware = priced(catalogue.load(device))
        layers = []
        for kind in kinds(model):
            key = device, kind.content
            if key not in known:
                known[key] = reached(kind.job, hardware, goal, effort)
            layers.append((kind, known[key]))
    except CosynthError as error:
        seconds, why = time.process_time() - start, str(error).replace("\n", "; ")
        return Row(model=model, device=device, seconds=seconds, refused=why)
    seconds = time.process_time() - start
    return Row(model=model, device=device, layers=tuple(layers), seconds=seconds)


def summary(rows: Iterable[Row]) -> list[str]:
    """One line per device: how many models ran, their median gap, and what is proven."""
    devices: dict[str, list[Row]] = defaultdict(list)
    for one in rows:
        devices[one.device].append(one)
    lines = [
        "| device | models | median gap | largest gap | proven | CPU s |",
        "|---|---|---|---|---|---|",
    ]
    for device, found in devices.items():
        ran = [one for one in found if not one.refused]
        models = f"{len(ran)} of {len(found)}"
        if not ran:
            lines.append(f"| {device} | {models} | | | | |")
            continue
        gaps = [one.gap() for one in ran]
        classes = sum(len(one.layers) for one in ran)
        lines.append(
            f"| {device} | {models} | {median(gaps):.2%} | {max(gaps):.2%} "
            f"| {sum(one.proven for one in ran) / classes:.0%} "
            f"| {sum(one.seconds for one in found):.1f} |"
        )
    return lines


def main() -> int:
    """Print a line as each model ends on each device, then a line per device."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", help="names of the zoo, by commas; default: all")
    parser.add_argument("--devices", help="names of the catalogue, by commas; default: all")
    parser.add_argument("--goal", default="edp")
    parser.add_argument("--nodes", type=int, default=Effort().nodes)
    parser.add_argument("--out", type=Path, help="file for the tables")
    options = parser.parse_args()
    asked = options.models.split(",") if options.models else zoo.names()
    devices = options.devices.split(",") if options.devices else catalogue.names()
    try:
        objective_of(options.goal)
        skipped = [model for model in asked if too_large(model)]
        multiplying = [
            name
            for name in devices
            if any(engine.compute.does == "mac" for engine in catalogue.load(name).engines)
        ]
    except CosynthError as error:
        print(error, file=sys.stderr)
        return 2
    effort = Effort(nodes=options.nodes)
    # compiles what is compiled on first use
    warm = chip(16)
    best(convolution(16, 16, 14, 3), warm.engines[0], warm, "edp", effort)
    known: dict[Hashable, Reached] = {}
    rows = []
    print(HEAD, flush=True)
    for device in multiplying:
        for model in (one for one in asked if one not in skipped):
            rows.append(row(model, device, options.goal, effort, known))
            print(rows[-1], flush=True)
    said = [
        f"Goal {options.goal}, {options.nodes:,} bounds a layer at most; "
        f"{len(known)} layers mapped, {sum(one.seconds for one in rows):.0f} CPU s."
    ]
    if skipped:
        said.append(f"Language models left out for size: {', '.join(skipped)}.")
    if idle := [name for name in devices if name not in multiplying]:
        said.append(f"Without a unit that multiplies: {', '.join(idle)}.")
    short = ["", *summary(rows), "", *said]
    print("\n".join(short))
    if options.out:
        text = "\n".join([HEAD, *map(str, rows), *short])
        options.out.write_text(f"{text}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
