"""What is seen of each activation on data, and scales found from it beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosynth.compress.network import Operand, Site
from cosynth.compress.run import Runner
from cosynth.compress.storage import scaled, stored
from cosynth.format import Format

Floats = NDArray[Any]
Place = tuple[str, int]  # name of a site, and which of its factors
_SAMPLE = 1 << 16  # values of an activation that are kept
# thresholds that are tried: down to this share of the peak, so many of them, evenly in ratio
_LEAST, _TRIES = 0.02, 100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """An activation over all samples.

    `magnitude` is the mean of |x| at each place of the summed axis, [length]; `sample` holds up
    to 65,536 values drawn evenly, all of them where there are no more.
    """

    largest: float
    magnitude: Floats
    sample: Floats

    def percentile(self, share: float) -> float:
        """Magnitude that `share` percent of the sample do not exceed; 100 is the largest seen."""
        if share >= 100:
            return self.largest
        return float(np.percentile(np.abs(self.sample), share))


def watched(runner: Runner, feeds: Iterable[Mapping[str, Floats]]) -> dict[Place, Seen]:
    """Return what is seen of every activation, as the runner's changes leave it."""
    batches = list(feeds)
    most = -(-_SAMPLE // max(len(batches), 1))
    found: dict[Place, list[tuple[float, Floats, int, Floats]]] = {}

    def see(site: Site, one: Operand, values: Floats) -> None:
        if values.dtype.kind != "f" or not values.size:
            return
        size = np.abs(values)
        sums = np.moveaxis(size, one.axis, -1).reshape(-1, size.shape[one.axis]).sum(0, dtype=float)
        flat = values.ravel()
        if flat.size > most:
            # no even stride: it could fall in step with the channels
            flat = flat[np.random.default_rng(0).integers(0, flat.size, most)]
        part = (float(size.max()), sums, values.size // len(sums), flat.astype(np.float32))
        found.setdefault((site.name, one.at), []).append(part)

    for batch in batches:
        runner.watch(batch, see)
    return {place: _joined(parts) for place, parts in found.items()}


def _joined(parts: list[tuple[float, Floats, int, Floats]]) -> Seen:
    largest, sums, counts, samples = zip(*parts, strict=True)
    lengths = [len(each) for each in sums]
    total = np.zeros(max(lengths))
    for each in sums:
        total[: len(each)] += each
    return Seen(largest=max(largest), magnitude=total / sum(counts), sample=np.concatenate(samples))


def one_scale(format: Format, operand: Operand) -> bool:
    """Whether a factor in this format has one scale that can be found beforehand.

    >>> from cosynth.format import known
    >>> x = Operand(tensor="x", at=0, axis=1, constant=False)
    >>> [one_scale(known(name), x) for name in ("int8", "mxfp4", "bf16", "uint8_tensor")]
    [True, False, False, False]
    """
    ready = scaled(format, operand)
    return ready.scale is not None and ready.block == 0 and not (ready.zero or ready.pairs)


def scale_for(threshold: float, format: Format) -> float:
    """Return the scale under which a magnitude is the largest value of a format's element."""
    return max(threshold / format.largest, float(np.finfo(np.float32).tiny))


def best_threshold(values: Floats, format: Format, operand: Operand) -> float:
    """Return the magnitude to clip at under one scale that leaves the least squared error.

    The peak itself is among those tried, so that the error on these values is never above that
    of the peak.
    """
    peak = float(np.abs(values).max(initial=0.0))
    tried = peak * np.geomspace(1.0, _LEAST, _TRIES)
    errors = [
        float(np.sum((stored(values, format, operand, scale_for(t, format)) - values) ** 2.0))
        for t in tried
    ]
    return float(tried[int(np.argmin(errors))])
