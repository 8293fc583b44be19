"""Which format each layer of a model takes: least error under limits on bits, time and energy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosynth.codesign.estimate import Estimate, estimate
from cosynth.codesign.prices import Prices, prices
from cosynth.codesign.progress import OnStep, stage
from cosynth.compress import Choice, Network, stored_bits
from cosynth.compress.choice import Table, choose, front
from cosynth.compress.sensitivity import Layer, Measure, layers_of
from cosynth.errors import InfeasibleError, SpecError
from cosynth.format import Assignment, known
from cosynth.hardware import Hardware
from cosynth.workload import Workload

FIGURES = ("noise", "bits", "latency", "energy")
_TRIES = 8  # times that a limit is drawn in because a mix costs more than its layers alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for: options of every layer, the figure to minimise, and limits.

    Figures are `noise` (power of the outputs' error relative to theirs), `bits` (average of a
    weight, scales counted), `latency` s and `energy` J of one run. `kept` layers have no choice.
    `points` of the front are looked at.
    """

    options: tuple[Choice, ...]
    minimize: str = "noise"
    limits: Mapping[str, float]
    kept: Mapping[str, Choice]
    points: int = 12

    @property
    def objective(self) -> str:
        """What layers are mapped for: latency or energy where only that is asked for."""
        asked = {"latency", "energy"} & {self.minimize, *self.limits}
        return asked.pop() if len(asked) == 1 else "edp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One choice for all layers: what the sum over layers predicts, and the measured noise."""

    picks: tuple[int, ...]
    figures: Mapping[str, float]
    noise: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Quantised:
    """The best choice, `front` around it, and what it costs where there is hardware.

    `figures` of a member are those of FIGURES that are known; `uniform` are the members that give
    every layer one and the same option.
    """

    network: Network
    layers: tuple[Layer, ...]
    options: tuple[Choice, ...]
    table: Table
    wanted: Wanted
    best: Member
    front: tuple[Member, ...]
    uniform: Mapping[int, Member]
    choices: Mapping[str, Choice]
    estimate: Estimate | None = None
    refused: Mapping[int, str]

    @property
    def elements(self) -> int:
        """Weights that formats were chosen for."""
        return sum(layer.elements(self.network) for layer in self.layers)


def quantize(
    network: Network,
    measure: Measure,
    wanted: Wanted,
    on: tuple[Workload, Hardware] | None = None,
    on_step: OnStep | None = None,
) -> Quantised:
    """Choose a format for every layer: an integer program over measured errors and exact costs.

    The error of a mix is predicted as the sum of its layers' alone, and measured for every member
    of the front. `on` is the model as a workload and the hardware that latency and energy are of.
    Raises InfeasibleError, naming the limit, where no choice keeps them all.
    """
    _check(wanted, on is not None)
    layers = layers_of(network)
    options = _options(wanted, layers)
    allowed = _allowed(wanted, layers, options)
    noise = measure.noises(layers, options, allowed, stage("measuring errors", on_step))
    figures = {"noise": noise, "bits": _bits(network, layers, options)}
    costs = None
    if on is not None:
        names = [layer.name for layer in layers]
        assignments = [
            _assignment(layers, [at] * len(layers), options) for at in range(len(options))
        ]
        costs = prices(*on, names, assignments, wanted.objective, stage("pricing formats", on_step))
        figures |= {"latency": costs.latency, "energy": costs.energy}
    table = Table(
        layers=tuple(layer.name for layer in layers),
        options=tuple(_name(option) for option in options),
        figures=figures,
    )
    problem = _Problem(network=network, layers=layers, options=options, table=table, costs=costs)
    picks, found = _within(problem, wanted, on, measure)
    looked = _front(problem, wanted, picks)
    members = []
    for at, each in enumerate(looked):
        if on_step:
            on_step("measuring the front", at, len(looked))
        members.append(problem.member(each, measure))
    asked = next(member for member in members if member.picks == picks)
    alike = on is None and measure.reference is None
    best = _best(asked, members, wanted) if alike else asked
    uniform = {
        at: problem.member(same, measure)
        for at, same in enumerate([(at,) * len(layers) for at in range(len(options))])
        if all(table.allowed[row, at] for row in range(len(layers)))
    }
    return Quantised(
        network=network,
        layers=layers,
        options=options,
        table=table,
        wanted=wanted,
        best=best,
        front=tuple(members),
        uniform=uniform,
        choices=problem.choices(best.picks),
        estimate=found,
        refused=costs.refused if costs else {},
    )


def _check(wanted: Wanted, priced: bool) -> None:
    for name in (wanted.minimize, *wanted.limits):
        if name not in FIGURES:
            raise SpecError(f"{name!r} is not one of {', '.join(FIGURES)}")
        if name in {"latency", "energy"} and not priced:
            raise SpecError(f"{name} is that of a chip: name one with --on")
    if not wanted.options:
        raise SpecError("--formats: name at least one")


def _options(wanted: Wanted, layers: Sequence[Layer]) -> tuple[Choice, ...]:
    names = {layer.name for layer in layers}
    absent = [name for name in wanted.kept if name not in names]
    if absent:
        raise SpecError(f"--keep: no layer {absent[0]!r}; there are {', '.join(sorted(names))}")
    return tuple(dict.fromkeys([*wanted.options, *wanted.kept.values()]))


def _allowed(
    wanted: Wanted, layers: Sequence[Layer], options: Sequence[Choice]
) -> NDArray[np.bool_]:
    """Whether a layer may take an option: kept layers have one, the others those of all."""
    free = [option in wanted.options for option in options]
    rows = [
        [option == wanted.kept[layer.name] for option in options]
        if layer.name in wanted.kept
        else free
        for layer in layers
    ]
    return np.array(rows, dtype=bool)


def _bits(
    network: Network, layers: Sequence[Layer], options: Sequence[Choice]
) -> NDArray[np.float64]:
    """Bits of every layer's weights in every option, [layers, options]; exact."""
    found = np.zeros((len(layers), len(options)))
    for row, layer in enumerate(layers):
        weight = layer.weight
        if weight is not None:
            shape = network.constants[weight.tensor].shape
            found[row] = [stored_bits(shape, known(o.weights), weight) for o in options]
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Problem:
    """Layers, options and their figures, and what whole choices come to."""

    network: Network
    layers: tuple[Layer, ...]
    options: tuple[Choice, ...]
    table: Table
    costs: Prices | None

    @property
    def elements(self) -> int:
        return sum(layer.elements(self.network) for layer in self.layers)

    def figures(self, picks: Sequence[int]) -> dict[str, float]:
        """Sums over layers; bits as an average, latency and energy with what no choice changes."""
        found = {name: self.table.total(picks, name) for name in self.table.figures}
        found["bits"] /= max(self.elements, 1)
        if self.costs:
            found["latency"] += self.costs.rest[0]
            found["energy"] += self.costs.rest[1]
        return found

    def limits(self, limits: Mapping[str, float]) -> dict[str, float]:
        """Limits on what is added up over the layers."""
        found = dict(limits)
        if "bits" in found:
            found["bits"] *= self.elements
        rest = dict(zip(("latency", "energy"), self.costs.rest, strict=True)) if self.costs else {}
        return {name: most - rest.get(name, 0.0) for name, most in found.items()}

    def choices(self, picks: Sequence[int]) -> dict[str, Choice]:
        """Site -> what it takes."""
        return {
            site.name: self.options[pick]
            for layer, pick in zip(self.layers, picks, strict=True)
            for site in layer.sites
        }

    def member(self, picks: tuple[int, ...], measure: Measure) -> Member:
        """A choice with its measured noise."""
        noise = measure.noise(self.choices(picks))
        return Member(picks=picks, figures=self.figures(picks), noise=noise)


def _within(
    problem: _Problem, wanted: Wanted, on: tuple[Workload, Hardware] | None, measure: Measure
) -> tuple[tuple[int, ...], Estimate | None]:
    """The best choice. Limits hold for the mix as a whole, not for the sum of its parts only."""
    limits = dict(wanted.limits)
    for _ in range(_TRIES):
        picks = _chosen(problem, wanted, limits)
        found = None
        reached: dict[str, float] = {}
        if "noise" in limits:
            reached["noise"] = measure.noise(problem.choices(picks))
        if on is not None:
            formats = _assignment(problem.layers, picks, problem.options)
            found = estimate(*on, formats, wanted.objective)
            reached |= {"latency": found.latency, "energy": found.energy}
        over = {
            name: reached[name] / most
            for name, most in wanted.limits.items()
            if reached.get(name, 0.0) > most
        }
        if not over:
            return picks, found
        limits |= {name: limits[name] / excess for name, excess in over.items()}
    worst = ", ".join(f"{name} {reached[name]:.3g}" for name in over)
    raise InfeasibleError(f"no choice was found that keeps the limits once mixed: {worst} remain")


def _chosen(problem: _Problem, wanted: Wanted, limits: Mapping[str, float]) -> tuple[int, ...]:
    try:
        return choose(problem.table, wanted.minimize, problem.limits(limits))
    except InfeasibleError:
        for name, most in wanted.limits.items():
            least = problem.figures(choose(problem.table, name, {}))[name]
            if least > most:
                raise InfeasibleError(
                    f"{name} cannot be {most:.4g} or less: these formats reach {least:.4g}"
                ) from None
        raise


def _front(
    problem: _Problem, wanted: Wanted, picks: tuple[int, ...]
) -> tuple[tuple[int, ...], ...]:
    """Choices from the least costly to the least noisy, with the best one among them."""
    against = next((name for name in wanted.limits if name != "noise"), "bits")
    if wanted.minimize != "noise":
        against = wanted.minimize
    found = front(problem.table, "noise", against, {}, wanted.points)
    every = dict.fromkeys([*found, picks])
    return tuple(sorted(every, key=lambda each: problem.table.total(each, against)))


def _best(asked: Member, members: Sequence[Member], wanted: Wanted) -> Member:
    """The member that was asked for; where noise counts, one that is measured to have less."""
    if wanted.minimize != "noise":
        return asked
    within = [
        each
        for each in members
        if all(each.figures[name] <= most for name, most in wanted.limits.items())
    ]
    return min([asked, *within], key=lambda each: each.noise)


def _assignment(
    layers: Sequence[Layer], picks: Sequence[int], options: Sequence[Choice]
) -> Assignment:
    """Formats of a whole model; what has no choice takes the first layer's."""
    taken = [options[pick] for pick in picks]
    first = taken[0]
    return Assignment(
        weights=first.weights,
        activations=first.activations,
        layers=tuple(
            (site.name, choice.weights, choice.activations)
            for layer, choice in zip(layers, taken, strict=True)
            for site in layer.sites
        ),
    )


def _name(option: Choice) -> str:
    if option.activations == "fp32":
        return option.weights
    return f"{option.weights} x {option.activations}"


def decibels(noise: float) -> float:
    """Signal to noise in dB; infinite without noise."""
    return math.inf if noise <= 0 else -10.0 * math.log10(noise)
