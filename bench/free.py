"""What free formats are worth to a search of chips: `python -m bench.free [--model resnet18]`.

Explores the default space three times at one budget and seed: with int8 throughout, with the
formats of weights and activations free but no more error than int8, and with the limits of
--errors. The error is that of products of Gaussian tensors (`cosynth explore --limit error=…`).
Prints, for every limit, the least of each figure and of their product on the front, as a ratio to
int8, and which formats the knee takes.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections import Counter
from pathlib import Path

from cosynth.codesign import ChipProblem, chip_space, goal, precise
from cosynth.codesign.explore import rounding_error
from cosynth.codesign.front import Front, explore
from cosynth.format import assignment
from cosynth.search import Budget, Space, Study, category, header_of, optimiser, workers

FIGURES = ("latency", "energy", "area")
FORMATS = (
    "int4", "int5", "int6", "int7", "int8", "mxint4", "mxint6", "mxint8", "mxfp4", "mxfp6",
    "mxfp6_e3m2", "mxfp8", "nvfp4", "nvint4", "int4_g128", "fp8_e4m3fn", "fp6_e2m3",
)  # fmt: skip


def free(formats: tuple[str, ...]) -> Space:
    """The default space with a format of its own for weights and for activations."""
    rest = [each for each in chip_space(None).parameters if each.name != "format"]
    chosen = [category(role, list(formats)) for role in ("weights", "activations")]
    return Space.of(*rest, *chosen)


def searched(model: str, space: Space, most: float, options: argparse.Namespace) -> Front:
    """One study under a limit on the error."""
    limits = (f"error={most!r}",) if math.isfinite(most) else ()
    aim = goal(",".join(FIGURES), limits)
    problem = ChipProblem(models=(model,), space=precise(space, aim), goal=aim)
    chosen = optimiser("descent", problem, options.seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "study.sqlite"
        with (
            Study.create(path, header_of(problem, chosen)) as study,
            workers(options.workers) as pool,
        ):
            return explore(problem, chosen, study, Budget(evaluations=options.budget), pool)


def least(found: Front) -> dict[str, float]:
    """The least of each figure on a front, and of their product."""
    values = [dict(zip(FIGURES, each.evaluation.objectives, strict=True)) for each in found.members]
    best = {name: min(value[name] for value in values) for name in FIGURES}
    best["product"] = min(math.prod(value.values()) for value in values)
    return best


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="resnet18")
    parser.add_argument("--budget", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--errors", type=float, nargs="*", default=[0.02, 0.05, 0.1, 0.2])
    options = parser.parse_args()
    own = rounding_error(assignment("int8"))
    only = [each for each in chip_space(None).parameters if each.name != "format"]
    start = time.perf_counter()
    base = searched(options.model, Space.of(*only), math.inf, options)
    print(
        f"{options.model}, budget {options.budget}, seed {options.seed}; int8 alone has an error of"
        f" {own:.4f}, {len(base.members)} members, {time.perf_counter() - start:.0f} s"
    )
    reference = least(base)
    for most in [own, *options.errors]:
        start = time.perf_counter()
        found = searched(options.model, free(FORMATS), most, options)
        ratios = {name: value / reference[name] for name, value in least(found).items()}
        taken = Counter(
            f"{each.point['weights']} x {each.point['activations']}" for each in found.members
        )
        said = ", ".join(f"{name} {value:.2f}" for name, value in ratios.items())
        often = ", ".join(f"{name} ({count})" for name, count in taken.most_common(3))
        knee = found.knee_record().point
        print(
            f"  error <= {most:.4f}: {said}; knee {knee['weights']} x {knee['activations']};"
            f" most often {often}; {time.perf_counter() - start:.0f} s"
        )


if __name__ == "__main__":
    main()
