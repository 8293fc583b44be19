"""Mistakes that no tool warns of, found in the syntax tree that Verilator prints as JSON.

Sign: an operand without sign makes the whole expression unsigned, by the standard; then a signed
operand is widened by zeros, shifted in zeros, or compared as a large number. Reset: where it stands
under another condition, it works only while that holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Node = Mapping[str, Any]

_COMPARISONS = frozenset({"LT", "LTE", "GT", "GTE", "DIV", "MODDIV"})
_ASSIGNMENTS = frozenset({"ASSIGN", "ASSIGNDLY", "ASSIGNW"})
_COUNTERS = frozenset({"int", "integer"})  # loop variables, never negative in practice
_RESET = "rst"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A mistake of one `kind` at a place of the sources; `file` is Verilator's letter for it."""

    kind: str
    file: str
    line: int
    says: str


def faults(tree: Node) -> tuple[Place, ...]:
    """Return every mistake of sign and of reset in a tree."""
    types = {node["addr"]: node for node in _below(tree) if node["type"].endswith("DTYPE")}
    found = (*_signs(tree, types), *_products(tree, types), *_resets(tree))
    return tuple(dict.fromkeys(found))


def _children(node: Node) -> Iterator[Node]:
    for value in node.values():
        if isinstance(value, list):
            yield from (each for each in value if isinstance(each, dict))


def _below(node: Node) -> Iterator[Node]:
    yield node
    for child in _children(node):
        yield from _below(child)


def _place(kind: str, node: Node, says: str) -> Place:
    file, start, *_ = node["loc"].split(",")
    return Place(kind=kind, file=file, line=int(start.split(":")[0]), says=says)


def _signed(node: Node, types: Mapping[str, Node]) -> bool:
    """Whether a node is a signed value of the circuit, not made of constants and counters alone."""
    if not types.get(node.get("dtypep", ""), {}).get("signed"):
        return False
    read = [part for part in _below(node) if part["type"] == "VARREF"]
    kinds = {types.get(part.get("dtypep", ""), {}).get("keyword") for part in read}
    return bool(kinds - _COUNTERS)


def _signs(tree: Node, types: Mapping[str, Node]) -> Iterator[Place]:
    for node in _below(tree):
        what = node["type"]
        children = list(_children(node))
        if what in {"EXTEND", "SHIFTR"}:
            children = children[:1]  # how far it is shifted may have any sign
        elif what not in _COMPARISONS:
            continue
        for child in children:
            if _signed(child, types):
                name = child.get("name") or "an expression"
                yield _place("SIGN", node, f"{name} is signed, but {_DOES[what]}")


_DOES = {
    "EXTEND": "widened with zeros beside an unsigned operand",
    "SHIFTR": "shifted right as if it were a large number",
    **dict.fromkeys(("LT", "LTE", "GT", "GTE"), "compared with an unsigned operand"),
    **dict.fromkeys(("DIV", "MODDIV"), "divided with an unsigned operand"),
}


def _products(tree: Node, types: Mapping[str, Node]) -> Iterator[Place]:
    for node in _below(tree):
        if node["type"] not in _ASSIGNMENTS:
            continue
        *_, target = _children(node)
        if not _signed(target, types):
            continue
        for part in _below(node):
            if part["type"] == "MUL":
                yield _place("SIGN", part, "a product without sign goes to a signed signal")


def _resets(tree: Node) -> Iterator[Place]:
    for node in _below(tree):
        if node["type"] == "ALWAYS" and node.get("keyword") == "always_ff":
            yield from _resets_below(node, depth=0)


def _resets_below(node: Node, depth: int) -> Iterator[Place]:
    inside = depth
    if node["type"] in {"IF", "COND"}:  # a short one is printed as the other
        condition = node["condp"][0]
        resets = any(part.get("name") == _RESET for part in _below(condition))
        if resets and depth:
            yield _place("RESET", node, f"{_RESET} stands under another condition")
        elif resets and not _alone(condition):
            yield _place("RESET", node, f"{_RESET} is tied to another condition")
        inside += not resets
    for child in _children(node):
        yield from _resets_below(child, inside)


def _alone(condition: Node) -> bool:
    """Whether the condition holds whenever the reset does: itself, or one side of an or."""
    if condition["type"] in {"LOGOR", "OR"}:
        return any(_alone(side) for side in _children(condition))
    return condition["type"] == "VARREF" and condition.get("name") == _RESET
