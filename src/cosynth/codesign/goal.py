"""What is wanted: figures to minimise, and limits that must hold."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cosynth import units
from cosynth.errors import SpecError, did_you_mean

# figure -> its dimension in `cosynth.units`; every one is better when smaller
FIGURES = {
    "latency": "time", "energy": "energy", "area": "area", "power": "power", "edp": "number",
    "error": "number",
}  # fmt: skip
_LIMIT = re.compile(r"^\s*([a-z]+)\s*(?:<=|=|<)\s*(.+?)\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A figure that must not exceed `most` (SI)."""

    figure: str
    most: float

    def __str__(self) -> str:
        return f"{self.figure} <= {units.show(self.most, FIGURES[self.figure])}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """Figures to minimise together, under limits."""

    minimize: tuple[str, ...] = ("latency", "energy", "area")
    limits: tuple[Limit, ...] = ()

    @property
    def objective(self) -> str:
        """What the mapper is asked for: latency and energy together, or the one that is wanted."""
        wanted = {"latency", "energy"} & set(self.minimize)
        if "edp" in self.minimize or len(wanted) != 1:
            return "edp"
        return wanted.pop()


def goal(minimize: str, limits: tuple[str, ...] = ()) -> Goal:
    """Read `latency,energy` and limits such as `area=2mm2`.

    >>> str(goal("latency", ("area=2mm2",)).limits[0])
    'area <= 2 mm²'
    """
    wanted = tuple(dict.fromkeys(name.strip() for name in minimize.split(",") if name.strip()))
    if not wanted:
        raise SpecError(f"--minimize: name at least one of {', '.join(FIGURES)}")
    for name in wanted:
        if name not in FIGURES:
            near = did_you_mean(name, FIGURES)
            raise SpecError(f"--minimize: {name!r} is not one of {', '.join(FIGURES)}{near}")
    return Goal(minimize=wanted, limits=tuple(_limit(text) for text in limits))


def _limit(text: str) -> Limit:
    match = _LIMIT.match(text)
    if not match:
        raise SpecError(f"--limit {text!r}: write for example area=2mm2")
    name, value = match.groups()
    if name not in FIGURES:
        near = did_you_mean(name, FIGURES)
        raise SpecError(f"--limit {text!r}: {name!r} is not one of {', '.join(FIGURES)}{near}")
    try:
        most = units.parse(_number(value) if FIGURES[name] == "number" else value, FIGURES[name])
    except (SpecError, ValueError) as error:
        raise SpecError(f"--limit {text!r}: {error}") from None
    if most <= 0:
        raise SpecError(f"--limit {text!r}: a limit must be more than 0")
    return Limit(figure=name, most=most)


def _number(text: str) -> float:
    return float(text[:-1]) / 100 if text.endswith("%") else float(text)
