"""The price law beside every unit that was synthesised: `python -m bench.price`.

Prints gates and energy of each, the error by kind of unit, and the constants that a fit of today
gives for the multiplier's law, by least squares of the relative error.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import numpy as np

from cosynth.format import known, multiply_gates
from cosynth.format.price import TERMS, terms
from cosynth.format.synthesis import Synthesised, law, synthesised


def gates(one: Synthesised) -> float:
    """The law's gates for a lane of a synthesised unit."""
    return multiply_gates(
        known(one.a), known(one.b), sum_in=one.sum_in, unit=one.unit, lanes=one.lanes
    )


def reference() -> float:
    """The law's gates of int8, which energies are relative to."""
    return gates(next(one for one in synthesised() if one.energy == 1))


def energy(one: Synthesised) -> float:
    """An operation relative to int8, as energy follows gates."""
    return gates(one) / reference()


def family(one: Synthesised) -> str:
    """Multipliers by what they multiply, others by their kind."""
    if one.unit != "multiplier":
        return one.unit
    return "float" if known(one.a).kind == "float" else "integer"


def told(errors: Sequence[float]) -> str:
    """Number, median and worst."""
    sizes = [abs(one) for one in errors]
    return (
        f"{len(sizes):3}, median {100 * statistics.median(sizes):5.1f} %,"
        f" worst {100 * max(sizes):5.1f} %"
    )


def fitted() -> tuple[np.ndarray, np.ndarray]:
    """Constants by least squares of relative errors, and the errors they give."""
    rows = [one for one in synthesised() if one.recipe == "fast" and known_to_fit(one)]
    left = np.array([terms(known(one.a), known(one.b), one.sum_in, one.lanes) for one in rows])
    right = np.array([one.gates for one in rows])
    found, *_ = np.linalg.lstsq(left / right[:, None], np.ones(len(rows)), rcond=None)
    return found, left @ found / right - 1


def known_to_fit(one: Synthesised) -> bool:
    """The multiplier's law holds a mux too, but for one that multiplies single bits."""
    return one.unit == "multiplier" or (one.unit == "mux" and known(one.a).kind == "integer")


def main() -> int:
    """Print the tables."""
    errors: dict[str, list[float]] = {}
    powers: dict[str, list[float]] = {}
    for recipe in ("fast", "full"):
        print(f"{'recipe ' + recipe:16}{'unit':11}{'sum in':8}{'gates':>7}{'law':>8}{'error':>8}"
              f"{'energy':>9}{'law':>6}{'error':>7}")  # fmt: skip
        for one in synthesised():
            if one.recipe != recipe:
                continue
            error = gates(one) / one.gates - 1
            line = (
                f"{one.a + ' x ' + one.b:16}"[:24]
                + f" {one.unit:11}{one.sum_in:8}{one.gates:7g}{gates(one):8.1f}{error:+8.1%}"
            )
            names = ["full"] if recipe == "full" else ["all", family(one)]
            if recipe == "fast" and known_to_fit(one):
                names.append("in the fit")
            for name in names:
                errors.setdefault(name, []).append(error)
            if one.energy:
                other = energy(one) / one.energy - 1
                line += f"{one.energy:9.2f}{energy(one):6.2f}{other:+7.0%}"
                for name in names:
                    powers.setdefault(name, []).append(other)
            print(line)
        print()
    for name, some in errors.items():
        print(f"gates  {name:11} {told(some)}")
    for name, some in powers.items():
        print(f"energy {name:11} {told(some)}")
    found, rest = fitted()
    print("\nmultiplier's law: " + ", ".join(f"{name} {law()[name]:g}" for name in TERMS))
    print(
        "fitted today:     " + ", ".join(f"{n} {v:.2f}" for n, v in zip(TERMS, found, strict=True))
    )
    print(f"       errors     {told(rest.tolist())}")
    share = [one.gates / known(one.a).precision for one in synthesised() if one.unit == "lookup"]
    print(f"lookup {law()['lookup']:g}, fitted today {math.exp(np.mean(np.log(share))):.2f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
