"""Pieces that families of hardware are made of."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from cosynth.arrays import Array
from cosynth.hardware.tree import Component, Memory, Node


def off_chip(kind: str, bandwidth: Array) -> Memory:
    """A DRAM of a kind (`lpddr4`) whose one port moves `bandwidth` B/s either way."""
    return Memory(
        name="dram",
        law=f"dram:{kind}",
        read_bandwidth=bandwidth,
        write_bandwidth=bandwidth,
        shared_port=True,
        width=64.0,
    )


def stationary_weights(name: str = "registers") -> Memory:
    """One byte of weight in use and one coming, beside every multiplier."""
    return Memory(
        name=name,
        law="register",
        size=2.0,
        width=8.0,
        keeps=("weight",),
        double_buffered=True,
    )


def chain(parts: Sequence[Component], under: str | None = None) -> list[Node]:
    """Components one below the other, the first under `under`."""
    first = Node(component=parts[0], under=under)
    return [first, *(Node(component=b, under=a.name) for a, b in pairwise(parts))]
