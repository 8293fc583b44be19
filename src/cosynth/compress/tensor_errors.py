"""The error of every tensor of a network under a format, measured on data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosynth.compress.network import Network, Operand, Site
from cosynth.compress.run import Runner
from cosynth.compress.storage import laid_out, scaled, stored
from cosynth.format import crest, known

Floats = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorError:
    """A factor of a site under a format: signal over error in dB, gain, and mean crest factor.

    `gain` is the part of the signal that is kept, sum x q / sum x^2: below 1 a layer shrinks what
    passes, and layers in a row multiply their gains. The crest factor is peak over root of the
    mean square of a block; blocks of zeros do not count.
    """

    site: str
    tensor: str
    constant: bool
    format: str
    qsnr: float
    gain: float
    crest: float


def tensor_errors(
    runner: Runner, feeds: Iterable[Mapping[str, Floats]], formats: Iterable[str]
) -> tuple[TensorError, ...]:
    """Return the errors of every weight and activation in each format, in order of execution.

    Activations are those of the network as it is, all samples together; changes of the runner
    that leave products as they are come first.
    """
    names = tuple(dict.fromkeys(formats))
    sums: dict[tuple[str, int, str], Floats] = {}

    def see(site: Site, one: Operand, values: Floats) -> None:
        for name in names:
            part = _parts(values.astype(np.float32), name, one)
            key = (site.name, one.at, name)
            sums[key] = sums.get(key, np.zeros(5)) + part

    for site in runner.network.sites:
        if site.weight:
            see(site, site.weight, runner.weight(site, "fp32"))
    for batch in feeds:
        runner.watch(batch, see)
    return tuple(
        _error(runner.network, key, part)
        for key, part in sorted(sums.items(), key=lambda item: _order(runner.network, item[0]))
    )


def _parts(values: Floats, name: str, one: Operand) -> Floats:
    """Squares of signal and error, signal times what is kept, sum and count of crest factors."""
    format = scaled(known(name), one)
    shape, axis = laid_out(values.shape, format, one)
    block = format.block if format.scale is not None else 0
    peaks = np.asarray(crest(values.reshape(shape), min(block, shape[axis]), axis))
    counted = ~np.isnan(peaks)
    kept = stored(values, known(name), one).astype(np.float64)
    signal, error = np.sum(np.square(values, dtype=float)), np.sum((kept - values) ** 2)
    return np.array([signal, error, np.sum(values * kept), peaks[counted].sum(), counted.sum()])


def _error(network: Network, key: tuple[str, int, str], part: Floats) -> TensorError:
    site, at, name = key
    one = next(each for each in network.site(site).operands if each.at == at)
    signal, error, both, peaks, count = part
    with np.errstate(divide="ignore"):
        qsnr = np.inf if error == 0 else 10 * (np.log10(signal) - np.log10(error))
    return TensorError(
        site=site, tensor=one.tensor, constant=one.constant, format=name, qsnr=float(qsnr),
        gain=float(both / signal) if signal else 1.0,
        crest=float(peaks / count) if count else float("nan"),
    )  # fmt: skip


def _order(network: Network, key: tuple[str, int, str]) -> tuple[int, int]:
    return network.site(key[0]).node, key[1]
