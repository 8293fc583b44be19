"""What each format of each layer alone adds to the error of a model's outputs, measured on data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosynth.compress.choices import Choice
from cosynth.compress.network import Network, Operand, Site
from cosynth.compress.run import Runner
from cosynth.errors import WorkloadError

Tensors = Mapping[str, NDArray[Any]]
LEFT = Choice()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Sites that share their weight, and so its format; nearly always one."""

    name: str
    sites: tuple[Site, ...]

    @property
    def weight(self) -> Operand | None:
        """The constant factor, if there is one."""
        return self.sites[0].weight

    def elements(self, network: Network) -> int:
        """Number of weights."""
        return network.constants[self.weight.tensor].size if self.weight else 0


def layers_of(network: Network) -> tuple[Layer, ...]:
    """Return the layers of a network in the order of execution."""
    found: dict[str, list[Site]] = {}
    for site in network.sites:
        found.setdefault(site.weight.tensor if site.weight else f" {site.name}", []).append(site)
    return tuple(Layer(name=sites[0].name, sites=tuple(sites)) for sites in found.values())


@dataclass(frozen=True, kw_only=True, eq=False)
class Measure:
    """A model on some data: `feeds` are batches of inputs by name.

    Errors are against the `reference`, where there is one: the model before it was pruned.
    """

    runner: Runner
    feeds: tuple[Tensors, ...]
    reference: Runner | None = None

    @cached_property
    def exact(self) -> tuple[Tensors, ...]:
        """Outputs of the model as it is; WorkloadError where they cannot be compared."""
        found = tuple((self.reference or self.runner).run(feed, {}) for feed in self.feeds)
        floats = [name for name, values in found[0].items() if values.dtype.kind == "f"]
        if not floats:
            raise WorkloadError(f"{self.runner.network.source}: no output holds real numbers")
        for name in floats:
            if not all(np.isfinite(outputs[name]).all() for outputs in found):
                raise WorkloadError(
                    f"{self.runner.network.source}: output {name!r} is not finite on this data"
                )
        return found

    def outputs(self, choices: Mapping[str, Choice]) -> tuple[Tensors, ...]:
        """Outputs under a choice of formats, batch by batch."""
        return tuple(self.runner.run(feed, choices) for feed in self.feeds)

    def noise(self, choices: Mapping[str, Choice]) -> float:
        """Power of the outputs' error relative to theirs, averaged over outputs; inf for NaN."""
        return relative_noise(self.exact, self.outputs(choices))

    def noises(
        self,
        layers: Sequence[Layer],
        options: Sequence[Choice],
        allowed: NDArray[np.bool_],
        on_step: Callable[[int, int], None] | None = None,
    ) -> NDArray[np.float64]:
        """Noise of every allowed option of every layer alone, [layers, options]; else infinite."""
        names = _real(self.exact[0])
        sums = np.zeros((*allowed.shape, len(names), 2))
        done, total = 0, int(allowed.sum()) * len(self.feeds)
        for feed in self.feeds:
            trace = self.runner.trace(feed, {})
            for row, layer in enumerate(layers):
                known = {LEFT: _energies(trace.outputs, trace.outputs)}
                for column in np.flatnonzero(allowed[row]).tolist():
                    if on_step:
                        on_step(done, total)
                    done += 1
                    option = options[column]
                    if layer.weight is None:
                        option = Choice(activations=option.activations)
                    if option not in known:
                        outputs = self.runner.resume(trace, {s.name: option for s in layer.sites})
                        known[option] = _energies(trace.outputs, outputs)
                    sums[row, column] += known[option]
        return np.where(allowed, _shares(sums), math.inf)


def relative_noise(exact: Sequence[Tensors], found: Sequence[Tensors]) -> float:
    """Return the mean over real outputs of sum (x - y)^2 / sum x^2, over all batches.

    An output of zeros has the noise 0 if it stays so; what is not finite has an infinite one.
    """
    sums = sum(_energies(one, other) for one, other in zip(exact, found, strict=True))
    return float(_shares(np.asarray(sums)))


def _real(outputs: Tensors) -> list[str]:
    return [name for name, values in outputs.items() if values.dtype.kind == "f"]


def _energies(exact: Tensors, found: Tensors) -> NDArray[np.float64]:
    """Squares of every real output and of its error, [outputs, 2]; infinite if it is not finite."""
    rows = []
    for name in _real(exact):
        x, y = (each[name].astype(np.float64) for each in (exact, found))
        fits = x.shape == y.shape and bool(np.isfinite(y).all())
        rows.append([np.sum(x * x), np.sum((x - y) ** 2) if fits else math.inf])
    return np.array(rows)


def _shares(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Error over power, averaged over outputs; of [..., outputs, 2]."""
    power, error = sums[..., 0], sums[..., 1]
    shares = np.where(power > 0, error / np.where(power > 0, power, 1), math.inf)
    return np.asarray(np.where(error == 0, 0.0, shares).mean(axis=-1))
