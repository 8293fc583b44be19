"""A parameter: a name, the finite list of values it may take, and when it is active."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from cosynth.errors import did_you_mean

Value: TypeAlias = str | int | float | bool
Reals: TypeAlias = npt.NDArray[np.float64]
Codes: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]

KINDS = ("integer", "power", "category", "real")
SCALES = ("linear", "log")
MOST_VALUES = 1_000_000  # of one parameter: every value stands in a table


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Active only while the parameter `name` is itself active and has one of `values`."""

    name: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One dimension of a space; build it with `integer`, `power`, `category` or `real`.

    `low` and `high` are inclusive. A real range is cut into `levels` values, so that every space
    is finite. `dimension` (of `cosynth.units`) says which units a file may use for the range.
    """

    name: str
    kind: str
    low: float = 0
    high: float = 0
    step: int = 1
    levels: int = 1001
    scale: str = "linear"
    values: tuple[Value, ...] = ()
    when: tuple[Condition, ...] = ()
    dimension: str = "number"
    doc: str = ""

    @property
    def ordered(self) -> bool:
        """Whether neighbouring values are alike: all kinds but categories of names."""
        return self.kind != "category" or all(_number(value) for value in self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The values of a parameter in order, and where each stands between 0 and 1.

    `edges` are the upper ends of the cells that a uniform draw falls into.
    """

    values: npt.NDArray[np.generic]  # [count]
    positions: Reals  # [count], ascending
    edges: Reals  # [count], ascending, the last is 1


def integer(
    name: str, low: int, high: int, *, step: int = 1, scale: str = "linear", when: When = None
) -> Parameter:
    """Return whole numbers from `low` to `high`; scale "log" draws each octave equally often.

    >>> integer("rows", 4, 16, step=4).high
    16
    """
    return Parameter(
        name=name, kind="integer", low=low, high=high, step=step, scale=scale, when=conditions(when)
    )


def power(name: str, low: int, high: int, *, when: When = None) -> Parameter:
    """Return the powers of two from `low` to `high`.

    >>> table(power("banks", 1, 8)).values.tolist()
    [1, 2, 4, 8]
    """
    return Parameter(name=name, kind="power", low=low, high=high, when=conditions(when))


def category(name: str, values: tuple[Value, ...] | list[Value], *, when: When = None) -> Parameter:
    """Return a choice among texts, numbers or flags.

    >>> category("order", ["row", "column"]).ordered
    False
    """
    return Parameter(name=name, kind="category", values=tuple(values), when=conditions(when))


def real(
    name: str,
    low: float,
    high: float,
    *,
    scale: str = "linear",
    levels: int = 1001,
    when: When = None,
) -> Parameter:
    """Return a range of real numbers in `levels` even steps of the scale, ends included.

    >>> table(real("voltage", 0.6, 1.0, levels=3)).values.tolist()
    [0.6, 0.8, 1.0]
    """
    return Parameter(
        name=name,
        kind="real",
        low=low,
        high=high,
        scale=scale,
        levels=levels,
        when=conditions(when),
    )


When: TypeAlias = dict[str, list[Value] | tuple[Value, ...] | Value] | None


def conditions(when: When) -> tuple[Condition, ...]:
    """Return `{"engine": ["systolic"]}` as conditions; one value may stand without its list."""
    return tuple(
        Condition(name=name, values=tuple(given) if isinstance(given, (list, tuple)) else (given,))
        for name, given in (when or {}).items()
    )


def table(parameter: Parameter) -> Table:
    """Return the values of a parameter that has no `parameter_problems`."""
    low, high = parameter.low, parameter.high
    match parameter.kind:
        case "integer":
            values: npt.NDArray[np.generic] = np.arange(int(low), int(high) + 1, parameter.step)
        case "power":
            values = 2 ** np.arange(math.log2(low), math.log2(high) + 0.5, dtype=np.int64)
        case "real" if parameter.scale == "log":
            values = np.exp(np.linspace(math.log(low), math.log(high), parameter.levels))
            values[[0, -1]] = low, high
        case "real":
            values = np.linspace(low, high, parameter.levels)
        case _:
            values = np.array(parameter.values, dtype=object)
    count = len(values)
    cells = np.arange(1, count + 1) / count
    if parameter.kind == "integer" and parameter.scale == "log" and count > 1:
        numbers = values.astype(np.float64)
        logs = np.log(numbers)
        ends = np.log(numbers + parameter.step / 2)
        start = logs[0] - (ends[0] - logs[0])
        edges = (ends - start) / (ends[-1] - start)
        edges[-1] = 1.0
        return Table(values=values, positions=(logs - logs[0]) / (logs[-1] - logs[0]), edges=edges)
    positions = np.arange(count) / max(count - 1, 1)
    return Table(values=values, positions=positions, edges=cells)


def parameter_problems(parameter: Parameter, where: str) -> list[str]:
    """Return one sentence per mistake in the numbers and words of a parameter."""
    if parameter.kind not in KINDS:
        near = did_you_mean(parameter.kind, KINDS)
        return [f"{where}.kind: {parameter.kind!r} is not one of {', '.join(KINDS)}{near}"]
    if parameter.scale not in SCALES:
        return [f"{where}.scale: {parameter.scale!r} is not one of linear, log"]
    found = [] if parameter.name else [f"{where}.name: must not be empty"]
    check = _category_problems if parameter.kind == "category" else _range_problems
    return found + check(parameter, where)


def condition_problems(
    parameter: Parameter, earlier: dict[str, Parameter], where: str
) -> list[str]:
    """Return one sentence per condition that names no earlier parameter or no value of it."""
    found = []
    for condition in parameter.when:
        at = f"{where}.when.{condition.name}"
        target = earlier.get(condition.name)
        if target is None:
            near = did_you_mean(condition.name, earlier)
            found.append(f"{at}: no parameter of this name stands before {parameter.name!r}{near}")
            continue
        if not condition.values:
            found.append(f"{at}: lists no value; {parameter.name!r} would never be active")
        known = list(map(plain, table(target).values))
        for value in condition.values:
            if not any(same(value, each) for each in known):
                near = did_you_mean(str(value), map(str, known)) if len(known) < 1000 else ""
                found.append(f"{at}: {value!r} is no value of {condition.name!r}{near}")
    return found


def plain(value: object) -> Value:
    """Return a NumPy scalar as the Python value it stands for."""
    return value.item() if isinstance(value, np.generic) else value  # type: ignore[return-value]


def same(one: Value, other: Value) -> bool:
    """Whether two values are equal, and not merely `True == 1`."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _number(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _category_problems(parameter: Parameter, where: str) -> list[str]:
    if not parameter.values:
        return [f"{where}.values: lists no value"]
    found = []
    for value in parameter.values:
        kind: object = value  # from Python, whatever the type says
        if not isinstance(kind, (str, int, float, bool)):
            found.append(f"{where}.values: {value!r} is neither a text, a number nor a flag")
        elif isinstance(value, float) and not math.isfinite(value):
            found.append(f"{where}.values: {value} is not a finite number")
    pairs = itertools.combinations(parameter.values, 2) if not found else ()
    twice = {str(one) for one, other in pairs if one == other}
    return found + [f"{where}.values: {value} stands twice" for value in sorted(twice)]


def _range_problems(parameter: Parameter, where: str) -> list[str]:
    low, high = parameter.low, parameter.high
    if not (_number(low) and _number(high) and math.isfinite(low) and math.isfinite(high)):
        return [f"{where}: low ({low!r}) and high ({high!r}) must be finite numbers"]
    found = []
    if parameter.kind == "real" and low == high:
        found.append(f"{where}: low and high are both {low:g}; a real range needs two ends")
    if low > high:
        found.append(f"{where}: low ({low:g}) is more than high ({high:g})")
    if parameter.kind == "integer" and (low != int(low) or high != int(high)):
        found.append(f"{where}: low and high of an integer must be whole numbers")
    if parameter.scale == "log" and low <= 0:
        found.append(f"{where}.low: {low:g} must be more than 0 on a log scale")
    if parameter.kind == "power":
        found += [
            f"{where}.{end}: {number:g} is not a power of two; use {_near_power(number)}"
            for end, number in (("low", low), ("high", high))
            if number < 1 or number != 2 ** round(math.log2(number))
        ]
    if parameter.step < 1:
        found.append(f"{where}.step: {parameter.step} must be at least 1")
    if parameter.kind == "real" and parameter.levels < 2:
        found.append(f"{where}.levels: {parameter.levels} must be at least 2")
    return found or _size_problems(parameter, where)


def _size_problems(parameter: Parameter, where: str) -> list[str]:
    span = int(parameter.high - parameter.low) // parameter.step + 1
    count = {"integer": span, "real": parameter.levels}.get(parameter.kind, 1)
    if count > MOST_VALUES:
        remedy = (
            "fewer levels" if parameter.kind == "real" else "a larger step, or kind power or real"
        )
        return [f"{where}: {count:,} values are more than {MOST_VALUES:,}; use {remedy}"]
    return []


def _near_power(number: float) -> int:
    return 1 if number < 1 else int(2 ** round(math.log2(number)))
