"""One option for each layer: the least of one figure under limits on others, and the front."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosynth.errors import InfeasibleError, SpecError, did_you_mean

Figure = NDArray[np.float64]
_LARGEST = 1e6  # costs are scaled so: what the solver's tolerance hides is then without weight
_TIGHTER = 1e-12  # a limit that rounding broke is drawn in by so much, then by ten times as much


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Figures of every option of every layer, each [layers, options]; a whole adds up its layers.

    An infinite figure forbids an option.
    """

    layers: tuple[str, ...]
    options: tuple[str, ...]
    figures: Mapping[str, Figure]

    def total(self, picks: Sequence[int], figure: str) -> float:
        """Figure of the whole where layer `i` takes option `picks[i]`, rounded once."""
        values = self.figure(figure)
        return math.fsum(float(values[at, pick]) for at, pick in enumerate(picks))

    def figure(self, name: str) -> Figure:
        """Values of a figure; SpecError with the nearest for an unknown one."""
        if name not in self.figures:
            near = did_you_mean(name, self.figures)
            raise SpecError(f"{name!r} is not one of {', '.join(self.figures)}{near}")
        return self.figures[name]

    @property
    def allowed(self) -> NDArray[np.bool_]:
        """Which options each layer may take."""
        finite = np.array([np.isfinite(values) for values in self.figures.values()])
        return np.asarray(finite.all(axis=0))


def choose(table: Table, minimize: str, limits: Mapping[str, float]) -> tuple[int, ...]:
    """Return the position of each layer's option: the least total of a figure under limits.

    A multiple-choice knapsack, solved to the end by HiGHS (Huangfu and Hall, Math. Prog. Comp.
    10, 2018). Raises InfeasibleError, naming the limit, where nothing keeps them all.

    >>> bits, error = np.array([[8.0, 4.0]] * 2), np.array([[0.0, 3.0], [0.0, 1.0]])
    >>> both = Table(layers=("a", "b"), options=("int8", "int4"),
    ...     figures={"bits": bits, "error": error})
    >>> choose(both, "error", {"bits": 12})
    (0, 1)
    """
    wanted, allowed = table.figure(minimize), table.allowed
    for name, at in zip(table.layers, allowed, strict=True):
        if not at.any():
            raise InfeasibleError(f"{name}: none of {', '.join(table.options)} can be taken")
    _reachable(table, limits)
    asked = dict(limits)
    step = _TIGHTER
    while True:
        picks = _solved(wanted, allowed, [(table.figure(f), most) for f, most in asked.items()])
        if picks is None:
            raise InfeasibleError(f"no choice keeps {_listed(limits)} together")
        broken = [name for name, most in limits.items() if table.total(picks, name) > most]
        if not broken:
            return picks
        # the solver's tolerance let a limit be passed by a hair
        asked |= {name: limits[name] - abs(limits[name]) * step for name in broken}
        step *= 10


def front(
    table: Table, minimize: str, against: str, limits: Mapping[str, float], points: int
) -> tuple[tuple[int, ...], ...]:
    """Return undominated choices, from the least of `against` to the least of `minimize`.

    Each is the best under its own limit on `against`; limits are spread evenly.
    """
    ends = [choose(table, minimize, limits)]
    ends.append(choose(table, against, limits))
    top, low = (table.total(end, against) for end in ends)
    found = {}
    for most in np.linspace(low, top, max(points, 2)):
        capped = min(float(most), limits.get(against, math.inf))
        picks = choose(table, minimize, {**limits, against: max(capped, low)})
        found[picks] = (table.total(picks, against), table.total(picks, minimize))
    kept: list[tuple[int, ...]] = []
    best = math.inf
    for picks, (_, value) in sorted(found.items(), key=lambda item: item[1]):
        if value < best:
            kept.append(picks)
            best = value
    return tuple(kept)


def _reachable(table: Table, limits: Mapping[str, float]) -> None:
    for name, most in limits.items():
        values = np.where(table.allowed, table.figure(name), np.inf)
        least = math.fsum(values.min(axis=1).tolist())
        if least > most:
            raise InfeasibleError(
                f"{name} cannot be {most:g} or less: with the least of every layer it is {least:g}"
            )


def _listed(limits: Mapping[str, float]) -> str:
    return " and ".join(f"{name} <= {most:g}" for name, most in limits.items())


def _solved(
    wanted: Figure, allowed: NDArray[np.bool_], limits: Sequence[tuple[Figure, float]]
) -> tuple[int, ...] | None:
    """The integer program: one option a layer; None if there is no solution."""
    try:
        import highspy
    except ImportError:
        raise SpecError(
            "the choice of formats needs HiGHS; install it with: pip install 'cosynth[quantize]'"
        ) from None

    layers, at = np.nonzero(allowed)
    count, options = len(layers), len(at)
    rows = [(layers == layer).astype(float) for layer in range(len(allowed))]
    lower, upper = [1.0] * len(rows), [1.0] * len(rows)
    for values, most in limits:
        taken, offset = _from_least(values, allowed)
        scale = max(most - offset, 0.0)
        largest = float(taken.max(initial=0.0)) or 1.0
        rows.append(taken / max(scale, largest * 1e-9))
        lower.append(-highspy.kHighsInf)
        upper.append(scale / max(scale, largest * 1e-9))
    cost, _ = _from_least(wanted, allowed)
    matrix = np.array(rows)
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = count, len(rows)
    program.col_cost_ = _LARGEST * cost / (float(cost.max(initial=0.0)) or 1.0)
    program.col_lower_, program.col_upper_ = np.zeros(count), np.ones(count)
    program.row_lower_, program.row_upper_ = np.array(lower), np.array(upper)
    program.integrality_ = [highspy.HighsVarType.kInteger] * options
    used = matrix != 0
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_ = np.concatenate([[0], np.cumsum(used.sum(axis=1))])
    program.a_matrix_.index_ = np.nonzero(used)[1]
    program.a_matrix_.value_ = matrix[used]

    class Quiet(highspy.Highs):  # type: ignore[misc]
        """HiGHS 1.16 prints a banner as soon as its callbacks are set, which is in its making."""

        def enableCallbacks(self) -> None:  # noqa: N802
            self.setOptionValue("output_flag", False)
            super().enableCallbacks()

    solver = Quiet()
    for option, value in _TO_THE_END.items():
        solver.setOptionValue(option, value)
    solver.passModel(program)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    chosen = np.asarray(solver.getSolution().col_value) > 0.5
    return tuple(int(pick) for pick in at[chosen])


_TO_THE_END = {
    "output_flag": False, "threads": 1, "random_seed": 0, "mip_rel_gap": 0.0, "mip_abs_gap": 0.0,
    "mip_feasibility_tolerance": 1e-9, "primal_feasibility_tolerance": 1e-9,
    "dual_feasibility_tolerance": 1e-9,
}  # fmt: skip


def _from_least(values: Figure, allowed: NDArray[np.bool_]) -> tuple[Figure, float]:
    """What each allowed option has more than the least of its layer, and the sum of the leasts."""
    within = np.where(allowed, values, np.inf)
    least = within.min(axis=1, keepdims=True)
    return (within - least)[allowed], math.fsum(least[:, 0].tolist())
