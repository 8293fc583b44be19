"""Which of several mappings of a layer the chip's units get through first.

This is the compiler's own count of work by unit, to choose with. What a layer costs is predicted
elsewhere, and measured by the circuit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import cosynth.mapping as mp
from cosynth.errors import MappingError
from cosynth.rtl.arrange import orders
from cosynth.rtl.chip import Chip
from cosynth.rtl.instructions import Command
from cosynth.rtl.layer import Step, Transfer, steps
from cosynth.rtl.network import Layer, Network
from cosynth.rtl.program import placed, views_of, work_of

# a command costs its unit some cycles to begin with: `unit.sv`
BEGIN = 3
# instructions of a command on average, of which one a cycle is handed out
WORDS = 8


def chosen(
    network: Network, chip: Chip, candidates: Mapping[str, Sequence[mp.Mapping]]
) -> dict[str, mp.Mapping]:
    """Return a mapping for each layer; one for which none of its candidates runs keeps its first.

    Tensors lie as the first candidates want them while the choice is made.
    """
    first = {name: found[0] for name, found in candidates.items()}
    places = placed(network, chip, orders(network, chip, first))
    best = dict(first)
    for layer in network.operations:
        if not isinstance(layer, Layer) or layer.name not in candidates:
            continue
        views = views_of(network, places, layer)
        least = math.inf
        for mapping in dict.fromkeys(candidates[layer.name]):
            try:
                work = effort(chip, steps(chip, work_of(layer, mapping), views))
            except MappingError:
                continue
            if work < least:
                least, best[layer.name] = work, mapping
    return best


def effort(chip: Chip, found: Sequence[Step]) -> float:
    """Cycles of the busiest unit, or of handing out commands if that is more."""
    busy: dict[str, float] = {}
    for step in found:
        cycles = _copied(chip, step) if isinstance(step, Transfer) else _worked(chip, step)
        busy[step.unit] = busy.get(step.unit, 0.0) + cycles + BEGIN
    port = sum(busy.get(unit, 0.0) for unit in ("moving", "second", "params", "residual", "store"))
    return max(*busy.values(), port, WORDS * len(found))


def _worked(chip: Chip, one: Command) -> float:
    turns = math.prod(one.turns)
    if one.unit in {"moving", "second", "params", "residual"}:
        format = chip.moving if one.unit == "moving" else chip.second
        places = chip.line // max(format.element_bits, 1)
        return turns * max(1, -(-one.extras[0] // places))
    return turns


def _copied(chip: Chip, one: Transfer) -> float:
    """Beats of a box: each run of it begins one."""
    run, runs, whole = one.bits, 1, True
    for dim in one.layout.order:
        size = one.layout.extent[dim]
        if whole:
            run *= size
        else:
            runs *= size
        whole = whole and size == one.layout.limits[dim]
    return runs * -(-run // chip.beat)
