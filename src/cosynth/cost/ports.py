"""Readers that share a port: how long each takes beside the others, on average."""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A time in which a reader takes a share of a port's cycles."""

    begin: float
    end: float
    share: float


NEVER = Window(begin=math.inf, end=math.inf, share=0.0)


class Calendar:
    """When a port is busy that one asks for in no order of time: what is taken stays so."""

    def __init__(self) -> None:
        self.begins: list[float] = []
        self.ends: list[float] = []

    def taken(self, begin: float, length: float) -> float:
        """Take the first free cycles from `begin` on, and return when they are over."""
        first = at = bisect(self.ends, begin)
        time = begin
        while at < len(self.begins) and self.begins[at] - time < length:
            length -= max(self.begins[at] - time, 0.0)
            time = self.ends[at]
            at += 1
        # all between is taken now
        start = min(begin, self.begins[first]) if at > first else begin
        self.begins[first:at], self.ends[first:at] = [start], [time + length]
        return time + length


def window(begin: float, length: float, share: float, other: float, slowed: float = 1.0) -> Window:
    """A reader's window when another takes turns with it, of a share of its own.

    Then it goes on in a share `slowed` of cycles at most.
    """
    rate = min(1.0, max(0.5, 1.0 - other) / share, slowed) if share else 1.0
    return Window(begin=begin, end=begin + length / rate, share=share)


def through(
    time: float,
    work: float,
    own: float,
    others: Sequence[Window],
    beside: Sequence[Window] = (),
    slowed: float = 1.0,
) -> float:
    """When a reader is done with `work` cycles, of which it needs the port in a share `own`.

    Others go first: in their windows a cycle in which it needs the port comes to pass only if they
    leave it, as if by chance. With those `beside` it takes turns, and goes on in a share `slowed`.
    """
    if own <= 0:
        return time + work
    edges = {edge for one in (*others, *beside) for edge in (one.begin, one.end) if edge > time}
    for edge in sorted(edges):
        taken, shared = (
            sum(one.share for one in some if one.begin <= time < one.end)
            for some in (others, beside)
        )
        room = max(1.0 - taken, 0.0)
        rate = min(1.0, max(room / 2, room - shared) / own, slowed if shared else 1.0)
        if (edge - time) * rate >= work and rate > 0:
            return time + work / rate
        work -= (edge - time) * rate
        time = edge
    return time + work
