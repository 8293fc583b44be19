"""Small search problems whose answers are known: for the suites and for benchmarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cosynth.search import Evaluation, Points, Space, Violation, category, integer, power, real
from cosynth.search.parameter import Reals


@dataclass(frozen=True, slots=True, kw_only=True)
class Staircase:
    """ZDT1 on integers (E. Zitzler, K. Deb, L. Thiele, 2000): the front has all but the first at 0.

    The bounds know half of the parameters.
    """

    parameters: int = 10
    steps: int = 32

    name: str = "staircase"
    objectives: tuple[str, ...] = ("first", "second")
    limits: tuple[str, ...] = ()

    @property
    def space(self) -> Space:
        """Whole numbers from 0."""
        return Space.of(*(integer(f"x{i}", 0, self.steps - 1) for i in range(self.parameters)))

    def evaluate(self, points: Points) -> Sequence[Evaluation]:
        """Evaluate all points at once."""
        values = self._values(points, self.parameters)
        return [Evaluation(objectives=tuple(row)) for row in values.tolist()]

    def bounds(self, points: Points) -> Reals:
        """Return the objectives as if the second half of the parameters were 0."""
        return self._values(points, self.parameters // 2)

    def _values(self, points: Points, known: int) -> Reals:
        shares = points.codes / (self.steps - 1)
        first = shares[:, 0]
        slope = 1.0 + 9.0 * shares[:, 1:known].sum(axis=1) / (self.parameters - 1)
        return np.stack([first, slope - np.sqrt(first * slope)], axis=1)


_LAYERS = np.array([(64, 147, 12544), (64, 576, 3136), (128, 576, 784), (256, 2304, 196),
                    (512, 4608, 49), (1000, 512, 1)], dtype=np.float64)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Toy:
    """An accelerator made up for tests: three objectives, a limit, a condition, jagged tiling.

    Bounds: full use of the multipliers, and each operand read once.
    """

    largest_area: float = np.inf

    name: str = "toy accelerator"
    objectives: tuple[str, ...] = ("latency", "energy", "area")
    limits: tuple[str, ...] = ("area",)

    @property
    def space(self) -> Space:
        """An array, a buffer, a memory port, a clock; the depth matters for one dataflow only."""
        return Space.of(
            integer("rows", 4, 64, step=2),
            integer("columns", 4, 64, step=2),
            power("buffer", 2**13, 2**21),
            integer("port", 1, 64, scale="log"),
            real("clock", 0.2, 1.2, levels=51),
            category("stationary", ["weights", "outputs"]),
            integer("depth", 1, 8, when={"stationary": ["outputs"]}),
            category("bits", [4, 8, 16]),
        )

    def evaluate(self, points: Points) -> Sequence[Evaluation]:
        """Evaluate all points at once."""
        values = self._values(points, exact=True)
        return [
            Evaluation(
                objectives=(latency, energy, area),
                violations=(Violation(limit="area", amount=area / self.largest_area - 1),)
                if area > self.largest_area
                else (),
                payload={"area": area},
            )
            for latency, energy, area in values.tolist()
        ]

    def bounds(self, points: Points) -> Reals:
        """Return the objectives without the losses of tiling and of reading twice."""
        return self._values(points, exact=False)

    def _values(self, points: Points, *, exact: bool) -> Reals:
        names = ("rows", "columns", "buffer", "port", "clock", "bits")
        rows, columns, buffer, port, clock, bits = (
            points.column(name).astype(np.float64) for name in names
        )
        outputs = points.column("stationary") == "outputs"
        depth = np.where(outputs, points.column("depth").astype(np.float64), 1.0)
        latency, traffic = np.zeros(len(points)), np.zeros(len(points))
        for m, k, n in _LAYERS:
            ideal = m * k * n / (rows * columns)
            tiles = np.ceil(m / rows) * np.ceil(np.where(outputs, n, k) / columns)
            steps = np.where(outputs, k, n) + (rows + columns) / depth
            weights, inputs = m * k * bits / 8, k * n * bits / 8
            once = weights + inputs
            again = inputs * np.ceil(2 * weights / buffer) + weights
            moved = np.minimum(again, weights * np.ceil(2 * inputs / buffer) + inputs)
            cycles = tiles * steps if exact else ideal
            bytes_moved = np.maximum(moved, once) if exact else once
            latency += np.maximum(cycles / clock, bytes_moved / port) * 1e-9
            traffic += bytes_moved
        work = float(np.sum(np.prod(_LAYERS, axis=1)))
        area = rows * columns * (bits**1.5 * 12 + 30 * depth) * 1e-6 + buffer * 1.5e-6 + port * 0.05
        switching = 0.5 + clock**2
        wires = 0.02 * np.log2(buffer) * bits
        energy = work * (bits**1.5 * 0.01 + wires / depth) * switching * 1e-12
        energy += traffic * 40e-12 + area * 0.02 * latency
        return np.stack([latency, energy, area], axis=1)
