"""Time and gap of one mapping against sizes, memories and ranks: `python -m bench.growth`.

Every mapping is found three times in a process that is warm; the median of the CPU seconds counts.
Each time the problem is new to the mapper, so that nothing it found before is looked up.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from bench._drawing import COLOURS, Axes, dots, frame, page, polyline
from bench.rivals.problems import chip
from cosynth.cost import Job, job
from cosynth.format import Assignment
from cosynth.hardware import Hardware, Memory
from cosynth.hardware.parts import chain
from cosynth.mapper import Effort, best
from cosynth.workload import Tensor, Workload, parse

TIMES = 3
SIZES = tuple(2**power for power in range(6, 17))
GEMM = "O[m,n] += I[m,k] * W[k,n]"
CONVOLUTION = "O[k,p,q] += I[c,p+r,q+s] * W[k,c,r,s]"
# all have about half a billion multiply-accumulates: name, statement, sizes of ranks
RANKS = (
    ("GEMM", GEMM, {"m": 512, "k": 1024, "n": 1024}),
    ("batched GEMM", "O[b,m,n] += I[b,m,k] * W[b,k,n]", {"b": 8, "m": 512, "k": 512, "n": 256}),
    ("1-D conv.", "O[k,p] += I[c,p+r] * W[k,c,r]", {"k": 256, "c": 256, "p": 2730, "r": 3}),
    (
        "1-D conv., batch", "O[n,k,p] += I[n,c,p+r] * W[k,c,r]",
        {"n": 8, "k": 256, "c": 256, "p": 341, "r": 3},
    ),
    ("2-D conv.", CONVOLUTION, {"k": 128, "c": 128, "p": 60, "q": 60, "r": 3, "s": 3}),
    (
        "2-D conv., batch", "O[n,k,p,q] += I[n,c,p+r,q+s] * W[k,c,r,s]",
        {"n": 4, "k": 128, "c": 128, "p": 30, "q": 30, "r": 3, "s": 3},
    ),
    (
        "2-D conv., batch, groups", "O[n,g,k,p,q] += I[n,g,c,p+r,q+s] * W[g,k,c,r,s]",
        {"n": 4, "g": 4, "k": 64, "c": 64, "p": 30, "q": 30, "r": 3, "s": 3},
    ),
)  # fmt: skip
LEVELS = (
    ("GEMM", GEMM, {"m": 512, "k": 1024, "n": 1024}),
    ("convolution", CONVOLUTION, {"k": 64, "c": 64, "p": 56, "q": 56, "r": 3, "s": 3}),
)
# memories that the chip of the comparisons has not: bytes, and joules per bit, assumed
SHARED = ("shared", 8 * 2**20, 1e-12)
LOCAL = ("local", 2**10, 0.04e-12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Seconds and gap of one problem; `name` says what the problem is where `x` does not."""

    x: int
    seconds: float
    gap: float
    nodes: int
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Points of one kind of problem."""

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Lines over one quantity; a `wide` one is drawn over its logarithm."""

    title: str
    quantity: str
    lines: tuple[Line, ...]
    wide: bool = False


def written(text: str, sizes: dict[str, int]) -> Job:
    """A job of a statement whose tensors are just large enough, in formats of eight bits."""
    einsum = parse(text, sizes)
    tensors = tuple(
        Tensor(
            name=access.tensor,
            shape=tuple(
                1 + sum(term.coefficient * (sizes[term.rank] - 1) for term in index.terms)
                for index in access.indices
            ),
            role="weight" if access.tensor == "W" else "activation",
        )
        for access in (*einsum.inputs, einsum.output)
    )
    return job(Workload(name="growth", tensors=tensors, einsums=(einsum,)), (0,), Assignment())


def tree(memories: int) -> Hardware:
    """A chip of 16 x 16 units with two to five memories on the way to a unit."""
    base = chip(16)
    dram, buffer, array, registers, mac = (node.component for node in base.nodes)
    assert isinstance(buffer, Memory)
    shared, local = (
        replace(buffer, name=name, size=size, read_energy=8 * energy, write_energy=8 * energy)
        for name, size, energy in (SHARED, LOCAL)
    )
    path = {
        2: (dram, buffer, array, mac),
        3: (dram, buffer, array, registers, mac),
        4: (dram, shared, buffer, array, registers, mac),
        5: (dram, shared, buffer, array, local, registers, mac),
    }[memories]
    return replace(base, name=f"{memories} memories", nodes=tuple(chain(path)))


def prime(near: int) -> int:
    """The prime nearest to a number, the smaller of two."""

    def is_prime(number: int) -> bool:
        return number > 1 and all(number % d for d in range(2, math.isqrt(number) + 1))

    away = next(d for d in range(near) if is_prime(near - d) or is_prime(near + d))
    return near - away if is_prime(near - away) else near + away


def measured(
    x: int, text: str, sizes: dict[str, int], hardware: Hardware, effort: Effort, name: str = ""
) -> Point:
    """Map one problem some times over, and say so as soon as it is done."""
    spent = []
    for _ in range(TIMES):
        one = written(text, sizes)
        start = time.process_time()
        found = best(one, hardware.engines[0], hardware, "edp", effort)
        spent.append(time.process_time() - start)
    seconds = median(spent)
    print(f"{x:6} {name or text:42} {seconds:8.3f} s {found.gap:10.3%} {found.proof.nodes:9,}",
          flush=True)  # fmt: skip
    return Point(x=x, seconds=seconds, gap=found.gap, nodes=found.proof.nodes, name=name)


def panels(effort: Effort) -> Iterator[Panel]:
    """The three questions, one after the other."""
    wide = chip(128)
    squares = [
        Line(
            name=name,
            points=tuple(
                measured(n, GEMM, {"m": n, "k": n, "n": n}, wide, effort) for n in numbers
            ),
        )
        for name, numbers in (("powers of two", SIZES), ("primes", [prime(n) for n in SIZES]))
    ]
    yield Panel(title="Size: GEMM n x n x n", quantity="n", lines=tuple(squares), wide=True)
    levels = [
        Line(
            name=name,
            points=tuple(
                measured(number, text, sizes, tree(number), effort) for number in range(2, 6)
            ),
        )
        for name, text, sizes in LEVELS
    ]
    yield Panel(title="Memories, 16 x 16 units", quantity="memories", lines=tuple(levels))
    ranks = [measured(len(sizes), text, sizes, wide, effort, name) for name, text, sizes in RANKS]
    # the batched product and the convolution both have four
    plain = [point for point in ranks if "GEMM" in point.name]
    others = [point for point in ranks if "conv" in point.name]
    yield Panel(
        title="Ranks, about 0.5 G products", quantity="ranks",
        lines=(Line(name="GEMM", points=tuple(plain)),
               Line(name="convolution", points=tuple(others))),
    )  # fmt: skip


def table(panel: Panel) -> str:
    """A table in Markdown of the points of a panel."""
    rows = [f"| {panel.quantity} | problem | CPU s | gap | bounds |", "|---|---|---|---|---|"]
    for line in panel.lines:
        rows += [
            f"| {p.x:,} | {p.name or line.name} | {p.seconds:.3f} | {p.gap:.2%} | {p.nodes:,} |"
            for p in line.points
        ]
    return "\n".join(rows)


WIDTH, LEFT, TOP, TALL, LOW, BETWEEN = 330, 52, 44, 190, 90, 34


def drawn(axes: Axes, points: Sequence[tuple[float, float]], colour: str) -> list[str]:
    """A line through points, and a dot at each."""
    return [polyline(axes, points, colour), *dots(axes, points, colour)]


def shares(largest: float) -> list[tuple[float, str]]:
    """Round gaps from none to the largest, at most five."""
    power = 10.0 ** math.floor(math.log10(largest))
    step = next(s for s in (power / 10, power / 5, power / 2, power, 2 * power) if largest < 5 * s)
    return [(n * step, f"{n * step:.4g}") for n in range(5) if n * step <= largest]


def picture(found: Sequence[Panel]) -> str:
    """An SVG: for each panel CPU seconds above, on one logarithmic scale, and gaps below."""
    every = [point for panel in found for line in panel.lines for point in line.points]
    low = 10.0 ** math.floor(math.log10(min(p.seconds for p in every)))
    high = 10.0 ** math.ceil(math.log10(max(p.seconds for p in every)))
    decades = range(round(math.log10(low)), round(math.log10(high)) + 1)
    seconds = [(10.0**e, f"{10.0**e:g} s") for e in decades]
    parts = []
    for number, panel in enumerate(found):
        left = number * WIDTH + LEFT
        largest = 1.05 * max(0.001, *(p.gap for line in panel.lines for p in line.points))
        xs = sorted({p.x for line in panel.lines for p in line.points})
        spare = 1.15 if panel.wide else 0.3
        x = (xs[0] / spare, xs[-1] * spare) if panel.wide else (xs[0] - spare, xs[-1] + spare)
        wide = WIDTH - LEFT - 14
        above = Axes(left=left, top=TOP, width=wide, height=TALL, x=x, y=(low, high),
                     log=(panel.wide, True))  # fmt: skip
        below = replace(above, top=TOP + TALL + BETWEEN, height=LOW, y=(0, largest),
                        log=(panel.wide, False))  # fmt: skip
        parts += [
            f'<text class="title" x="{left}" y="16">{panel.title}</text>',
            f'<text x="{left}" y="{TOP - 8}">CPU seconds of one mapping</text>',
            f'<text x="{left}" y="{below.top - 8}">gap: objective over bound, less one</text>',
            *frame(above, seconds),
            *frame(below, shares(largest)),
        ]
        bottom = below.top + LOW
        marks = [n for n in xs if n in SIZES[::2]] if panel.wide else xs
        for value in marks:
            across, _ = below.at(value, 0)
            parts.append(f'<text class="mid" x="{across:.1f}" y="{bottom + 15}">{value:,}</text>')
        parts.append(
            f'<text class="mid" x="{left + wide / 2:.1f}" y="{bottom + 31}">{panel.quantity}</text>'
        )
        for at, (line, colour) in enumerate(zip(panel.lines, COLOURS, strict=True)):
            parts += drawn(above, [(p.x, p.seconds) for p in line.points], colour)
            parts += drawn(below, [(p.x, p.gap) for p in line.points], colour)
            key = TOP + 14 + 15 * at
            parts += [
                f'<path d="M{left + 8} {key - 4}h16" stroke="{colour}" stroke-width="2"/>',
                f'<text x="{left + 29}" y="{key}">{line.name}</text>',
            ]
    across, tall = len(found) * WIDTH, TOP + TALL + BETWEEN + LOW + 40
    return page(across, tall, parts)


def main() -> None:
    """Print what each mapping took, then tables; draw them if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=Effort().nodes)
    parser.add_argument("--plot", type=Path, help="file for a picture, an SVG")
    options = parser.parse_args()
    effort = Effort(nodes=options.nodes)
    # compiles what is compiled on first use
    for text, sizes, hardware in (
        (GEMM, {"m": 100, "k": 60, "n": 70}, chip(128)),
        (CONVOLUTION, {"k": 10, "c": 10, "p": 10, "q": 10, "r": 3, "s": 3}, tree(5)),
    ):
        best(written(text, sizes), hardware.engines[0], hardware, "edp", effort)
    found = list(panels(effort))
    for panel in found:
        print(f"\n{panel.title}\n\n{table(panel)}")
    if options.plot:
        options.plot.write_text(picture(found), encoding="utf-8")


if __name__ == "__main__":
    main()
