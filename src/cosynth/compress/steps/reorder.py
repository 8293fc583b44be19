"""Order of the summed axis by magnitude, so that a block holds values of one size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cosynth.arrays import Array
from cosynth.compress.change import Change, Turn
from cosynth.compress.nodes import Nodes
from cosynth.compress.step import Factors, Step, magnitudes


class Reorder(Step):
    """Sorts by the product of the factors' mean magnitudes; there is no option.

    "Accurate Block Quantization" (Trukhanov and Soloveychik, 2024) sorts keys and queries so.
    """

    most = 0

    def change(self, factors: Factors) -> Change | None:
        """Move the places of both factors; nothing where the order is right already."""
        size = np.prod(magnitudes(factors), axis=0)
        order = np.argsort(-size, kind="stable")
        if np.array_equal(order, np.arange(factors.length)):
            return None
        return Order(length=factors.length, order=order)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Order(Turn):
    """Place `i` of the outcome holds what stood at `order[i]`."""

    order: Array

    def along(self, values: Array) -> Array:
        """Return values [..., length] in the new order."""
        return values[..., self.order]

    def spelt_along(self, x: str, nodes: Nodes) -> str:
        """Gather the places in the new order, in every group alike."""
        rest = nodes.add("Shape", [x], f"{x}.shape")
        groups = nodes.constant(f"{x}.groups", np.array([-1, self.length], dtype=np.int64))
        cut = nodes.add("Reshape", [x, groups], f"{x}.cut")
        order = nodes.constant(f"{x}.order", self.order.astype(np.int64))
        moved = nodes.add("Gather", [cut, order], f"{x}.ordered", axis=1)
        return nodes.add("Reshape", [moved, rest], f"{x}.joined")
