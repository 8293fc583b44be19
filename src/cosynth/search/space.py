"""A space: parameters with conditions; its points as index arrays, samples, neighbours."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from cosynth.errors import SpecError, did_you_mean
from cosynth.search.parameter import (
    Codes,
    Flags,
    Parameter,
    Reals,
    Table,
    Value,
    condition_problems,
    parameter_problems,
    plain,
    same,
    table,
)
from cosynth.search.points import Point, Points

_BLOCK = 8192  # points that the grid decodes at a time


@dataclass(frozen=True, slots=True)
class Space:
    """A finite set of points. Inactive parameters hold index 0 in codes, nothing in points.

    >>> from cosynth.search import category, integer
    >>> space = Space.of(category("engine", ["dot", "systolic"]),
    ...                  integer("rows", 4, 16, step=4, when={"engine": ["systolic"]}))
    >>> space.size, [dict(point) for point in space.grid()][:2]
    (5, [{'engine': 'dot'}, {'engine': 'systolic', 'rows': 4}])
    """

    parameters: tuple[Parameter, ...]
    tables: tuple[Table, ...] = field(init=False, repr=False, compare=False)
    gates: tuple[tuple[tuple[int, Flags], ...], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        tables = tuple(map(table, self.parameters))
        object.__setattr__(self, "tables", tables)
        object.__setattr__(
            self, "gates", tuple(self._gates_of(parameter) for parameter in self.parameters)
        )

    @staticmethod
    def of(*parameters: Parameter, where: str = "space") -> Space:
        """Return the space of these parameters, or raise SpecError with every mistake."""
        problems = [] if parameters else [f"{where}: holds no parameter; give at least one"]
        earlier: dict[str, Parameter] = {}
        for index, each in enumerate(parameters):
            at = f"{where}: parameter[{index}]" if where != "space" else f"parameter {each.name!r}"
            if each.name in earlier:
                problems.append(f"{at}.name: {each.name!r} stands twice")
            mistakes = parameter_problems(each, at)
            mistakes += condition_problems(each, earlier, at)
            problems += mistakes
            if not mistakes:
                earlier[each.name] = each
        if problems:
            raise SpecError(*problems)
        return Space(parameters)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters, in order."""
        return tuple(each.name for each in self.parameters)

    @property
    def counts(self) -> Codes:
        """The number of values of each parameter, [parameters]."""
        return np.array([len(each.values) for each in self.tables], dtype=np.int64)

    @property
    def size(self) -> int:
        """The exact number of points, inactive parameters counted once."""
        return _count(self, 0, {})

    def index(self, name: str) -> int:
        """Return the position of a parameter, or raise SpecError with the nearest name."""
        if name not in self.names:
            raise SpecError(f"{name!r}: no such parameter{did_you_mean(name, self.names)}")
        return self.names.index(name)

    def values(self, name: str) -> list[Value]:
        """Return the values of one parameter, in order."""
        return [plain(value) for value in self.tables[self.index(name)].values]

    def active(self, codes: Codes) -> Flags:
        """Return which parameters are active at each point, [points, parameters]."""
        active = np.ones(codes.shape, dtype=bool)
        for index, gates in enumerate(self.gates):
            for controller, allowed in gates:
                active[:, index] &= active[:, controller] & allowed[codes[:, controller]]
        return active

    def canonical(self, codes: Codes) -> Codes:
        """Return codes clipped into range, with index 0 where a parameter is inactive."""
        clipped = np.clip(codes, 0, self.counts - 1)
        return np.where(self.active(clipped), clipped, 0)

    def points(self, codes: Codes) -> Points:
        """Return the points of index rows, [points, parameters]."""
        return Points(self, self.canonical(codes))

    def encode(self, points: Iterable[Mapping[str, Value]]) -> Points:
        """Return points given as mappings, or raise SpecError with every mistake.

        >>> from cosynth.search import integer
        >>> Space.of(integer("rows", 4, 16, step=4)).encode([{"rows": 12}]).codes.tolist()
        [[2]]
        """
        given = list(points)
        codes = np.zeros((len(given), len(self.parameters)), dtype=np.int64)
        lookups = [_lookup(each) for each in self.tables]
        problems: list[str] = []
        for row, point in enumerate(given):
            for name in point:
                if name not in self.names:
                    near = did_you_mean(name, self.names)
                    problems.append(f"points[{row}].{name}: no such parameter{near}")
            for column, name in enumerate(self.names):
                if name in point:
                    code = lookups[column].get(_typed(point[name]), self._near(column, point[name]))
                    if code is None:
                        problems.append(f"points[{row}].{name}: {point[name]!r} is no value of it")
                    else:
                        codes[row, column] = code
        active = self.active(codes)
        for row, column in np.argwhere(active).tolist():
            if self.names[column] not in given[row]:
                problems.append(f"points[{row}].{self.names[column]}: required, absent")
        if problems:
            raise SpecError(*problems)
        return Points(self, np.where(active, codes, 0))

    def units(self, codes: Codes) -> Reals:
        """Return where each value stands in the unit cube, [points, parameters]."""
        columns = [each.positions[codes[:, i]] for i, each in enumerate(self.tables)]
        return np.stack(columns, axis=1)

    def from_units(self, units: Reals) -> Codes:
        """Return the canonical codes nearest to points of the unit cube."""
        columns = [
            np.searchsorted((each.positions[1:] + each.positions[:-1]) / 2, units[:, index])
            for index, each in enumerate(self.tables)
        ]
        return self.canonical(np.stack(columns, axis=1).astype(np.int64))

    def draw(self, uniform: Reals) -> Codes:
        """Return the codes that numbers in [0, 1) draw, log ranges by octave."""
        columns = [
            np.searchsorted(each.edges, uniform[:, index], side="right")
            for index, each in enumerate(self.tables)
        ]
        return self.canonical(np.stack(columns, axis=1).astype(np.int64))

    def sample(self, generator: np.random.Generator, count: int) -> Points:
        """Return independent draws; the same generator state gives the same points."""
        return Points(self, self.draw(generator.random((count, len(self.parameters)))))

    def neighbours(self, codes: Codes) -> Codes:
        """Return all points one step away in one parameter, without duplicates.

        A step is the next value of an ordered parameter, any other value of a category.
        """
        moved = []
        for index, each in enumerate(self.parameters):
            count = len(self.tables[index].values)
            shifts = (-1, 1) if each.ordered else range(1, count)
            for shift in shifts:
                column = codes[:, index] + shift
                inside = (column >= 0) & (column < count)
                rows = codes[inside].copy() if each.ordered else codes.copy()
                rows[:, index] = column[inside] if each.ordered else column % count
                moved.append(rows[self.active(rows)[:, index]])
        rows = self.canonical(np.concatenate(moved)) if moved else codes[:0]
        return np.unique(rows, axis=0)

    def grid(self) -> Iterator[Point]:
        """Yield every point once, the last parameter varying fastest."""
        for block in self.blocks():
            yield from Points(self, block)

    def blocks(self) -> Iterator[Codes]:
        """Yield the codes of the grid in blocks, each canonical row once."""
        rows = _rows(self, [], [])
        while block := list(itertools.islice(rows, _BLOCK)):
            yield np.array(block, dtype=np.int64)

    def _near(self, column: int, value: object) -> int | None:
        """Return the code of a real number written with a few digits less."""
        if self.parameters[column].kind != "real" or not isinstance(value, (int, float)):
            return None
        values = self.tables[column].values.astype(np.float64)
        code = int(np.argmin(np.abs(values - value)))
        return code if math.isclose(values[code], value, rel_tol=1e-9) else None

    def _gates_of(self, parameter: Parameter) -> tuple[tuple[int, Flags], ...]:
        return tuple(
            (
                self.names.index(condition.name),
                np.array(
                    [
                        any(same(value, each) for each in condition.values)
                        for value in self.values(condition.name)
                    ]
                ),
            )
            for condition in parameter.when
        )


def _typed(value: Value) -> tuple[bool, Value]:
    return isinstance(value, bool), value


def _lookup(values: Table) -> dict[tuple[bool, Value], int]:
    return {_typed(plain(value)): code for code, value in enumerate(values.values)}


def _rows(space: Space, prefix: list[int], active: list[bool]) -> Iterator[list[int]]:
    """Yield the canonical rows that start with `prefix`, in order."""
    index = len(prefix)
    if index == len(space.parameters):
        yield prefix
        return
    on = all(active[at] and bool(allowed[prefix[at]]) for at, allowed in space.gates[index])
    for code in range(len(space.tables[index].values)) if on else (0,):
        yield from _rows(space, [*prefix, code], [*active, on])


def _count(space: Space, index: int, chosen: dict[int, int]) -> int:
    """Count the points, branching only over groups of values that the conditions tell apart."""
    if index == len(space.parameters):
        return 1
    row = np.zeros((1, len(space.parameters)), dtype=np.int64)
    for column, code in chosen.items():
        row[0, column] = code
    if not space.active(row)[0, index]:
        return _count(space, index + 1, chosen)
    watchers = [
        allowed for gates in space.gates for controller, allowed in gates if controller == index
    ]
    count = len(space.tables[index].values)
    if not watchers:
        return count * _count(space, index + 1, chosen)
    groups: dict[tuple[bool, ...], list[int]] = {}
    for code in range(count):
        groups.setdefault(tuple(bool(allowed[code]) for allowed in watchers), []).append(code)
    return sum(
        len(codes) * _count(space, index + 1, {**chosen, index: codes[0]})
        for codes in groups.values()
    )
