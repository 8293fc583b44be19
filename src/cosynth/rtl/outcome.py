"""What faults do: classes, their shares with intervals, and registers by how often they fail."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MASKED, TOLERABLE, WRONG, HANG, DETECTED = "masked", "tolerable", "wrong", "hang", "detected"
OUTCOMES = (MASKED, TOLERABLE, WRONG, HANG, DETECTED)
# what a user suffers without being told
FAILURES = (WRONG, HANG)
DEVIATES = 1.959963984540054  # of the normal distribution, for 95 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share of faults with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """Which site and which of its bits is flipped, in which cycle of which program."""

    site: int
    bit: int
    section: int
    cycle: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A flip and its end; `said` is the rule of the bus that it broke, if it broke one.

    `cycles` were simulated for it.
    """

    flip: Flip
    outcome: str
    said: str
    cycles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """Faults of one kind of site, which stand for all its bits."""

    kind: str
    bits: int
    counts: Mapping[str, int]

    @property
    def faults(self) -> int:
        """How many were drawn."""
        return sum(self.counts.values())


def wilson(count: float, of: float) -> Share:
    """Return count / of with Wilson's interval (Wilson 1927): it holds for shares near 0 and 1."""
    if of <= 0:
        return Share(value=math.nan, low=0.0, high=1.0)
    share, z = count / of, DEVIATES
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return Share(value=share, low=max(middle - half, 0.0), high=min(middle + half, 1.0))


def combined(strata: Sequence[Stratum], outcomes: Sequence[str]) -> Share:
    """Return the share of outcomes among all bits: each stratum counts by its bits.

    The interval is Wilson's for as many faults as would give the same variance undivided.
    """
    drawn = [one for one in strata if one.faults]
    total = sum(one.bits for one in drawn)
    share = spread = 0.0
    for one in drawn:
        weight = one.bits / total
        hits = sum(one.counts.get(name, 0) for name in outcomes)
        share += weight * hits / one.faults
        # Wilson's middle: a stratum without a hit is not free of them
        likely = (hits + 1) / (one.faults + 2)
        spread += weight**2 * likely * (1 - likely) / one.faults
    if not drawn:
        return wilson(0, 0)
    inside = max(share, 1 / (2 + sum(one.faults for one in drawn)))
    of = inside * (1 - min(inside, 1 - 1e-9)) / spread
    return wilson(share * of, of)
