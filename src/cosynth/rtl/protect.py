"""Which registers and memories to protect for a given area: those that fail most for their cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cosynth.hardware.laws import logic_area, sram_area
from cosynth.rtl import outcome as oc
from cosynth.rtl.harden import CHECKED, CORRECTED, TRIPLED, checkable
from cosynth.rtl.inject import Campaign
from cosynth.rtl.sites import Site
from cosynth.rtl.source import sources as blocks
from cosynth.rtl.state import State, state
from cosynth.rtl.synthesise import Synthesis, synthesise

# faults that a register's kind counts for where few of its own were drawn; assumed
PRIOR = 2.0
_Key = tuple[str, str]
_BITS = 16  # of the register whose copies are synthesised to learn their cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One thing to protect: a register of a block, or its memories, in all instances.

    `failures` are bits times the share of flips in them that fail; `area` m² more if protected,
    by what `keeper` names: three copies, a parity, or a code.
    """

    block: str
    register: str  # empty for memories
    bits: int
    failures: float
    area: float
    instances: int = 1
    keeper: str = TRIPLED


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """What is protected: registers by block that are kept three times (`registers`) or have a
    parity (`checked`), and blocks whose memories are corrected.

    `area` m² more by estimate, `left` the expected share of failures that stay.
    """

    registers: Mapping[str, tuple[str, ...]]
    checked: Mapping[str, tuple[str, ...]]
    memories: tuple[str, ...]
    area: float
    left: float


def silicon_area(found: Synthesis, node: float) -> float:
    """Square metres of a circuit at a node, m: its gates, and its memories by the SRAM law."""
    macros = sum(
        float(sram_area(one.parameters["DEPTH"] * one.parameters["WIDTH"] / 8, node)) * one.count
        for one in found.macros
    )
    return float(logic_area(found.gates, node)) + macros


def options(
    found: Campaign, sources: Sequence[Path], top: str, parameters: Mapping[str, int], node: float
) -> tuple[Option, ...]:
    """Return all that can be protected, with what it would save and cost."""
    kinds = {one.kind: one for one in found.strata}
    bits, drawn, failed = Counter[_Key](), Counter[_Key](), Counter[_Key]()
    instances = Counter[_Key]()
    kind_of = {}
    for one in found.sites.sites:
        bits[_key(one)] += len(one.bits)
        instances[_key(one)] += 1
        kind_of[_key(one)] = one.kind
    for fault in found.faults:
        key = _key(found.sites.sites[fault.flip.site])
        drawn[key] += 1
        failed[key] += fault.outcome in oc.FAILURES
    memories = _memory_areas(state(sources, top, parameters), node)
    each = _tripled_area(node)
    made = []
    for key, size in bits.items():
        kind = kinds[kind_of[key]]
        usual = sum(kind.counts.get(name, 0) for name in oc.FAILURES) / max(kind.faults, 1)
        share = (failed[key] + PRIOR * usual) / (drawn[key] + PRIOR)
        area = size * each if key[1] else memories[key[0]]
        made.append(
            Option(
                block=key[0], register=key[1], bits=size, failures=size * share, area=area,
                instances=instances[key], keeper=TRIPLED if key[1] else CORRECTED,
            )
        )  # fmt: skip
    return tuple(sorted(made, key=lambda one: (-one.failures / one.area, one.block, one.register)))


def with_parity(
    among: Iterable[Option], sources: Sequence[Path], node: float
) -> tuple[Option, ...]:
    """Return options in which registers have a parity, where one can be had, instead of copies.

    It is cheaper, but only tells that a bit was flipped.
    """
    can = {path.stem: set(checkable(path.read_text(encoding="utf-8"))) for path in sources}
    alone, each = _parity_areas(node)
    return tuple(
        replace(one, keeper=CHECKED, area=one.instances * alone + one.bits * each)
        if one.register in can.get(one.block, ())
        else one
        for one in among
    )


def chosen_protection(among: Sequence[Option], budget: float) -> Protection:
    """Return what fits into `budget` m², by failures saved for an area, most first."""
    area, saved = 0.0, 0.0
    kept = {keeper: defaultdict[str, list[str]](list) for keeper in (TRIPLED, CHECKED)}
    memories = []
    for one in sorted(among, key=lambda one: -one.failures / one.area):
        if area + one.area > budget:
            continue
        area += one.area
        saved += one.failures
        if one.register:
            kept[one.keeper][one.block].append(one.register)
        else:
            memories.append(one.block)
    total = sum(one.failures for one in among)
    return Protection(
        registers=_by_block(kept[TRIPLED]),
        checked=_by_block(kept[CHECKED]),
        memories=tuple(sorted(memories)),
        area=area,
        left=1.0 - saved / total if total else 0.0,
    )


def _by_block(names: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    return {block: tuple(sorted(of_block)) for block, of_block in sorted(names.items())}


def _key(site: Site) -> _Key:
    """Block and register; a name without the scopes above it, as the text has it."""
    return site.module, "" if site.kind == "memory" else site.name.rsplit(".", 1)[-1]


def _tripled_area(node: float) -> float:
    """m² more for each bit of a register that is kept three times."""
    found = synthesise(blocks(TRIPLED), TRIPLED, {"WIDTH": _BITS})
    single = next(part for part in found.parts if part.name == "register_copy")
    return float(logic_area((found.gates - single.gates) / _BITS, node))


def _parity_areas(node: float) -> tuple[float, float]:
    """m² more for a register with a parity, and for each of its bits: a line through two sizes."""
    few, many = (
        synthesise(blocks(CHECKED), CHECKED, {"WIDTH": width}) for width in (_BITS, 2 * _BITS)
    )
    kept = (many.gates - few.gates) / _BITS
    flip_flop = next(
        part.gates / _BITS
        for part in synthesise(blocks(TRIPLED), TRIPLED, {"WIDTH": _BITS}).parts
        if part.name == "register_copy"
    )
    alone = max(few.gates - _BITS * kept, 0.0)
    return float(logic_area(alone, node)), float(logic_area(kept - flip_flop, node))


def _memory_areas(found: State, node: float) -> dict[str, float]:
    """m² more for the memories of each block if they are corrected."""
    areas = defaultdict[str, float](float)
    for one in found.macros:
        sizes = {"WIDTH": one.width, "DEPTH": one.depth, "MASKS": one.parts}
        more = synthesise(blocks(CORRECTED), CORRECTED, sizes)
        before = float(sram_area(one.depth * one.width / 8, node))
        areas[one.module] += silicon_area(more, node) - before
    return dict(areas)
