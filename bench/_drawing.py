"""Charts as SVG: a frame, what lies in it by its own units, and the page around."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

COLOURS = ("#1f5fa8", "#c2571a")
STYLE = (
    "text{font:11px sans-serif;fill:#333}.title{font-weight:bold;font-size:12px}"
    ".grid{stroke:#ddd}.axis{stroke:#888;fill:none}.end{text-anchor:end}.mid{text-anchor:middle}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """A frame on the page, and what its edges stand for; `log` by direction."""

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]
    log: tuple[bool, bool] = (False, False)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a point lies on the page."""
        across, up = (
            (math.log(value / low) / math.log(high / low)) if log else (value - low) / (high - low)
            for value, (low, high), log in ((x, self.x, self.log[0]), (y, self.y, self.log[1]))
        )
        return self.left + across * self.width, self.top + (1 - up) * self.height


def frame(axes: Axes, ticks: Sequence[tuple[float, str]]) -> list[str]:
    """The frame, and lines with labels at values of y."""
    parts = []
    for value, label in ticks:
        _, y = axes.at(axes.x[0], value)
        parts += [
            f'<path class="grid" d="M{axes.left:.1f} {y:.1f}h{axes.width:.1f}"/>',
            f'<text class="end" x="{axes.left - 5:.1f}" y="{y + 4:.1f}">{label}</text>',
        ]
    box = f"M{axes.left:.1f} {axes.top:.1f}v{axes.height:.1f}h{axes.width:.1f}"
    return [*parts, f'<path class="axis" d="{box}"/>']


def below(axes: Axes, ticks: Sequence[tuple[float, str]], name: str = "") -> list[str]:
    """Labels under the frame at values of x, and what they count."""
    parts = []
    bottom = axes.top + axes.height
    for value, label in ticks:
        x, _ = axes.at(value, axes.y[0])
        parts.append(f'<text class="mid" x="{x:.1f}" y="{bottom + 15:.1f}">{label}</text>')
    if name:
        middle = axes.left + axes.width / 2
        parts.append(f'<text class="mid" x="{middle:.1f}" y="{bottom + 31:.1f}">{name}</text>')
    return parts


def polyline(
    axes: Axes, points: Sequence[tuple[float, float]], colour: str, style: str = ""
) -> str:
    """A line through points."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (axes.at(*point) for point in points))
    return f'<polyline points="{path}" fill="none" stroke="{colour}"{style and " " + style}/>'


def dots(
    axes: Axes, points: Sequence[tuple[float, float]], colour: str, radius: float = 2.6
) -> list[str]:
    """A dot at each point."""
    places = [axes.at(*point) for point in points]
    return [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}"/>' for x, y in places]


def text(x: float, y: float, words: str, kind: str = "") -> str:
    """Words on the page; of a kind of the style."""
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}">{words}</text>'


def page(width: int, height: int, parts: Sequence[str], style: str = "") -> str:
    """An SVG of some size on white, so that it can be read on any page."""
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}">',
        f"<style>{STYLE}{style}</style>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        *parts,
        "</svg>\n",
    ])  # fmt: skip
