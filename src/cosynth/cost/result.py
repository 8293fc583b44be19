"""What a run costs, in parts: the numbers every report and every search reads."""

from __future__ import annotations

from dataclasses import dataclass

from cosynth.arrays import Array, namespace


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One resource's share: busy `time` s, `energy` J, `read` and `written` bytes."""

    name: str
    kind: str
    time: Array = 0.0
    energy: Array = 0.0
    read: Array = 0.0
    written: Array = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What physics allows on this hardware: no mapping is faster or takes less energy.

    `compute` s at full use of every unit, `traffic` s to move each operand once at its home,
    `latency` the larger, `energy` J of the operations and those bytes, `bytes` those bytes.
    """

    compute: Array
    traffic: Array
    energy: Array
    bytes: Array

    @property
    def latency(self) -> Array:
        """Seconds that no mapping can beat."""
        xp = namespace(self.compute, self.traffic)
        return xp.maximum(self.compute, self.traffic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Latency s, energy J and their parts; numbers may be arrays of candidates or of designs.

    `latency` is inf where the mapping or the unit cannot run. `ramp` is the part of the latency in
    which pipelines fill and drain. `utilisation` is the share of compute capacity that did work.
    """

    latency: Array
    energy: Array
    parts: tuple[Part, ...]
    bound: Bound
    ramp: Array = 0.0
    utilisation: Array = 0.0

    def part(self, name: str) -> Part:
        """Return a part by name; KeyError if there is none."""
        return {part.name: part for part in self.parts}[name]

    @property
    def edp(self) -> Array:
        """Energy-delay product, J s."""
        return self.energy * self.latency

    @property
    def limit(self) -> str:
        """Name of the resource that is busy longest (of plain numbers)."""
        return max(self.parts, key=lambda part: float(part.time)).name


def objective(cost: Cost, name: str) -> Array:
    """The number to minimise: latency, energy or edp."""
    return {"latency": cost.latency, "energy": cost.energy, "edp": cost.edp}[name]


OBJECTIVES = ("latency", "energy", "edp")
