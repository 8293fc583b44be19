"""Draw the pictures of the lessons on formats: `python -m docs.images.formats`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from bench._drawing import COLOURS, Axes, below, dots, frame, page, polyline, text
from bench.crossovers import PAIRS, Pair, binned, by_law
from numpy.typing import NDArray

from cosynth.format import (
    PUBLISHED,
    SPREAD,
    Format,
    crest,
    decode,
    encode,
    known,
    noise,
    qsnr,
    table,
)

FOLDER = Path(__file__).parent
WIDTH, SEED, BLOCK = 720, 0, 32
GREY, PALE = "#777", "#bbb"
STYLE = ".small{font-size:10px}.quiet{fill:#777}.bold{font-weight:bold}"
# formats of the first picture; one block is 32 for all, so that all see the same values
GRIDS = ("mxint4", "mxfp4", "nvint4-g32", "nvfp4-g32")
ROW, NAMES, RIGHT = 46, 84, 108
MEASURED, FEW = 20_000, 150  # blocks behind the dots, and of one dot at least


def tensor() -> NDArray[np.float32]:
    """The tensor of lesson 6: Gaussian, one outlier in its third block, its seventh block small."""
    x = np.random.default_rng(SEED).standard_normal(8 * BLOCK).astype(np.float32)
    x[2 * BLOCK + 11] = 9
    x[6 * BLOCK : 7 * BLOCK] /= 20
    return x


def one_scale(name: str) -> Format:
    """A format with a float32 scale for the whole tensor in place of one for a block."""
    return replace(known("int8_tensor"), name=f"{name}_tensor", element=known(name).element)


def blocks_picture() -> str:
    """Above, what four formats have for one block; below, a tensor and the error of its blocks."""
    x = tensor()
    parts = [
        text(10, 18, "One block of 32 values, and what it becomes", "title"),
        text(WIDTH - RIGHT, 18, "dots: values; bars: what the format has", "quiet end"),
    ]
    for row, name in enumerate(GRIDS):
        parts += _grid(x[:BLOCK], known(name), 34 + row * ROW)
    under = 34 + len(GRIDS) * ROW
    return page(WIDTH, under + 280, [*parts, *_tensor(x, under)], STYLE)


def _grid(block: NDArray[np.float32], format: Format, top: float) -> list[str]:
    """A row: the values of the block above, a line to what each becomes, the grid below."""
    peak = 3.1
    axes = Axes(left=NAMES, top=top, width=WIDTH - NAMES - RIGHT, height=ROW,
                x=(-peak, peak), y=(0, ROW))  # fmt: skip
    codes = encode(block, format)
    kept = decode(codes)
    assert format.scale is not None
    whole = 1.0 if codes.tensor is None else float(codes.tensor)
    scale = float(table(format.scale)[codes.scale[0]]) * whole
    colour = COLOURS[format.kind == "float"]
    values = table(format.element).astype(float)
    grid = np.unique(values[np.abs(values) <= format.element.largest] * scale)
    parts = [text(10, top + 28, format.name.removesuffix("-g32"), "bold")]
    _, low = axes.at(0, 12)
    _, high = axes.at(0, 34)
    left, _ = axes.at(-peak, 0)
    parts.append(f'<path class="grid" d="M{left:.1f} {low:.1f}h{axes.width}"/>')
    for value in grid[np.abs(grid) <= peak]:
        across, _ = axes.at(value, 0)
        parts.append(_path(f"M{across:.1f} {low - 7:.1f}v14", colour, 'stroke-width="1.6"'))
    for value, other in zip(block.tolist(), kept.tolist(), strict=True):
        (a, _), (b, _) = axes.at(value, 0), axes.at(other, 0)
        parts.append(_path(f"M{a:.1f} {high:.1f}L{b:.1f} {low - 7:.1f}", PALE))
        parts.append(_circle(a, high, 2, GREY))
    found = noise(block, format)
    parts.append(text(WIDTH - RIGHT + 12, top + 22, f"{float(found.qsnr):.1f} dB", "bold"))
    over = float(format.element.largest * scale / np.abs(block).max())
    parts.append(text(WIDTH - RIGHT + 12, top + 36, f"reaches {over:.2f} peaks", "small quiet"))
    return parts


def _tensor(x: NDArray[np.float32], top: float) -> list[str]:
    """The values of a tensor, and below them the error of each block in three formats."""
    count = len(x) // BLOCK
    wide = WIDTH - NAMES - RIGHT
    values = Axes(left=NAMES, top=top + 34, width=wide, height=100, x=(0, len(x)), y=(-4, 10))
    errors = Axes(left=NAMES, top=top + 164, width=wide, height=84, x=(0, len(x)), y=(0, 24))
    parts = [text(10, top + 20, "A tensor of eight blocks, and the error of each", "title")]
    for axes in (values, errors):
        for block in range(1, count):
            across, _ = axes.at(block * BLOCK, axes.y[0])
            parts.append(f'<path class="grid" d="M{across:.1f} {axes.top:.1f}v{axes.height}"/>')
    parts += frame(values, [(-4, "−4"), (0, "0"), (4, "4"), (8, "8")])
    for at, value in enumerate(x.tolist()):
        a, zero = values.at(at + 0.5, 0)
        _, b = values.at(at + 0.5, value)
        parts.append(_path(f"M{a:.1f} {zero:.1f}V{b:.1f}", GREY, 'stroke-width="1.3"'))
    parts += frame(errors, [(0, "0 dB"), (10, "10"), (20, "20")])
    thick = 'stroke-width="2.4"'
    rows = (
        ("int4, one scale", one_scale("int4"), GREY, f'{thick} stroke-dasharray="3 2"'),
        ("mxint4", known("mxint4"), COLOURS[0], thick),
        ("mxfp4", known("mxfp4"), COLOURS[1], thick),
    )
    for at, (name, format, colour, style) in enumerate(rows):
        steps = []
        for block in range(count):
            some = x[block * BLOCK : (block + 1) * BLOCK]
            if format.block:
                said = float(noise(some, format).qsnr)
            else:
                kept = decode(encode(x, format))[block * BLOCK : (block + 1) * BLOCK]
                lost = float(((some - kept) ** 2).sum())
                said = 10 * math.log10(float((some**2).sum()) / lost)
            steps += [(block * BLOCK + 1, said), ((block + 1) * BLOCK - 1, said)]
        for a, b in zip(steps[::2], steps[1::2], strict=True):
            parts.append(polyline(errors, [a, b], colour, style))
        key = top + 180 + 16 * at
        parts.append(_path(f"M{WIDTH - RIGHT + 10} {key - 4}h14", colour, style))
        parts.append(text(WIDTH - RIGHT + 29, key, name))
    parts.append(text(WIDTH - RIGHT + 10, top + 48, "values"))
    for block, factor in enumerate(crest(x, BLOCK).tolist()):
        across, _ = errors.at((block + 0.5) * BLOCK, 0)
        parts.append(text(across, top + 264, f"{factor:.1f}", "mid"))
    parts.append(text(WIDTH - RIGHT + 10, top + 264, "peak / rms"))
    return parts


def crossovers_picture() -> str:
    """For each pair of formats signal over noise against crest factor, and where they cross."""
    wide, tall = WIDTH // 2, 262
    parts = [
        text(10, 18, "Signal over noise of a block, by its peak over its rms", "title"),
    ]
    parts += _key(36)
    for at, pair in enumerate(PAIRS):
        parts += _pair(pair, (at % 2) * wide, 48 + (at // 2) * tall, wide, tall)
    return page(WIDTH, 48 + 2 * tall, parts, STYLE)


def _key(y: float) -> list[str]:
    thick, dashed = 'stroke-width="2.2"', 'stroke-dasharray="4 3"'
    entries: tuple[tuple[str, Callable[[float], str]], ...] = (
        ("integer", lambda x: _path(f"M{x} {y - 4}h18", COLOURS[0], thick)),
        ("float", lambda x: _path(f"M{x} {y - 4}h18", COLOURS[1], thick)),
        ("as published", lambda x: _path(f"M{x} {y - 4}h18", GREY, dashed)),
        ("measured", lambda x: _circle(x + 9, y - 4, 2.6, GREY)),
        ("no block has so large a peak", lambda x: _shade(x, y - 10, 18, 12)),
    )
    parts, x = [], 10
    for words, mark in entries:
        parts += [mark(x), text(x + 24, y, words)]
        x += 40 + round(5.9 * len(words))
    return parts


def _path(drawn: str, colour: str, style: str = "") -> str:
    return f'<path d="{drawn}" fill="none" stroke="{colour}"{style and " " + style}/>'


def _circle(x: float, y: float, radius: float, fill: str, style: str = "") -> str:
    place = f'cx="{x:.1f}" cy="{y:.1f}" r="{radius}"'
    return f'<circle {place} fill="{fill}"{style and " " + style}/>'


def _shade(x: float, y: float, width: float, height: float) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect {place} fill="#eee"/>'


def _pair(pair: Pair, left: float, top: float, wide: int, tall: int) -> list[str]:
    formats = known(pair.integer), known(pair.float)
    most = math.sqrt(formats[0].block)
    ends = (1.2, 8.2) if pair.published > most else (1.2, most)
    crests = np.linspace(*ends, 80)
    inside = np.linspace(ends[0], min(ends[1], 0.96 * most), 60)
    curves = [qsnr(one, inside, SPREAD) for one in formats]
    paper = [qsnr(one, crests, PUBLISHED) for one in formats]
    lowest = math.floor(min(float(one.min()) for one in (*curves, *paper)) / 5) * 5
    highest = math.ceil(max(float(one.max()) for one in (*curves, *paper)) / 5) * 5
    axes = Axes(left=left + 46, top=top + 24, width=wide - 62, height=tall - 76,
                x=ends, y=(lowest, highest))  # fmt: skip
    parts = [text(left + 46, top + 14, pair.title.upper().replace("/", "and"), "bold")]
    if ends[1] > most:
        across, _ = axes.at(most, lowest)
        rest = axes.left + axes.width - across
        parts.append(_shade(across, axes.top, rest, axes.height))
    parts += frame(axes, [(value, f"{value} dB") for value in range(lowest, highest + 1, 5)])
    marks = range(2, math.floor(ends[1]) + 1)
    parts += below(axes, [(value, f"{value}") for value in marks], "peak / rms of the block")
    for format, curve, dashed, colour in zip(formats, curves, paper, COLOURS, strict=True):
        line = list(zip(crests.tolist(), dashed.tolist(), strict=True))
        parts.append(polyline(axes, line, colour, 'stroke-dasharray="4 3" stroke-opacity="0.6"'))
        line = list(zip(inside.tolist(), curve.tolist(), strict=True))
        parts.append(polyline(axes, line, colour, 'stroke-width="2.2"'))
        bins = binned(format.name, "planted", 0.25, MEASURED)
        seen = [(one.crest, one.measured) for one in bins if one.count >= FEW]
        parts += dots(axes, seen, colour)
    return [*parts, *_crossings(pair, axes)]


def _crossings(pair: Pair, axes: Axes) -> list[str]:
    """Where the lines cross: a ring as published, a disc by our law."""
    parts = []
    for constants, filled in ((PUBLISHED, False), (SPREAD, True)):
        at = by_law(pair, constants)
        if math.isnan(at):
            continue
        x, y = axes.at(at, float(qsnr(known(pair.integer), at, constants)))
        words = f"{at:.2f}" if filled else f"{pair.published:.2f} published"
        ring = 'stroke="#222" stroke-width="1.4"'
        parts.append(_circle(x, y, 4.5, "#222" if filled else "#fff", ring))
        if filled:
            parts.append(text(x - 8, y + 17, words, "bold end"))
        elif at > 5:
            parts.append(text(x - 8, y - 34, words, "bold mid"))
        else:
            parts.append(text(x + 9, y - 9, words, "bold"))
    return parts


PICTURES: dict[str, Callable[[], str]] = {
    "formats-blocks.svg": blocks_picture,
    "formats-crossovers.svg": crossovers_picture,
}


def main() -> None:
    """Draw both."""
    for name, draw in PICTURES.items():
        (FOLDER / name).write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
