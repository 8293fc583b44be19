"""What a mapping is to minimise: time, energy, their product, the bytes of a memory, or a sum."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cosynth.arrays import Array
from cosynth.cost import Cost
from cosynth.errors import SpecError, did_you_mean

NAMES = ("latency", "energy", "edp", "traffic:MEMORY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """Weights of seconds, joules and bytes at memories; with `product`, seconds times joules.

    `latest` is the seconds a mapping may take.
    """

    latency: float = 0.0
    energy: float = 0.0
    traffic: tuple[tuple[str, float], ...] = ()
    product: bool = False
    latest: float = math.inf

    def value(self, cost: Cost) -> Array:
        """The number to minimise."""
        if self.product:
            return cost.latency * cost.energy
        total: Array = 0.0
        if self.latency:
            total = total + self.latency * cost.latency
        if self.energy:
            total = total + self.energy * cost.energy
        for memory, weight in self.traffic:
            part = cost.part(memory)
            total = total + weight * (part.read + part.written)
        return total

    @property
    def timed(self) -> bool:
        """Whether time matters at all."""
        return self.product or self.latency > 0 or self.latest < math.inf


_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_TERM = re.compile(rf"(?:({_NUMBER})\s*\*\s*)?(latency|energy|edp|traffic:[\w.-]+)")


def objective_of(text: str, memories: Iterable[str] = ()) -> Objective:
    """Read `latency`, `energy`, `edp`, `traffic:buffer` or a weighted sum of the others.

    >>> objective_of("energy + 0.5 * latency").latency
    0.5
    """
    if text.strip() == "edp":
        return Objective(latency=1.0, energy=1.0, product=True)
    latency = energy = 0.0
    traffic: list[tuple[str, float]] = []
    for term in text.split(" + ") if " + " in text else [text]:
        match = _TERM.fullmatch(term.strip())
        if not match:
            word = term.strip()
            near = did_you_mean(word, ("latency", "energy", "edp")) if word.isalpha() else ""
            raise SpecError(
                f"objective {text!r}: {term.strip()!r} is none of {', '.join(NAMES)}{near}"
            )
        weight, name = float(match[1] or 1.0), match[2]
        if name == "edp":
            raise SpecError(f"objective {text!r}: edp is a product and cannot be part of a sum")
        if weight <= 0 or not math.isfinite(weight):
            raise SpecError(f"objective {text!r}: weights must be positive, not {match[1]}")
        if name == "latency":
            latency += weight
        elif name == "energy":
            energy += weight
        else:
            memory = name.removeprefix("traffic:")
            known = tuple(memories)
            if known and memory not in known:
                raise SpecError(
                    f"objective {text!r}: no memory {memory!r}{did_you_mean(memory, known)}"
                )
            traffic.append((memory, weight))
    return Objective(latency=latency, energy=energy, traffic=tuple(traffic))
