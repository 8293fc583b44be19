"""Pareto fronts: exact non-dominated sets, hypervolume, knee."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cosynth.errors import SpecError
from cosynth.search.parameter import Flags, Reals
from cosynth.search.problem import Evaluation


def front(evaluations: Sequence[Evaluation]) -> list[int]:
    """Return the indices of the feasible evaluations that no other dominates, in order.

    Of evaluations with equal objectives the first one counts.

    >>> front([Evaluation(objectives=each) for each in [(1, 3), (2, 2), (2, 3), (1, 3)]])
    [0, 1]
    """
    feasible = [index for index, each in enumerate(evaluations) if each.feasible]
    if not feasible:
        return []
    values = np.array([evaluations[index].objectives for index in feasible], dtype=np.float64)
    return [feasible[index] for index in np.flatnonzero(nondominated(values)).tolist()]


def nondominated(values: Reals) -> Flags:
    """Return which rows no other row dominates; of equal rows the first. [points, objectives]"""
    if not len(values):
        return np.zeros(0, dtype=bool)
    if values.shape[1] == 1:
        best: Flags = np.arange(len(values)) == int(np.argmin(values[:, 0]))
        return best
    import moocore

    flags: Flags = np.asarray(moocore.is_nondominated(values, keep_weakly=False), dtype=bool)
    return flags


def hypervolume(evaluations: Sequence[Evaluation], reference: Sequence[float]) -> float:
    """Return the exact volume between the front and `reference`; more is better.

    Points that are not better than the reference in every objective add nothing.

    >>> hypervolume([Evaluation(objectives=(1, 2)), Evaluation(objectives=(2, 1))], (3, 3))
    3.0
    """
    values = [each.objectives for each in evaluations if each.feasible]
    return volume(np.array(values, dtype=np.float64).reshape(-1, len(reference)), reference)


def volume(values: Reals, reference: Sequence[float] | Reals) -> float:
    """Return the hypervolume of an array of objectives, [points, objectives]."""
    ends = np.asarray(reference, dtype=np.float64)
    inside = values[np.all(values < ends, axis=1)]
    if not len(inside):
        return 0.0
    if len(ends) == 1:
        return float(ends[0] - inside.min())
    import moocore

    return float(moocore.hypervolume(inside, ref=ends))


def hypervolume_over(evaluations: Sequence[Evaluation], reference: Sequence[float]) -> list[float]:
    """Return the hypervolume after the first, second, ... evaluation.

    >>> each = [Evaluation(objectives=values) for values in [(1, 2), (2, 3), (2, 1)]]
    >>> hypervolume_over(each, (3, 3))
    [2.0, 2.0, 3.0]
    """
    ends = np.asarray(reference, dtype=np.float64)
    best = np.empty((0, len(ends)))
    reached, curve = 0.0, []
    for each in evaluations:
        values = np.array(each.objectives, dtype=np.float64)
        if each.feasible and np.all(values < ends) and not np.any(np.all(best <= values, axis=1)):
            best = np.vstack([best[~np.all(values <= best, axis=1)], values])
            reached = volume(best, ends)
        curve.append(reached)
    return curve


def reference_point(evaluations: Sequence[Evaluation], *, margin: float = 0.1) -> tuple[float, ...]:
    """Return a point worse than the whole front by a share of its range, for hypervolumes.

    >>> reference_point([Evaluation(objectives=(1, 3)), Evaluation(objectives=(2, 1))])
    (2.1, 3.2)
    """
    chosen = front(evaluations)
    if not chosen:
        raise SpecError("no evaluation is feasible, so there is no front to measure")
    values = np.array([evaluations[index].objectives for index in chosen], dtype=np.float64)
    span = values.max(axis=0) - values.min(axis=0)
    span = np.where(span > 0, span, np.abs(values.max(axis=0)) + 1.0)
    return tuple((values.max(axis=0) + margin * span).tolist())


def knee(evaluations: Sequence[Evaluation]) -> int | None:
    """Return the index of the front member nearest to the best of everything, None without front.

    Each objective is scaled to its range on the front, in logarithms where all are positive:
    a factor of two counts the same at either end.

    >>> knee([Evaluation(objectives=each) for each in [(1, 100), (2, 2), (100, 1)]])
    1
    """
    chosen = front(evaluations)
    if not chosen:
        return None
    values = np.array([evaluations[index].objectives for index in chosen], dtype=np.float64)
    positive = np.all(values > 0, axis=0)
    scaled = np.where(positive, np.log(np.where(positive, values, 1.0)), values)
    low, high = scaled.min(axis=0), scaled.max(axis=0)
    share = (scaled - low) / np.where(high > low, high - low, 1.0)
    return chosen[int(np.argmin(np.sum(share**2, axis=1)))]
