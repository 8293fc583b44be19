"""Places of axes that stand or fall together: a union-find over single indices."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]


@dataclass(slots=True)
class Atoms:
    """Each index of each axis is an atom; joined atoms are removed together, pinned ones never.

    `why` says of a pinned atom what holds it.
    """

    parent: list[int] = field(default_factory=list)
    why: dict[int, str] = field(default_factory=dict)

    def fresh(self, count: int) -> Labels:
        """Return new atoms, one for each index of an axis."""
        first = len(self.parent)
        self.parent.extend(range(first, first + count))
        return np.arange(first, first + count, dtype=np.int64)

    def root(self, atom: int) -> int:
        """Return the atom that stands for all that are joined with this one."""
        while self.parent[atom] != atom:
            self.parent[atom] = self.parent[self.parent[atom]]
            atom = self.parent[atom]
        return atom

    def roots(self, labels: Labels) -> Labels:
        """Return `root` of every atom."""
        return np.array([self.root(int(atom)) for atom in labels], dtype=np.int64)

    def join(self, one: Labels, other: Labels) -> None:
        """Join atoms pair by pair."""
        for a, b in zip(one.tolist(), other.tolist(), strict=True):
            first, second = self.root(a), self.root(b)
            if first != second:
                self.parent[second] = first
                if second in self.why:
                    self.why.setdefault(first, self.why[second])

    def pin(self, labels: Labels, why: str) -> None:
        """Say that atoms must stay, and what holds them."""
        for atom in labels.tolist():
            self.why.setdefault(self.root(atom), why)

    def pinned(self, labels: Labels) -> NDArray[np.bool_]:
        """Return which atoms must stay."""
        return np.array([root in self.why for root in self.roots(labels).tolist()], dtype=bool)
