"""What a step does to the two factors of a site before they are stored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from cosynth.arrays import Array
from cosynth.compress.network import Operand
from cosynth.format import Format


class Change(ABC):
    """A change of factors; it knows from the operand which of the two it has."""

    @abstractmethod
    def applied(self, values: Array, operand: Operand, format: Format | None) -> Array:
        """Return a factor changed, of its own shape; `format` is what it will be stored in.

        Without a format only what leaves the product as it is may happen.
        """

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
