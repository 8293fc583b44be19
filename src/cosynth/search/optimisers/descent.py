"""Descent: coordinate steps from the front, screened by lower bounds, ranked by what they promise.

Steps in a few coordinates around the best points, ranked by a model of what was evaluated, are the
idea of R. G. Regis and C. A. Shoemaker, "Combining radial basis function surrogates and dynamic
coordinate search", 2013. Here it walks a whole front, and the bounds of the problem serve twice:
a candidate whose bound the front dominates is never evaluated, and the model only has to learn
how far the truth stands above the bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cosynth.search import pareto
from cosynth.search.optimiser import Optimiser
from cosynth.search.parameter import Codes, Flags, Reals
from cosynth.search.points import Points
from cosynth.search.problem import Bounded
from cosynth.search.surrogate import Surrogate, features_of, fit

_CANDIDATES = 2000  # screened for each batch, and as many again at the start
_CENTRES = 192  # evaluated points that the model is fitted to
_SHORT_LIST = 48  # candidates whose hypervolume is computed
_JUDGED = 128  # evaluated points that tell where limits break
_EXPLORED = 0.1  # share of a batch drawn without the model
_BLOCK = 16  # front members compared at a time
_TINY = 1e-300


class Descent(Optimiser):
    """Needs no bounds, but is the better for them: see `Bounded`."""

    def ask(self, count: int) -> Points:
        """Return the `count` candidates that promise most."""
        generator = self.generator()
        if self.history.count < min(self._beginning(), self.space.size):
            return Points(self.space, self._opening(generator, count))
        candidates = self._candidates(generator)
        if not len(candidates):
            return self._unscreened(generator, count)
        chosen = self._best(candidates, count - round(_EXPLORED * count))
        codes = candidates[chosen]
        rest = np.delete(candidates, chosen, axis=0)
        more = generator.permutation(len(rest))[: count - len(codes)]
        codes = np.concatenate([codes, rest[more]])
        if len(codes) < count:
            spare = self._unscreened(generator, count).codes
            rows = np.concatenate([codes, spare])
            codes = rows[self.history.fresh(rows)][:count]
        return Points(self.space, codes)

    def _beginning(self) -> int:
        return max(16, 2 * len(self.space.parameters))

    def _opening(self, generator: np.random.Generator, count: int) -> Codes:
        """Return a spread over the space; with bounds, half of it where they are best."""
        spread = self._spread(generator, count)
        if not isinstance(self.problem, Bounded):
            return spread
        pool = self.unseen(generator, _CANDIDATES).codes
        bounds = self._bounds(pool)
        order = np.argsort(~pareto.nondominated(bounds), kind="stable")
        rows = np.concatenate([pool[order[: count // 2]], spread, pool[order]])
        return rows[self.history.fresh(rows)][:count]

    def _spread(self, generator: np.random.Generator, count: int) -> Codes:
        """Return a Latin hypercube: each range is covered evenly."""
        width = len(self.space.parameters)
        strata = np.stack([generator.permutation(count) for _ in range(width)], axis=1)
        drawn = self.space.draw((strata + generator.random((count, width))) / count)
        rows = np.concatenate([drawn, self.unseen(generator, count).codes])
        return rows[self.history.fresh(rows)][:count]

    def _candidates(self, generator: np.random.Generator) -> Codes:
        """Return unseen points near the front and some from anywhere, [candidates, parameters].

        Those that surely cannot join the front are left out.
        """
        parents = self._parents(generator)
        rows = [
            self.space.neighbours(parents[:16]),
            self._steps(generator, parents, _CANDIDATES // 2),
            self._mixed(generator, parents, _CANDIDATES // 4),
            self.space.sample(generator, _CANDIDATES // 4).codes,
        ]
        codes = np.concatenate(rows)
        codes = codes[self.history.fresh(codes)]
        codes = codes[generator.permutation(len(codes))[: 2 * _CANDIDATES]]
        hopeful: Flags = ~_dominated(self._bounds(codes), self._front_values())
        return codes[hopeful]

    def _unscreened(self, generator: np.random.Generator, count: int) -> Points:
        """Return random unseen points, hopeful ones first: the front may hide beyond the model."""
        drawn = self.unseen(generator, _CANDIDATES).codes
        hopeless = _dominated(self._bounds(drawn), self._front_values())
        return Points(self.space, drawn[np.argsort(hopeless, kind="stable")][:count])

    def _parents(self, generator: np.random.Generator) -> Codes:
        """Return the front in random order; without one, the points that break limits least."""
        codes = self.history.codes
        members = self._front()
        if not len(members):
            members = np.argsort(self.history.violation, kind="stable")[:8]
        parents: Codes = codes[generator.permutation(members)]
        return parents

    def _steps(self, generator: np.random.Generator, parents: Codes, count: int) -> Codes:
        """Return parents moved in a few coordinates, mostly by little."""
        width = len(self.space.parameters)
        rows = parents[generator.integers(len(parents), size=count)].copy()
        moved = generator.random(rows.shape) < min(1.0, 2.0 / width)
        moved[np.arange(count), generator.integers(width, size=count)] = True
        reach = 10.0 ** generator.uniform(-2.0, -0.3, size=(count, 1))
        shifted = self.space.units(rows) + reach * generator.standard_normal(rows.shape)
        stepped = self.space.from_units(np.clip(shifted, 0.0, 1.0))
        ordered = np.array([each.ordered for each in self.space.parameters])
        least = rows + generator.choice([-1, 1], size=rows.shape)
        stepped = np.where(stepped == rows, least, stepped)
        other = generator.integers(self.space.counts, size=rows.shape)
        return self.space.canonical(np.where(moved, np.where(ordered, stepped, other), rows))

    def _mixed(self, generator: np.random.Generator, parents: Codes, count: int) -> Codes:
        """Return children of two parents: each value from either."""
        pairs = generator.integers(len(parents), size=(2, count))
        from_first = generator.random((count, parents.shape[1])) < 0.5
        return self.space.canonical(np.where(from_first, parents[pairs[0]], parents[pairs[1]]))

    def _best(self, candidates: Codes, count: int) -> list[int]:
        """Return the rows that together promise the most hypervolume."""
        history = self.history
        known = np.flatnonzero(np.all(np.isfinite(history.values), axis=1))
        if len(known) < 4:
            return []
        scale = _Scale.of(history.values[known])
        bounds = self._bounds(candidates)
        floor = scale.apply(bounds)
        centres = self._centres(known, scale)
        model = self._fitted(centres, scale)
        features = features_of(self.space, candidates, _above(floor))
        mean = np.maximum(_above(floor) + model.mean(features), floor)
        risk = self._risk(candidates)
        front = scale.apply(self._front_values())
        if not len(front):
            safest: list[int] = np.argsort(risk, kind="stable")[:count].tolist()
            return safest
        low, high = front.min(axis=0), front.max(axis=0)
        span = np.where(high > low, high - low, 1.0)
        gain = _lead((mean - low) / span, (front - low) / span) - risk
        short = np.argsort(-np.round(gain, 9), kind="stable")[:_SHORT_LIST]
        deviation = model.deviation(features[short])
        hoped = np.maximum(mean[short] - deviation, floor[short])
        picked = _greedy((hoped - low) / span, (front - low) / span, 1.0 - risk[short], count)
        picked += [at for at in range(len(short)) if at not in set(picked)][: count - len(picked)]
        rows: list[int] = short[picked].tolist()
        return rows

    def _centres(self, known: Codes, scale: _Scale) -> Codes:
        """Return which evaluated points to model: those nearest to the front, and the latest."""
        if len(known) <= _CENTRES:
            return known
        values = scale.apply(self.history.values[known])
        front = scale.apply(self._front_values())
        behind = -_lead(values, front) if len(front) else self.history.violation[known]
        nearest = known[np.argsort(np.round(behind, 9), kind="stable")[: _CENTRES * 3 // 4]]
        late = np.setdiff1d(known, nearest)[-(_CENTRES - len(nearest)) :]
        return np.sort(np.concatenate([nearest, late]))

    def _fitted(self, centres: Codes, scale: _Scale) -> Surrogate:
        codes = self.history.codes[centres]
        floor = scale.apply(self._bounds(codes))
        outputs = scale.apply(self.history.values[centres]) - _above(floor)
        return fit(features_of(self.space, codes, _above(floor)), outputs)

    def _risk(self, candidates: Codes) -> Reals:
        """Return how likely a limit is broken, 0 to 1, [candidates]."""
        history = self.history
        latest = slice(max(0, history.count - _JUDGED), None)
        broken = (history.violation[latest] > 0).astype(np.float64)
        if broken.min() == broken.max():
            return np.zeros(len(candidates))
        nothing = np.empty((len(broken), 0))
        model = fit(features_of(self.space, history.codes[latest], nothing), broken[:, None])
        features = features_of(self.space, candidates, np.empty((len(candidates), 0)))
        return np.clip(model.mean(features)[:, 0], 0.0, 1.0)

    def _front(self) -> Codes:
        feasible = np.flatnonzero(self.history.violation == 0)
        return feasible[pareto.nondominated(self.history.values[feasible])]

    def _front_values(self) -> Reals:
        return self.history.values[self._front()]

    def _bounds(self, codes: Codes) -> Reals:
        """Return lower bounds, -inf where nothing is known, [points, objectives]."""
        if isinstance(self.problem, Bounded) and len(codes):
            bounds = np.asarray(self.problem.bounds(Points(self.space, codes)), dtype=np.float64)
            return np.where(np.isnan(bounds), -np.inf, bounds)
        return np.full((len(codes), self.history.values.shape[1]), -np.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """Logarithms of objectives that are always positive, the others as shares of the largest."""

    positive: Flags  # [objectives]
    largest: Reals  # [objectives]

    @staticmethod
    def of(values: Reals) -> _Scale:
        largest = np.maximum(np.max(np.abs(values), axis=0), _TINY)
        return _Scale(positive=np.all(values > 0, axis=0), largest=largest)

    def apply(self, values: Reals) -> Reals:
        logs = np.log(np.maximum(values, _TINY))
        logs = np.where(values > 0, logs, -np.inf)
        scaled: Reals = np.where(self.positive, logs, values / self.largest)
        return scaled


def _above(floor: Reals) -> Reals:
    """Return what the model starts from: the bounds of objectives that always have one, else 0."""
    return np.where(np.all(np.isfinite(floor), axis=0), floor, 0.0)


def _dominated(bounds: Reals, front: Reals) -> Flags:
    """Return which bounds some front member equals or beats in every objective."""
    flags: Flags = np.any(np.isposinf(bounds), axis=1)
    for members in _blocks(front):
        beaten = np.ones((len(members), len(bounds)), dtype=bool)
        for member, bound in zip(members.T, bounds.T, strict=True):
            beaten &= member[:, None] <= bound
        flags |= np.any(beaten, axis=0)
    return flags


def _lead(values: Reals, front: Reals) -> Reals:
    """Return by how much each row must worsen until the front dominates it; negative: it does."""
    lead = np.full(len(values), np.inf)
    for members in _blocks(front):
        worst = np.full((len(members), len(values)), -np.inf)
        for member, value in zip(members.T, values.T, strict=True):
            np.maximum(worst, member[:, None] - value, out=worst)
        np.minimum(lead, worst.min(axis=0), out=lead)
    return lead


def _blocks(front: Reals) -> list[Reals]:
    """Return the front in parts that keep the comparison with all candidates in cache."""
    return [front[start : start + _BLOCK] for start in range(0, len(front), _BLOCK)]


def _greedy(values: Reals, front: Reals, chance: Reals, count: int) -> list[int]:
    """Pick rows one by one by the volume they add; a gain only shrinks, so few are recomputed."""
    corner = np.full(front.shape[1], 1.2)
    base = front[np.all(front < corner, axis=1)]
    reached = pareto.volume(base, corner)

    def gain(at: int) -> float:
        return (pareto.volume(np.vstack([base, values[at]]), corner) - reached) * float(chance[at])

    gains = np.array([gain(at) for at in range(len(values))])
    current = np.ones(len(values), dtype=bool)
    picked: list[int] = []
    while len(picked) < count:
        best = int(np.argmax(np.round(gains, 12)))
        if gains[best] <= 0:
            break
        if not current[best]:
            gains[best], current[best] = gain(best), True
            continue
        picked.append(best)
        base = np.vstack([base, values[best]])
        reached = pareto.volume(base, corner)
        gains[best] = -np.inf
        current[:] = False
    return picked
