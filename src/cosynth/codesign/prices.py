"""What each format of each layer costs on a chip: latency and energy, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosynth.codesign.estimate import Estimate, estimate, prepare
from cosynth.errors import InfeasibleError
from cosynth.format import Assignment
from cosynth.hardware import Hardware
from cosynth.workload import Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """`latency` s and `energy` J of each layer in each assignment, [layers, assignments].

    Energy holds the static power of the layer's time. An assignment that the chip cannot run is
    infinite, and `refused` says why. `rest` is what all other layers take, in seconds and joules.
    """

    latency: NDArray[np.float64]
    energy: NDArray[np.float64]
    rest: tuple[float, float]
    refused: dict[int, str]


def prices(
    model: Workload,
    hardware: Hardware,
    layers: Sequence[str],
    assignments: Sequence[Assignment],
    goal: str = "edp",
    on_step: Callable[[int, int], None] | None = None,
) -> Prices:
    """Estimate the model in each assignment, mapped for `goal`, and take it apart into layers.

    Layers that are not named are priced in the first assignment that runs. Raises InfeasibleError
    if none does.
    """
    latency = np.full((len(layers), len(assignments)), np.inf)
    energy = np.full_like(latency, np.inf)
    rest: tuple[float, float] | None = None
    refused: dict[int, str] = {}
    for at, formats in enumerate(assignments):
        if on_step:
            on_step(at, len(assignments))
        try:
            found = apart(estimate(model, hardware, formats, goal))
        except InfeasibleError as error:
            refused[at] = str(error)
            continue
        costs = [found.pop(name, (0.0, 0.0)) for name in layers]
        latency[:, at], energy[:, at] = zip(*costs, strict=True)
        if rest is None:
            rest = (sum(t for t, _ in found.values()), sum(e for _, e in found.values()))
    if rest is None:
        reasons = "\n".join(dict.fromkeys(refused.values()))
        raise InfeasibleError(
            f"{reasons}\n{hardware.name} runs none of these pairs: choose others with --formats and"
            " --activations"
        )
    return Prices(latency=latency, energy=energy, rest=rest, refused=refused)


def apart(found: Estimate) -> dict[str, tuple[float, float]]:
    """Layer -> seconds and joules of one run of it, static power meanwhile included."""
    plan = prepare(found.model, found.formats)
    costs: dict[str, tuple[float, float]] = {}
    for same in plan.kinds:
        names = {plan.jobs[at].name for at in same}
        priced = {each.engine: each for each in found.layers if each.job.name in names}
        for at in same:
            slot = found.slots[at]
            time = slot.end - slot.start
            moved = float(priced[slot.engine].cost.energy)
            costs[plan.jobs[at].name] = (time, moved + found.static_power * time)
    return costs
