"""Generate loops and choices of a module's text: what a net must pass to come out of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cosynth.errors import CircuitError
from cosynth.rtl.statements import closed, read

_TOKEN = re.compile(r"\b(always_ff|always_comb|function|if|for)\b")
_BEGIN = re.compile(r"\s*begin\b")
_ELSE = re.compile(r"\s*else\b\s*(if\b)?")
_COUNTS = re.compile(
    r"\(\s*genvar\s+(\w+)\s*=\s*([^;]+?)\s*;\s*\1\s*<(?!=)\s*([^;]+?)\s*;\s*\1\s*\+\+\s*\)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """A generate loop: where its text begins and ends, its index, and `low <= index < high`.

    `index` is empty if it counts in any other way.
    """

    start: int
    end: int
    index: str = ""
    low: str = ""
    high: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A generate `if`: its arms, each from its `begin` to its `end`, and whether one is `else`."""

    start: int
    end: int
    arms: tuple[tuple[int, int], ...]
    complete: bool


def scopes(plain: str) -> tuple[Loop | Choice, ...]:
    """Return the generate loops and choices of a text without comments, outer ones first."""
    return tuple(sorted(_scopes(plain, 0, len(plain)), key=lambda one: one.start))


def around(among: tuple[Loop | Choice, ...], place: int) -> tuple[Loop | Choice, ...]:
    """Return those that a place of the text stands in, the outermost first."""
    return tuple(one for one in among if one.start <= place < one.end)


def _scopes(plain: str, at: int, end: int) -> Iterator[Loop | Choice]:
    while found := _TOKEN.search(plain, at, end):
        at = found.end()
        if found[1] == "function":
            at = plain.index("endfunction", at)
        elif found[1] == "always_ff":
            at = read(plain, closed(plain, plain.index("(", at)))[1]
        elif found[1] == "always_comb":
            at = read(plain, at)[1]
        elif found[1] == "for":
            header = plain.index("(", at)
            inside, at = _block(plain, closed(plain, header))
            counts = _COUNTS.match(plain, header)
            index, low, high = counts.groups() if counts else ("", "", "")
            yield Loop(start=found.start(), end=at, index=index, low=low, high=high)
            yield from _scopes(plain, inside, at)
        else:
            one = _choice(plain, found.start())
            at = one.end
            yield one
            for arm in one.arms:
                yield from _scopes(plain, *arm)


def _choice(plain: str, start: int) -> Choice:
    at, arms = start, []
    while True:
        inside, at = _block(plain, closed(plain, plain.index("(", at)))
        arms.append((inside, at))
        other = _ELSE.match(plain, at)
        if not other:
            return Choice(start=start, end=at, arms=tuple(arms), complete=False)
        at = other.end()
        if not other[1]:
            inside, at = _block(plain, at)
            return Choice(start=start, end=at, arms=(*arms, (inside, at)), complete=True)


def _block(plain: str, at: int) -> tuple[int, int]:
    """Where a block's inside begins, and what comes behind its `end`."""
    begun = _BEGIN.match(plain, at)
    if not begun:
        raise CircuitError(f"a generate has no `begin`: {plain[at : at + 40].strip()!r}")
    depth = 0
    for found in re.finditer(r"\b(begin|end)\b", plain[at:]):
        depth += 1 if found[1] == "begin" else -1
        if not depth:
            return begun.end(), at + found.end()
    raise CircuitError(f"a `begin` has no end: {plain[at : at + 40].strip()!r}")
