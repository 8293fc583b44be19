"""Integer or float in a block: the law's crossovers, the error of data, and the law on blocks.

`python -m bench.crossovers` prints three tables: (a) the crest factors at which integer and float
formats of a width are alike, published, by the law and measured; (b) the error of synthetic data
beside what was found before; (c) how far the law is from blocks of a crest factor. Scales are
rounded up (`rceil`), as in the paper, unless the name of a format says otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cosynth.errors import SpecError
from cosynth.format import (
    CORRECTED,
    PUBLISHED,
    SPREAD,
    Constants,
    crossover,
    gaussian_qsnr,
    known,
    noise,
    qsnr,
)

Floats = NDArray[np.float64]
SEED, ELEMENTS, BLOCKS = 0, 1 << 21, 200_000
ROTATED, GOAL, LEAST = 32, 0.1, 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An integer and a float format of a width, and where the paper's Figure 3 has them cross."""

    integer: str
    float: str
    published: float

    @property
    def title(self) -> str:
        return " / ".join(name.removesuffix("-rceil") for name in (self.integer, self.float))


PAIRS = (
    Pair(integer="mxint8-rceil", float="mxfp8-rceil", published=7.55),
    Pair(integer="mxint6-rceil", float="mxfp6-rceil", published=1.96),
    Pair(integer="mxint4-rceil", float="mxfp4-rceil", published=2.04),
    Pair(integer="nvint4", float="nvfp4", published=2.39),
)
# the default rule of OCP; the paper has no figures for it
FLOOR = tuple(
    Pair(integer=f"mxint{bits}", float=f"mxfp{bits}", published=math.nan) for bits in (8, 6, 4)
)
# dB of Gaussian, then of the data below as they are and rotated, as measured once with other code
MEASURED = {
    "mxint8": (41.61, 39.93, 42.35, 37.06, 43.10, 35.06, 46.19),
    "mxfp8": (31.52, 31.53, 31.54, 31.53, 31.53, 31.59, 31.53),
    "mxfp8_e5m2": (25.53, 25.56, 25.56, 25.56, 25.55, 25.53, 25.55),
    "mxint6": (29.42, 27.68, 30.08, 24.84, 30.90, 23.35, 33.95),
    "mxfp6": (30.96, 30.23, 31.04, 28.51, 31.22, 26.99, 31.45),
    "mxint4": (16.84, 14.90, 16.97, 13.06, 18.16, 16.25, 21.09),
    "mxfp4": (18.76, 17.59, 18.69, 15.59, 19.13, 16.16, 19.56),
    "nvint4": (21.28, 19.80, 21.44, 18.23, 22.46, 20.34, 24.98),
    "nvfp4": (20.44, 20.66, 20.39, 20.56, 20.09, 21.80, 18.97),
}


def rotation(size: int, rng: np.random.Generator) -> Floats:
    """A random Hadamard matrix: a fixed sign for each element of a block, then all their sums."""
    matrix = np.ones((1, 1))
    while len(matrix) < size:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return rng.choice([-1.0, 1.0], size)[:, None] * matrix / math.sqrt(size)


def tensors(rng: np.random.Generator) -> dict[str, Floats]:
    """Data of Table (b): Laplace of scale 1; unit Gaussian with 1 % of it 10 or 30 times larger."""
    gaussian = rng.standard_normal(ELEMENTS)
    return {
        "Laplace": rng.laplace(size=ELEMENTS),
        "outliers x10": gaussian * np.where(rng.random(ELEMENTS) < 0.01, 10, 1),
        "outliers x30": gaussian * np.where(rng.random(ELEMENTS) < 0.01, 30, 1),
    }


def planted(block: int, count: int) -> Floats:
    """Gaussian blocks with one element of up to 12 deviations, [count, block]."""
    rng = np.random.default_rng(SEED)
    x = rng.standard_normal((count, block))
    x[:, 0] = rng.uniform(1, 12, count)
    return _sized(x, rng)


def student(block: int, count: int) -> Floats:
    """Blocks of Student's t with 6 degrees of freedom, [count, block]."""
    rng = np.random.default_rng(SEED)
    return _sized(rng.standard_t(6, (count, block)), rng)


def _sized(x: Floats, rng: np.random.Generator) -> Floats:
    """Blocks of any size, so that their peaks lie anywhere between two powers of two."""
    return x * 2 ** rng.uniform(0, 4, (len(x), 1))


DATA: dict[str, Callable[[int, int], Floats]] = {"planted": planted, "Student": student}


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """Blocks of a crest factor: how many, their mean crest, and dB measured and by the law."""

    count: int
    crest: float
    measured: float
    law: float


@cache
def binned(name: str, data: str, width: float = 0.1, count: int = BLOCKS) -> tuple[Blocks, ...]:
    """What a format does to blocks of data, by their crest factor; bins of few are left out."""
    format = known(name)
    x = DATA[data](format.block, count).astype(np.float32)
    found = noise(x, format)
    crests, lost = found.crest.reshape(-1), 10 ** (-found.blocks.reshape(-1) / 10)
    edges = np.arange(1, math.sqrt(format.block) + width, width)
    bins = []
    for low, high in pairwise(edges):
        here = (crests >= low) & (crests < high)
        if here.sum() >= LEAST:
            crest, mean = float(crests[here].mean()), -10 * math.log10(float(lost[here].mean()))
            law = float(qsnr(format, crest))
            bins.append(Blocks(count=int(here.sum()), crest=crest, measured=mean, law=law))
    return tuple(bins)


def measured_crossover(pair: Pair, data: str) -> float:
    """The least crest factor at which measured errors cross, between two bins; NaN for none."""
    both = zip(binned(pair.integer, data), binned(pair.float, data), strict=True)
    gains = [(a.crest, a.measured - b.measured) for a, b in both]
    for (low, before), (high, after) in pairwise(gains):
        if before > 0 >= after:
            return low + (high - low) * before / (before - after)
    return math.nan


def by_law(pair: Pair, constants: Constants) -> float:
    """A crossover by the law; NaN for none, or where the constants do not know the rule."""
    try:
        return crossover(known(pair.integer), known(pair.float), constants)
    except SpecError:
        return math.nan


def rounded_constants() -> float:
    """The first crossover as printed: 4.78 and 6.02 b stand for the exact decibels of 8 bits."""
    gain = 4.78 + 6.02 * 8 - 10 * math.log10(12 * 4**7)
    integer, other = known(PAIRS[0].integer), known(PAIRS[0].float)
    crests = np.linspace(7, 8, 100_001)
    ahead = qsnr(integer, crests, PUBLISHED) + gain - qsnr(other, crests, PUBLISHED) > 0
    return float(crests[np.flatnonzero(~ahead)[0]])


def _text(value: float, form: str = ".2f") -> str:
    return "none" if math.isnan(value) else format(value, form)


def crossovers() -> None:
    """Print Table (a)."""
    heads = ("published", "formula", "corrected", "spread", *DATA)
    print("(a) crest factor at which integer and float are alike\n")
    print(f"{'pair':16}" + "".join(f"{head:>11}" for head in heads))
    for pair in (*PAIRS, *FLOOR):
        row = [
            pair.published,
            *(by_law(pair, constants) for constants in (PUBLISHED, CORRECTED, SPREAD)),
            *(measured_crossover(pair, data) for data in DATA),
        ]
        rule = "" if pair in PAIRS else "  (rule floor)"
        print(f"{pair.title:16}" + "".join(f"{_text(value):>11}" for value in row) + rule)
    print(
        "\npublished: Figure 3 of the paper. formula: its law with its constants, 2^(b-1) steps and"
        "\nscales 1.5 (MX) and 1.05 (NV) times the ideal; with 4.78 + 6.02 b for the exact decibels"
        f"\nthe first is {rounded_constants():.3f}. corrected: 2^(b-1) - 1 steps, NV scales as they"
        "\nare meant. spread: scales of all positions, and the peak apart (the default of qsnr)."
        "\nplanted, Student: measured, in bins of 0.1. none: no block of g elements goes beyond the"
        "\nroot of g, 5.66 for 32."
    )


def errors() -> bool:
    """Print Table (b); whether all is as near as the goal."""
    rng = np.random.default_rng(SEED)
    turn, data = rotation(ROTATED, rng), tensors(rng)
    columns = {"Gaussian": rng.standard_normal(ELEMENTS)}
    for title, x in data.items():
        columns[title] = x
        columns[f"{title} +RHT"] = (x.reshape(-1, ROTATED) @ turn).reshape(-1)
    print("\n(b) QSNR in dB: measured here, and how much more than before\n")
    print(f"{'format':11} {'sample':>7}" + "".join(f"{title:>19}" for title in columns))
    worst = 0.0
    for name, before in MEASURED.items():
        format = known(f"{name}-rceil" if name.startswith("mx") else name)
        sampled = gaussian_qsnr(format)
        row, away = "", abs(sampled - before[0])
        for x, old in zip(columns.values(), before, strict=True):
            found = float(noise(x.reshape(-1, 4096), format).qsnr)
            away = max(away, abs(found - old))
            row += f"{found:12.2f} {found - old:+6.2f}"
        print(f"{name:11} {sampled:7.2f}{row}")
        worst = max(worst, away)
    print(
        f"\nfarthest {worst:.2f} dB; goal {GOAL}. sample: gaussian_qsnr, 2^16 elements; the others"
        f"\n{ELEMENTS:,} elements, seed {SEED}. Laplace: scale 1. outliers: Gaussian, 1 % of it"
        f"\nmultiplied. RHT: random Hadamard over {ROTATED} elements."
    )
    return worst <= GOAL


def law_on_blocks() -> None:
    """Print Table (c)."""
    print("\n(c) law (spread) less measured, dB: least and most over bins of crest factor\n")
    print(f"{'pair':16}" + "".join(f"{f'{one} {data}':>19}" for one in ("integer", "float")
                                   for data in DATA))  # fmt: skip
    for pair in (*PAIRS, *FLOOR):
        row = ""
        for name in (pair.integer, pair.float):
            for data in DATA:
                away = [one.law - one.measured for one in binned(name, data)]
                row += f"{min(away):+12.2f} {max(away):+6.2f}"
        print(f"{pair.title:16}{row}{'' if pair in PAIRS else '  (rule floor)'}")
    print(
        f"\n{BLOCKS:,} blocks of each kind, seed {SEED}; bins of 0.1 with {LEAST} blocks or more."
    )


def main() -> int:
    """Print all; 1 if the errors of data are not those of before."""
    crossovers()
    near = errors()
    law_on_blocks()
    return int(not near)


if __name__ == "__main__":
    raise SystemExit(main())
