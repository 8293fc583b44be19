"""Points of a space: one as an immutable mapping, many as columns of an array."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, overload

import numpy as np
import numpy.typing as npt

from cosynth.search.parameter import Codes, Flags, Value, plain

if TYPE_CHECKING:
    from cosynth.search.space import Space


class Point(Mapping[str, Value]):
    """One choice: the name and value of every active parameter, in the order of the space.

    >>> point = Point({"rows": 8, "order": "row"})
    >>> point["rows"], point.key
    (8, '{"order":"row","rows":8}')
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"Point({self._values})"

    @property
    def key(self) -> str:
        """A canonical text: equal points have equal keys, whatever the order of their names."""
        return json.dumps(self._values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class Points(Sequence[Point]):
    """A batch of points: a sequence for loops, and a column per parameter for array code.

    A column holds the first value of its parameter where that is inactive; `active` says where.
    """

    __slots__ = ("codes", "space")

    def __init__(self, space: Space, codes: Codes) -> None:
        self.space = space
        self.codes = codes  # index of each value, [points, parameters], canonical

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, index: int) -> Point: ...
    @overload
    def __getitem__(self, index: slice) -> Points: ...
    def __getitem__(self, index: int | slice) -> Point | Points:
        if isinstance(index, slice):
            return Points(self.space, self.codes[index])
        row = self.codes[index : index + 1] if index != -1 else self.codes[-1:]
        if not len(row):
            raise IndexError(index)
        return self._decode(row)[0]

    def __iter__(self) -> Iterator[Point]:
        return iter(self._decode(self.codes))

    def __repr__(self) -> str:
        return f"Points({len(self)} of {self.space.names})"

    def column(self, name: str) -> npt.NDArray[np.generic]:
        """Return the values of one parameter, [points]."""
        index = self.space.index(name)
        return self.space.tables[index].values[self.codes[:, index]]

    def active(self, name: str) -> Flags:
        """Return where one parameter is active, [points]."""
        return self.space.active(self.codes)[:, self.space.index(name)]

    def _decode(self, codes: Codes) -> list[Point]:
        active = self.space.active(codes)
        names = self.space.names
        columns = [
            table.values[codes[:, index]].tolist() for index, table in enumerate(self.space.tables)
        ]
        whole = bool(active.all())
        return [
            Point(
                dict(zip(names, map(plain, row), strict=True))
                if whole
                else {n: plain(v) for n, v, on in zip(names, row, mask, strict=True) if on}
            )
            for row, mask in zip(zip(*columns, strict=True), active.tolist(), strict=True)
        ]
