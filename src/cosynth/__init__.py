"""Hardware-software co-synthesis for AI: search, map, generate, serve, measure.

>>> import cosynth as cs
>>> cost = cs.estimate("resnet8", "eyeriss")
>>> cost.limit in {part.name for part in cost.silicon}
True
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from cosynth.errors import CosynthError

if TYPE_CHECKING:
    from pathlib import Path

    from cosynth.codesign import Design, Estimate
    from cosynth.codesign.front import Front
    from cosynth.codesign.mapping import MappedModel
    from cosynth.format import Assignment
    from cosynth.hardware import Hardware
    from cosynth.hardware import load as hardware
    from cosynth.workload import Workload
    from cosynth.workload.load import load

__all__ = [
    "Assignment", "CosynthError", "Design", "Estimate", "Front", "Hardware", "MappedModel",
    "Workload", "estimate", "explore", "hardware", "load", "map_model",
]  # fmt: skip

# where public names stand; they are imported when they are first used
_HOMES = {
    "Assignment": "cosynth.format",
    "Design": "cosynth.codesign",
    "Estimate": "cosynth.codesign",
    "Front": "cosynth.codesign.front",
    "Hardware": "cosynth.hardware",
    "MappedModel": "cosynth.codesign.mapping",
    "Workload": "cosynth.workload",
    "load": "cosynth.workload.load",
}


def estimate(
    model: Workload | str,
    chip: Hardware | str,
    *,
    formats: Assignment | str | None = None,
    objective: str = "latency",
) -> Estimate:
    """Map a model onto a chip and price it; both may be given by name or path.

    `objective` (latency, energy or edp) is what mappings are chosen for.
    """
    import cosynth.hardware as room
    from cosynth import codesign
    from cosynth.cost import OBJECTIVES
    from cosynth.errors import SpecError, did_you_mean
    from cosynth.format import assignment
    from cosynth.workload.load import load

    if objective not in OBJECTIVES:
        near = did_you_mean(objective, OBJECTIVES)
        raise SpecError(f"objective {objective!r} is not one of {', '.join(OBJECTIVES)}{near}")
    known = load(model) if isinstance(model, str) else model
    built = room.load(chip) if isinstance(chip, str) else chip
    chosen = assignment(formats) if isinstance(formats, str) else formats
    return codesign.estimate(known, built, chosen, objective)


def map_model(  # noqa: PLR0913 each argument is one part of what is wanted
    model: Workload | str,
    chip: Hardware | str,
    *,
    formats: Assignment | str | None = None,
    objective: str = "latency",
    layer: str | None = None,
    limits: Sequence[str] = (),
    front: int = 0,
    prove: bool = False,
    seconds: float = float("inf"),
) -> MappedModel:
    """Find the best mapping of every distinct layer of a model, or of one, with its proof.

    `objective` is latency, energy, edp, traffic:MEMORY or a weighted sum; `limits` are texts such
    as "buffer=0.5"; `front` asks for so many trade-offs of latency against energy; `prove` searches
    until nothing can be better, `seconds` stops before.
    """
    import cosynth.hardware as room
    from cosynth.codesign.mapping import MapRequest
    from cosynth.codesign.mapping import map_model as map_layers
    from cosynth.format import assignment
    from cosynth.mapper import PROVE
    from cosynth.workload.load import load

    wanted = MapRequest(
        objective=objective,
        limits=tuple(limits),
        effort=PROVE if prove else None,
        seconds=seconds,
        layer=layer,
        front=front,
    )
    known = load(model) if isinstance(model, str) else model
    built = room.load(chip) if isinstance(chip, str) else chip
    chosen = assignment(formats) if isinstance(formats, str) else formats
    return map_layers(known, built, chosen, wanted)


def explore(  # noqa: PLR0913 each argument is one part of what is wanted
    model: Workload | str | Sequence[Workload | str],
    *,
    space: str | Path | None = None,
    minimize: Sequence[str] = ("latency", "energy", "area"),
    limits: Sequence[str] = (),
    budget: int = 1000,
    seed: int = 0,
    formats: str | None = None,
    optimizer: str = "descent",
    workers: int | str | None = None,
) -> Front:
    """Search chips, formats and mappings for one or several models; return the Pareto front.

    `limits` are texts such as "area=2mm2", `budget` counts evaluations, `formats` leaves the space
    no choice of them, `workers` is a number of processes (a script of yours then needs
    `if __name__ == "__main__":`) or a Dask cluster.
    """
    from pathlib import Path

    from cosynth import codesign
    from cosynth import search as finding
    from cosynth.codesign import front

    models = list(model) if isinstance(model, Sequence) and not isinstance(model, str) else [model]
    aim = codesign.goal(",".join(minimize), tuple(limits))
    everything = codesign.chip_space(None if space is None else Path(space), formats)
    problem = codesign.ChipProblem(
        models=tuple(each if isinstance(each, str) else each.name for each in models),
        given=tuple(each for each in models if not isinstance(each, str)),
        space=codesign.precise(everything, aim),
        goal=aim,
        formats=formats or "int8",
    )
    chosen = finding.optimiser(optimizer, problem, seed)
    with finding.workers(workers) as executor, front.temporary_study(problem, chosen) as study:
        spend = finding.Budget(evaluations=budget)
        return front.explore(problem, chosen, study, spend, executor)


def __getattr__(name: str) -> object:
    if name == "hardware":
        return import_module("cosynth.hardware")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'cosynth' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
