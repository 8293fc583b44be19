"""The error of a block format by its block's crest factor, in closed form.

After M. Chen and others, "INT v.s. FP: A Comprehensive Study of Fine-Grained Low-bit Quantization
Formats", 2025: integers lose a uniform error below their step, floats one in proportion to the
value, down to their subnormals, whose share a Gaussian tells. What `SPREAD` adds is ours: scales
of all positions and rules, what they clip, and a peak apart from its Gaussian.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cosynth.arrays import Array, namespace
from cosynth.errors import SpecError
from cosynth.format.number import Format

# nodes in the interval [0, 1]: they integrate what a Gaussian holds to 1e-12
_NODES, _WEIGHTS = (values / 2 for values in np.polynomial.legendre.leggauss(40))
_NODES = _NODES + 0.5
_FAR = 8.0  # deviations; beyond them a Gaussian holds 1e-15
_LEAST = 1e-12  # of energy beside a peak, so that nothing is divided by zero
_DENSITY = math.sqrt(2 / math.pi)  # of a magnitude, at zero


@dataclass(frozen=True, slots=True, kw_only=True)
class Constants:
    """What the law takes for granted.

    `steps` is added to the largest integer: how many steps a peak is thought to span. A scale is
    larger than the ideal, peak / largest value. As a power of two it lies one of `octaves` below
    the largest that its rule allows, all alike; as a float it is `fine` times the ideal, which is
    a power of two times one of `mantissas`, rounded. `apart` is the part of a peak's energy that
    the Gaussian around it goes without.
    """

    name: str
    steps: int
    fine: float
    apart: float
    mantissas: tuple[float, ...]
    octaves: tuple[float, ...]


_SPREAD = tuple((n + 0.5) / 32 for n in range(32))
# 2^-0.415 of 2, where scales are rounded up, is the 1.5 of the paper
_PAPER = (math.log2(2 / 1.5),)
PUBLISHED = Constants(
    name="published", steps=1, fine=1.05, apart=0.0, mantissas=(1.0,), octaves=_PAPER
)
CORRECTED = Constants(
    name="corrected", steps=0, fine=1.0, apart=0.0, mantissas=(1.0,), octaves=_PAPER
)
SPREAD = Constants(
    name="spread",
    steps=0,
    fine=1.0,
    apart=1.0,
    mantissas=tuple(2**octave for octave in _SPREAD),
    octaves=_SPREAD,
)


def qsnr(format: Format, crest: Array, constants: Constants = SPREAD) -> Array:
    """Return signal over quantisation noise in dB of blocks with a `crest` factor, [*crest].

    `crest` is the peak over the root of the mean square. NaN where no block can be: below 1, and
    beyond the root of the block where a peak is set apart. SpecError for formats that the law
    does not describe.

    >>> from cosynth.format import known
    >>> [round(float(one), 1) for one in qsnr(known("nvint4"), np.array([1.5, 2, 3]))]
    [24.4, 21.9, 18.3]
    """
    _described(format, constants)
    xp = namespace(crest)
    crest = xp.asarray(crest) * 1.0
    scales = _scales(format, constants)
    noise = sum(_noise(format, crest, one, constants, xp) for one in scales) / len(scales)
    most = math.sqrt(format.block) if format.block and constants.apart else math.inf
    return xp.where((crest >= 1) & (crest <= most), -10 * xp.log10(noise), xp.nan)


def crossover(
    a: Format,
    b: Format,
    constants: Constants = SPREAD,
    *,
    between: tuple[float, float] = (1.0, 32.0),
) -> float:
    """Return the least crest factor at which the better of two formats changes.

    SpecError where one of them is no worse throughout `between`, as far as blocks go.

    >>> from cosynth.format import known
    >>> round(crossover(known("nvint4"), known("nvfp4"), CORRECTED), 2)
    2.22
    """
    low, high = between
    if not 1 <= low < high < math.inf:
        raise SpecError(f"crest factors between {low:g} and {high:g}: they rise from 1 or above")

    def gain(crest: Array) -> Array:
        return qsnr(a, crest, constants) - qsnr(b, crest, constants)

    crests = np.geomspace(low, high, 1001)
    gains = gain(crests)
    crests, ahead = crests[np.isfinite(gains)], gains[np.isfinite(gains)] > 0
    changes = np.flatnonzero(ahead[1:] != ahead[:-1])
    if not changes.size:
        first, second = (a, b) if ahead.any() else (b, a)
        raise SpecError(
            f"{first.name!r} is no worse than {second.name!r} at any crest factor from {low:g}"
            f" to {crests.max(initial=low):.3g}, so there is no crossover"
        )
    at = int(changes[0])
    return _root(gain, float(crests[at]), float(crests[at + 1]))


def _root(function: Callable[[Array], Array], low: float, high: float) -> float:
    """Halve an interval at whose ends a function has different signs, down to 1e-12 of it."""
    above = float(function(low)) > 0
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        if (float(function(middle)) > 0) == above:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _described(format: Format, constants: Constants) -> None:
    """Refuse what has other noise than the law's."""
    element = format.element
    reasons = {
        "has no scale of a block": format.scale is None,
        f"has {element.kind} elements": element.kind not in {"integer", "float"},
        "has a zero point": format.zero,
        "has outlier pairs": format.pairs,
        "has unsigned elements": not element.signed,
        "has blocks of one element": format.scale is not None and format.block == 1,
    }
    found = [reason for reason, holds in reasons.items() if holds]
    if found:
        raise SpecError(
            f"format {format.name!r} {' and '.join(found)}: the law of the crest factor is for"
            " signed integers and floats under a scale; gaussian_qsnr and noise take any format"
        )
    if format.power and format.rule != "rceil" and len(constants.octaves) == 1:
        raise SpecError(
            f"format {format.name!r} has the rule {format.rule!r}: the {constants.name} constants"
            " are for scales that are rounded up, rule 'rceil'; the spread ones take any rule"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """A scale over the ideal, and how far the peak then is from the largest value."""

    ratio: float
    miss: float


def _scales(format: Format, constants: Constants) -> list[_Scale]:
    """What the scale may be, all alike."""
    if format.power:
        most = _most(format)
        ratios = [most * 2**-octave for octave in constants.octaves]
        return [_Scale(ratio=ratio, miss=min(ratio - 1, 0.0)) for ratio in ratios]
    assert format.scale is not None
    places = 2**format.scale.mantissa
    rounded = [round(ideal * places) / places / ideal for ideal in constants.mantissas]
    return [_Scale(ratio=constants.fine * ratio, miss=ratio - 1) for ratio in rounded]


def _most(format: Format) -> float:
    """The largest scale that a rule takes, over the ideal; the least is half of it."""
    element = format.element
    over = math.frexp(element.largest)[0] * 2  # largest value over the power of two below it
    if format.rule == "rceil":
        return 2.0
    if format.rule == "ceil":
        return 2 * over
    # half of a last place below the next power of two, a peak counts as that power
    return over / (1 - 2.0 ** -(element.grid + 2)) if format.rule == "even" else over


def _noise(format: Format, crest: Array, scale: _Scale, constants: Constants, xp: Any) -> Array:
    """Noise over signal of a block under a scale."""
    element = format.element
    share = 1 / format.block if format.block else 0.0
    kept = 0.0 if format.power else 1.0  # a float scale keeps the peak, but for its rounding
    apart = constants.apart * share
    rest = xp.maximum(1 - apart * crest**2, _LEAST) / (1 - apart)  # mean square beside the peak
    reach = scale.ratio * crest  # the largest value, in units of the block's root mean square
    if element.kind == "integer":
        peak = reach**2 / (12 * (element.top + constants.steps) ** 2)
        # no value loses more than itself: zero is on the grid
        whole = (1 - apart) * xp.minimum(peak, rest) + (apart - kept * share) * peak
    else:
        even = reach**2 * (element.smallest / element.largest) ** 2 / 12
        uneven = 1 / (24 * 4**element.mantissa)  # in units of a value's own square
        inside, power = _below(math.ldexp(1.0, element.low) / element.largest * reach, rest, xp)
        peak = uneven * crest**2
        normal = (1 - apart) * (rest - power) + (constants.apart - kept) * share * crest**2
        whole = uneven * xp.maximum(normal, 0.0) + (1 - apart) * even * inside
    missed = (scale.miss * crest) ** 2
    if scale.miss > 0:
        missed = xp.minimum(missed, peak)
    if scale.ratio < 1:
        whole = whole + (1 - share) * _beyond(reach, crest, rest, xp)
    return whole + share * missed


def _below(limit: Array, square: Array, xp: Any) -> tuple[Array, Array]:
    """Share and mean square of what a Gaussian of some mean square holds below a magnitude."""
    x, weight = _gaussian(0.0, limit / square**0.5, xp)
    return weight.sum(axis=-1), square * (weight * x**2).sum(axis=-1)


def _beyond(reach: Array, crest: Array, square: Array, xp: Any) -> Array:
    """Mean square that a Gaussian holds beyond `reach`, up to the peak."""
    deviation = square**0.5
    x, weight = _gaussian(reach / deviation, crest / deviation, xp)
    return square * (weight * (x - (reach / deviation)[..., None]) ** 2).sum(axis=-1)


def _gaussian(low: Array, high: Array, xp: Any) -> tuple[Array, Array]:
    """Magnitudes from `low` to `high`, in deviations, and how much a Gaussian holds of each."""
    low, high = (xp.minimum(xp.asarray(end) * 1.0, _FAR)[..., None] for end in (low, high))
    x = low + (high - low) * xp.asarray(_NODES)
    return x, xp.asarray(_WEIGHTS) * (high - low) * _DENSITY * xp.exp(-(x**2) / 2)
