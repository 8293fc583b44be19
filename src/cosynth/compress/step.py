"""The contract of steps, and how they are found by name and applied one after the other."""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cosynth.compress import steps as room
from cosynth.compress.calibrate import Seen, watched
from cosynth.compress.change import Change
from cosynth.compress.network import Network, Site
from cosynth.compress.run import Runner
from cosynth.errors import SpecError, did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Factors:
    """What a step knows of a site: its weight and activations as earlier steps leave them.

    `length` is that of the summed axis in one group; `seen` is by position among the inputs.
    """

    site: Site
    length: int
    weight: NDArray[Any] | None
    seen: Mapping[int, Seen]


class Step(ABC):
    """Something done to the factors of every site before they are stored.

    A subclass says what it changes. `option` is the number behind its name, `default` without.
    """

    default: ClassVar[float] = 0
    least: ClassVar[float] = 0
    most: ClassVar[float] = float("inf")

    def __init__(self, option: float | None = None, seed: int | None = None) -> None:
        self.option = self.default if option is None else option
        self.seed = seed

    @abstractmethod
    def change(self, factors: Factors) -> Change | None:
        """Return what happens at a site; None: nothing."""


def step_names() -> tuple[str, ...]:
    """Return the names of all steps: the files of their room.

    >>> "hadamard" in step_names()
    True
    """
    found = (module.name for module in pkgutil.iter_modules(room.__path__))
    return tuple(sorted(name.replace("_", "-") for name in found))


def step(text: str, seed: int | None = None) -> Step:
    """Return a step by name, with a number behind a colon: `hadamard:32`, `clip-percentile:99.5`.

    SpecError with the nearest name, or the range of the number. `seed` draws what is random in it.

    >>> step("clip-percentile:99.5").option
    99.5
    """
    name, mark, number = text.strip().partition(":")
    if name not in step_names():
        near = did_you_mean(name, step_names()) or f"; there are {', '.join(step_names())}"
        raise SpecError(f"no step {name!r}{near}")
    module = importlib.import_module(f"{room.__name__}.{name.replace('-', '_')}")
    made = next(
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Step) and each.__module__ == module.__name__
    )
    if not mark:
        return made(seed=seed)
    try:
        option = float(number)
    except ValueError:
        raise SpecError(f"step {text!r}: {number!r} is no number") from None
    if not made.least <= option <= made.most:
        raise SpecError(f"step {text!r}: expected {made.least:g} to {made.most:g}")
    return made(option, seed)


def stepped(
    runner: Runner, steps: Sequence[Step], feeds: Iterable[Mapping[str, NDArray[Any]]]
) -> Runner:
    """Return a runner that applies steps, in order, after those that it has.

    Each sees the activations on `feeds` as those before it leave them.
    """
    batches = list(feeds)
    for each in steps:
        seen = watched(runner, batches)
        changes = {}
        for site in runner.network.sites:
            around = {one.at: seen[site.name, one.at] for one in site.activations
                      if (site.name, one.at) in seen}  # fmt: skip
            if len(around) < len(site.activations):
                continue  # whole numbers, or nothing at all
            weight = runner.weight(site, "fp32") if site.weight else None
            length = summed(runner.network, site, around)
            factors = Factors(site=site, length=length, weight=weight, seen=around)
            change = each.change(factors)
            before = runner.changes.get(site.name, ())
            changes[site.name] = before if change is None else (*before, change)
        runner = runner.changed({**runner.changes, **changes})
    return runner


def summed(network: Network, site: Site, seen: Mapping[int, Seen]) -> int:
    """Return how many products a group of a site adds, those of a window apart."""
    first = site.operands[0]
    if first.constant:
        length = network.constants[first.tensor].shape[first.axis]
    else:
        length = len(seen[first.at].magnitude)
    flags = network.model.graph.node[site.node].attribute
    groups = next((each.i for each in flags if each.name == "group"), 1)
    return int(length // max(groups, 1))


def magnitudes(factors: Factors) -> tuple[NDArray[np.float64], ...]:
    """Return the mean magnitude of each factor at every place of the summed axis, [length]."""
    found = [each.magnitude for each in factors.seen.values()]
    one = factors.site.weight
    if one is not None and factors.weight is not None:
        moved = np.moveaxis(np.abs(factors.weight), one.axis, -1)
        found.append(moved.reshape(-1, moved.shape[-1]).mean(axis=0, dtype=float))
    return tuple(each.reshape(-1, factors.length).mean(axis=0) for each in found)
