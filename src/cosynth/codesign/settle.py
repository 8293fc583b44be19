"""Which mapping each layer of a circuit follows: the soonest done where its tensors lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cosynth import rtl
from cosynth.codesign.orders import predicted, timed
from cosynth.codesign.progress import OnPart
from cosynth.cost import Job
from cosynth.mapping import Mapping as LoopNest

# how often mappings are chosen anew for where tensors lie then
ROUNDS = 3


def settled(
    network: rtl.Network,
    chip: rtl.Chip,
    candidates: Mapping[str, Sequence[LoopNest]],
    same: Mapping[str, Sequence[Job]],
    latency: int,
    on_layer: OnPart | None = None,
) -> tuple[rtl.Program, dict[str, LoopNest]]:
    """The program of a network, and the mapping of each layer; `latency` is that of DRAM in cycles.

    Layers are chosen for one by one, and may want a tensor between them to lie in different ways.
    So they are asked again once it is known how it lies, and the shortest program is taken.
    """
    found = rtl.agreed(network, chip, _alone(network, chip, candidates, same, latency, on_layer))
    program, found = _mended(network, chip, candidates, found, latency)
    best = _cost(chip, program, latency)
    for _ in range(ROUNDS):
        anew = rtl.refitted(
            network, chip, found, candidates,
            lambda words: timed(chip, words, latency).cycles, program.places,
        )  # fmt: skip
        if anew == found:
            break
        other = rtl.compiled(network, chip, anew)
        cost = _cost(chip, other, latency)
        if cost >= best:
            break
        program, found, best = other, anew, cost
    return program, found


def _cost(chip: rtl.Chip, program: rtl.Program, latency: int) -> tuple[int, float]:
    """Layers that are left to the host, and cycles of the others."""
    hosts = sum(isinstance(one, rtl.Host) for one in program.order)
    return hosts, sum(one.cycles for one in predicted(chip, program, latency).values())


def _alone(
    network: rtl.Network,
    chip: rtl.Chip,
    candidates: Mapping[str, Sequence[LoopNest]],
    same: Mapping[str, Sequence[Job]],
    latency: int,
    on_layer: OnPart | None,
) -> dict[str, LoopNest]:
    """The mappings that run soonest; layers that are equal are chosen for once."""
    first: dict[frozenset[str], str] = {}
    for layer in candidates:
        first.setdefault(frozenset(job.name for job in same[layer]), layer)
    asked = {layer: candidates[layer] for layer in first.values()}
    found = rtl.chosen(
        network, chip, asked, lambda words: timed(chip, words, latency).cycles, on_layer=on_layer
    )
    for layer in candidates:
        twin = first[frozenset(job.name for job in same[layer])]
        if layer not in found:
            jobs = {job.name: job for job in same[layer]}
            found[layer] = _renamed(found[twin], jobs[twin], jobs[layer])
    return found


def _mended(
    network: rtl.Network,
    chip: rtl.Chip,
    candidates: Mapping[str, Sequence[LoopNest]],
    found: dict[str, LoopNest],
    latency: int,
) -> tuple[rtl.Program, dict[str, LoopNest]]:
    """The program; layers whose tensors lie otherwise than was thought are mapped anew for it."""
    for _ in range(ROUNDS):
        program = rtl.compiled(network, chip, found)
        refused = [one.name for one in program.order if isinstance(one, rtl.Host)]
        again = {name: candidates[name] for name in refused if name in candidates}
        anew = rtl.chosen(
            network, chip, again, lambda words: timed(chip, words, latency).cycles, program.places
        )
        if all(found[name] == nest for name, nest in anew.items()):
            return program, found
        found = found | anew
    return rtl.compiled(network, chip, found), found


def add(
    candidates: Mapping[str, list[LoopNest]],
    nests: Mapping[str, LoopNest],
    same: Mapping[str, list[Job]],
) -> None:
    """Add the nest of a layer, or of one that is equal to it, to its candidates."""
    for layer, found in candidates.items():
        own = next(job for job in same[layer] if job.name == layer)
        for other in (own, *same[layer]):
            if other.name in nests and nests[other.name].engine == "mac":
                found.append(_renamed(nests[other.name], other, own))
                break


def _renamed(nest: LoopNest, theirs: Job, own: Job) -> LoopNest:
    """The nest of an equal layer under this layer's names."""
    names = dict(zip(theirs.parts, own.parts, strict=True))
    levels = (replace(lv, keep=tuple(names[name] for name in lv.keep)) for lv in nest.levels)
    return replace(nest, einsum=own.name, levels=tuple(levels))
