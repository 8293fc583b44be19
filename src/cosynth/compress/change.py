"""What a step does to the two factors of a site before they are stored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from cosynth.arrays import Array
from cosynth.compress.network import Operand
from cosynth.compress.nodes import Nodes
from cosynth.errors import SpecError
from cosynth.format import Format


class Change(ABC):
    """A change of factors; it knows from the operand which of the two it has."""

    @abstractmethod
    def applied(self, values: Array, operand: Operand, format: Format | None) -> Array:
        """Return a factor changed, of its own shape; `format` is what it will be stored in.

        Without a format only what leaves the product as it is may happen.
        """

    @abstractmethod
    def spelt(self, x: str, operand: Operand, format: Format | None, nodes: Nodes) -> str:
        """Add nodes that do to an activation what `applied` does; return what holds it."""

    def scale(self, operand: Operand, format: Format) -> float | None:  # noqa: ARG002
        """Return a scale for the whole factor, found beforehand; None: from the values."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Turn(Change):
    """Both factors times one orthogonal matrix along what is summed: the product stays.

    A factor that holds several groups has them one after the other, each of `length`.
    """

    length: int

    @abstractmethod
    def along(self, values: Array) -> Array:
        """Return values [..., length] turned, in their own type."""

    def applied(self, values: Array, operand: Operand, format: Format | None) -> Array:  # noqa: ARG002
        """Turn a factor along its summed axis, group by group."""
        moved = np.moveaxis(values, operand.axis, -1)
        turned = self.along(moved.reshape(*moved.shape[:-1], -1, self.length))
        return np.moveaxis(turned.reshape(moved.shape), -1, operand.axis)

    def spelt(self, x: str, operand: Operand, format: Format | None, nodes: Nodes) -> str:  # noqa: ARG002
        """Bring the summed axis to the end, turn, and bring it back."""
        last = operand.axis == -1 or (nodes.rank(x) or 0) - 1 == operand.axis
        if last:
            return self.spelt_along(x, nodes)
        rank = nodes.rank(x)
        if rank is None:
            raise SpecError(f"the shape of {x!r} is open, so that it cannot be turned")
        order = [at for at in range(rank) if at != operand.axis % rank] + [operand.axis % rank]
        moved = nodes.add("Transpose", [x], f"{x}.moved", perm=order)
        turned = self.spelt_along(moved, nodes)
        back = [order.index(at) for at in range(rank)]
        return nodes.add("Transpose", [turned], f"{x}.turned", perm=back)

    @abstractmethod
    def spelt_along(self, x: str, nodes: Nodes) -> str:
        """Add nodes that turn the last axis, group by group; return what holds it."""
