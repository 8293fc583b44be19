"""From layers to a whole graph: one after the other, or each where it finishes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One group on one engine from `start` to `end`, in seconds."""

    group: int
    engine: str
    start: float
    end: float


def sequence(times: Sequence[Mapping[str, float]]) -> tuple[Slot, ...]:
    """Run groups one after the other, each on its fastest engine. `times`: engine -> seconds."""
    slots = []
    now = 0.0
    for group, choices in enumerate(times):
        engine = min(choices, key=lambda name: choices[name])
        slots.append(Slot(group=group, engine=engine, start=now, end=now + choices[engine]))
        now += choices[engine]
    return tuple(slots)


def earliest_finish(
    times: Sequence[Mapping[str, float]], edges: Sequence[tuple[int, int]]
) -> tuple[Slot, ...]:
    """Place groups, in order, each on the engine where it ends first once its inputs are there.

    List scheduling by earliest finish time (HEFT without its ranking: Topcuoglu et al., TPDS 2002);
    groups keep their given order on an engine.
    """
    before: dict[int, list[int]] = {}
    for producer, consumer in edges:
        before.setdefault(consumer, []).append(producer)
    free: dict[str, float] = {}
    slots: list[Slot] = []
    for group, choices in enumerate(times):
        ready = max((slots[producer].end for producer in before.get(group, [])), default=0.0)
        begin = {name: max(ready, free.get(name, 0.0)) for name in choices}
        engine = min(choices, key=lambda name: begin[name] + choices[name])
        end = begin[engine] + choices[engine]
        slots.append(Slot(group=group, engine=engine, start=begin[engine], end=end))
        free[engine] = end
    return tuple(slots)


def makespan(slots: Sequence[Slot]) -> float:
    """Seconds until the last group ends."""
    return max((slot.end for slot in slots), default=0.0)
