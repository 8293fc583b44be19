"""The statements of a clocked block, read from its text: enough to take one register out of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from cosynth.errors import CircuitError

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_WORD = re.compile(r"\s*(\w+)")
_CASE = re.compile(r"\s*((?:unique|unique0|priority)\s+)?case\b")
_TARGET = re.compile(r"\s*(\w+)\s*((?:\[[^;]*?\]\s*)*)<=")
_OPEN, _CLOSE = "([{", ")]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement: what stands before each of its parts, the parts, and what stands behind.

    An assignment is a leaf: no parts, its text in `ends`, and its `target`.
    """

    heads: tuple[str, ...] = ()
    parts: tuple[Statement, ...] = ()
    ends: str = ""
    target: str = ""

    @property
    def targets(self) -> frozenset[str]:
        """Every name that is assigned at the clock."""
        own = {self.target} if self.target else set()
        return frozenset(own.union(*(part.targets for part in self.parts)))


def blank(text: str) -> str:
    """Return a text with its comments as spaces, everything else where it was."""
    return _COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def read(text: str, at: int) -> tuple[Statement, int]:
    """Read the statement that begins at a place of a text without comments; also where it ends."""
    word = _WORD.match(text, at)
    first = word[1] if word else ""
    if word and first == "begin":
        return _block(text, word.end())
    if word and first in {"if", "for"}:
        end = closed(text, text.index("(", word.end()))
        part, after = read(text, end)
        heads, parts = [text[word.start(1) : end]], [part]
        other = _WORD.match(text, after)
        if first == "if" and other and other[1] == "else":
            part, after = read(text, other.end())
            heads.append("else")
            parts.append(part)
        return Statement(heads=tuple(heads), parts=tuple(parts)), after
    if _CASE.match(text, at):
        return _case(text, at)
    end = _until(text, at, ";") + 1
    body = text[at:end].strip()
    target = _TARGET.match(body)
    return Statement(ends=body, target=target[1] if target else ""), end


def _block(text: str, at: int) -> tuple[Statement, int]:
    parts: list[Statement] = []
    while True:
        word = _WORD.match(text, at)
        if word and word[1] == "end":
            return Statement(heads=("begin",), parts=tuple(parts), ends="end"), word.end()
        part, at = read(text, at)
        parts.append(part)


def _case(text: str, at: int) -> tuple[Statement, int]:
    end = closed(text, text.index("(", at))
    heads = [text[at:end].strip()]
    parts: list[Statement] = []
    while True:
        word = _WORD.match(text, end)
        if word and word[1] == "endcase":
            return Statement(heads=tuple(heads), parts=tuple(parts), ends="endcase"), word.end()
        colon = _until(text, end, ":") + 1
        heads.append(text[end:colon].strip())
        part, end = read(text, colon)
        parts.append(part)


def closed(text: str, at: int) -> int:
    """Return the place behind the bracket that closes the one at a place."""
    depth = 0
    for place in range(at, len(text)):
        depth += (text[place] in _OPEN) - (text[place] in _CLOSE)
        if not depth:
            return place + 1
    raise CircuitError(f"a bracket is never closed: {text[at : at + 40]!r}")


def _until(text: str, at: int, mark: str) -> int:
    """The next mark outside of brackets."""
    depth = 0
    for place in range(at, len(text)):
        depth += (text[place] in _OPEN) - (text[place] in _CLOSE)
        if text[place] == mark and not depth:
            return place
    raise CircuitError(f"a statement has no {mark!r}: {text[at : at + 40]!r}")


def only(one: Statement, name: str) -> Statement | None:
    """Return what assigns one register, with the conditions above it; None if nothing does."""
    return _kept(one, lambda leaf: leaf.target == name)


def without(one: Statement, names: frozenset[str]) -> Statement | None:
    """Return what is left when assignments of some registers are taken out."""
    return _kept(one, lambda leaf: leaf.target not in names and leaf.ends != ";")


def _kept(one: Statement, wanted: Callable[[Statement], bool]) -> Statement | None:
    if not one.parts:
        return one if one.ends not in {"end", "endcase"} and wanted(one) else None
    parts = [_kept(part, wanted) for part in one.parts]
    if not any(parts):
        return None
    if one.heads[0] == "begin":
        return replace(one, parts=tuple(part for part in parts if part))
    if len(one.heads) == 2 and one.heads[1] == "else" and not parts[1]:
        return replace(one, heads=one.heads[:1], parts=tuple(parts[:1]))  # type: ignore[arg-type]
    nothing = Statement(ends=";")
    return replace(one, parts=tuple(part or nothing for part in parts))


def assigns(one: Statement, name: str, to: str) -> Statement:
    """Return a statement in which a register's assignments are those of `to`, without a clock."""
    if one.target != name:
        return replace(one, parts=tuple(assigns(part, name, to) for part in one.parts))
    return replace(one, ends=re.sub(r"^(\w+)(\s*(?:\[[^;]*?\]\s*)*)<=", rf"{to}\2=", one.ends))


def lines(one: Statement, indent: int) -> Iterator[str]:
    """Write a statement, line by line."""
    space = " " * indent
    if not one.parts:
        yield space + re.sub(r"\s+", " ", one.ends)
        return
    if one.heads[0] == "begin":
        yield f"{space}begin"
        for part in one.parts:
            yield from lines(part, indent + 2)
        yield f"{space}end"
        return
    if one.ends == "endcase":
        yield space + one.heads[0]
        for head, part in zip(one.heads[1:], one.parts, strict=True):
            yield f"{space}  {head}"
            yield from lines(part, indent + 4)
        yield f"{space}endcase"
        return
    before = space
    for number, (head, part) in enumerate(zip(one.heads, one.parts, strict=True)):
        before += re.sub(r"\s+", " ", head)
        if not (part.parts and part.heads[0] == "begin"):
            yield before
            yield from lines(part, indent + 2)
            before = space
            continue
        yield f"{before} begin"
        for each in part.parts:
            yield from lines(each, indent + 2)
        before = f"{space}end "
        if number + 1 == len(one.parts):
            yield f"{space}end"
