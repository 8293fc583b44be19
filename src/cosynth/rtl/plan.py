"""What of a layer is known before any command: tiles, lanes, visits to sums, regions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from cosynth.errors import MappingError
from cosynth.rtl.blocked import within_blocks
from cosynth.rtl.chip import PARAMETER_BITS, Chip, container
from cosynth.rtl.packing import Packing, packing
from cosynth.rtl.segments import Nest, Segment, Tile, nest, segments, tiles
from cosynth.rtl.streams import Layout, box, lane_order
from cosynth.rtl.work import Place, Work
from cosynth.rtl.woven import layout as woven_layout
from cosynth.rtl.woven import weave
from cosynth.workload.einsum import Access, Index, Term

Key = tuple[int, ...]
# tiles of one kind in the buffer at a time, at most
MOST_COPIES = 8
# of the shift of a residual: `rescale.sv`
SHIFT_BITS = 5
# parts that a layer may fall into
MOST_SEGMENTS = 8192


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """A layer on a chip. `visits` says how often segments come to each half of the sums.

    `spilled` says whether sums leave the array's memory before they are finished.
    """

    chip: Chip
    work: Work
    places: Mapping[str, Place]
    nest: Nest
    tiles: tuple[Tile, ...]
    parts: tuple[tuple[Segment, ...], ...]
    outputs: tuple[str, ...]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    visits: Mapping[Key, int]
    spilled: bool = False
    woven: Mapping[Key, Layout] = field(default_factory=dict)

    @property
    def held(self) -> bool:
        """Whether units hold an operand; else they keep sums."""
        return self.chip.flow != "output"

    @property
    def passes(self) -> bool:
        """Whether each row's element goes through to its own column: units hold an identity.

        So are maxima taken where weights stay: all columns of a row share its element.
        """
        return self.work.maxima and self.chip.flow == "weight"

    def bits(self, kind: str) -> int:
        """Bits of an element of a region."""
        if kind in {"params", "table"}:
            return PARAMETER_BITS
        return container(self.chip.weights if kind == "weight" else self.chip.activations)

    def boxes(self, tile: Tile) -> dict[str, Layout]:
        """What a tile needs in the buffer, by kind."""
        work = self.work
        found = {
            "data": self._box(work.data, tile),
            "weight": self._weight(tile),
            "out": self._box(work.output, tile, work.out),
            "params": self._params(tile),
        }
        if work.post.residual:
            found["residual"] = self._box(work.post.residual, tile)
        if work.post.table:
            size = -(-len(work.post.table) * self.bits("out") // PARAMETER_BITS)
            found["table"] = Layout(order=(0,), start=(0,), extent=(size,), limits=(size,))
        return found

    def _box(self, access: Access, tile: Tile, name: str = "") -> Layout:
        place = self.places[name or access.tensor]
        return box(access, tile.start, tile.size, place.shape, place.order)

    def _weight(self, tile: Tile) -> Layout:
        if self.passes:
            both = self.chip.rows, math.prod(self.nest.lanes[rank] for rank in self.columns)
            return Layout(order=(1, 0), start=(0, 0), extent=both, limits=both)
        if self.woven:
            return self.woven[tuple(tile.start.values())]
        found = self.packing
        return found.box(tile) if found else self._box(self.work.weight, tile)

    @property
    def packing(self) -> Packing | None:
        """How constant weights lie: what is read together innermost, then what moves first."""
        if not self.work.packed:
            return None
        lanes = self.columns if self.chip.flow == "weight" else self.rows
        others = self.rows if self.chip.flow == "weight" else ()
        return packing(self.work.weight, self.nest, lanes, others)

    def _params(self, tile: Tile) -> Layout:
        rank = self.work.channel
        start, size = tile.start[rank], tile.size[rank]
        return Layout(order=(0,), start=(start,), extent=(size,), limits=(self.nest.sizes[rank],))

    def lines(self, half: Mapping[str, tuple[int, int]]) -> dict[str, int]:
        """Lines between neighbours of each output rank in a half, and of all under an empty name.

        Lanes of columns share a line.
        """
        found = {}
        total = 1
        for rank in self.outputs:
            found[rank] = total
            total *= -(-half[rank][1] // self.lanes(rank))
        found[""] = total
        return found

    def lanes(self, rank: str) -> int:
        """Neighbours along a rank that lie in one line of sums."""
        return self.nest.lanes[rank] if rank in self.columns else 1

    def keys(self, tile: Tile, segment: Segment) -> list[Key]:
        """Starts of the halves that a segment goes through, in order."""
        outer = [turn for turn in segment.loops if turn.level == "buffer"]

        def walk(at: int, moved: Mapping[str, int]) -> Iterator[Key]:
            if at == len(outer):
                yield tuple(
                    tile.start[rank] + segment.half[rank][0] + moved.get(rank, 0)
                    for rank in self.outputs
                )
                return
            rank = outer[at].rank
            for turn in range(outer[at].turns):
                more = {**moved, rank: moved.get(rank, 0) + turn * outer[at].step}
                yield from walk(at + 1, more)

        return list(walk(0, {}))


def channel_access(rank: str) -> Access:
    """Parameters by channel."""
    return Access(tensor="params", indices=(Index(terms=(Term(rank=rank),)),))


def plan(chip: Chip, work: Work, places: Mapping[str, Place], most: int = MOST_SEGMENTS) -> Plan:
    """Return the plan of a layer of up to `most` parts.

    MappingError says why the array cannot run it.
    """
    einsum = work.einsum
    within = set(einsum.output.ranks)
    outputs = tuple(rank for rank in einsum.ranks if rank in within)
    one = nest(work.mapping, einsum.sizes, frozenset(einsum.ranks) - within)
    whole = Tile(start=dict.fromkeys(einsum.sizes, 0), size=dict(einsum.sizes))
    _check(chip, work, one)
    data = places[work.data.tensor]
    near = box(work.data, whole.start, whole.size, data.shape, data.order)
    out = places[work.out]
    written = box(work.output, whole.start, whole.size, out.shape, out.order)
    lanes_of = {
        name: [rank for rank in one.lanes if one.dimension[rank] == name]
        for name in ("rows", "columns")
    }
    if chip.flow == "weight":
        rows = lane_order(work.data, near, lanes_of["rows"])
        columns = lane_order(work.output, written, lanes_of["columns"])
        if work.maxima:
            rows = columns
    else:
        rows = tuple(lanes_of["rows"])
        columns = lane_order(work.data, near, lanes_of["columns"])
    made = Plan(
        chip=chip, work=work, places=places, nest=one, parts=(),
        tiles=tuple(itertools.islice(tiles(one), most + 1)),
        outputs=outputs, rows=rows, columns=columns, visits={},
    )  # fmt: skip
    made = replace(made, parts=_parts(made, most))
    made = replace(made, woven=_woven(made))
    _check_blocks(made)
    visits = _visits(made)
    spilled = any(n > 1 for n in visits.values())
    if spilled and work.maxima:
        raise MappingError(f"{work.name}: maxima would be spilled, and go on from zero")
    return replace(made, visits=visits, spilled=spilled)


def _visits(made: Plan) -> dict[Key, int]:
    """How often segments come to each half of the sums."""
    visits: dict[Key, int] = {}
    for tile, parts in zip(made.tiles, made.parts, strict=True):
        for segment in parts:
            if segment.opens:
                lines = made.lines(segment.half)[""]
                if lines > made.chip.sum_lines:
                    raise MappingError(
                        f"{made.work.name}: {lines} lines of sums; a half has {made.chip.sum_lines}"
                    )
                for key in made.keys(tile, segment):
                    visits[key] = visits.get(key, 0) + 1
    return visits


def _check(chip: Chip, work: Work, one: Nest) -> None:
    """MappingError where the array cannot run a layer with these loops, whatever fits."""
    if work.post.residual_shift >= 1 << SHIFT_BITS:
        raise MappingError(
            f"{work.name}: its residual would be shifted by {work.post.residual_shift} bits, the"
            f" circuit shifts up to {(1 << SHIFT_BITS) - 1}: its factors' steps are far finer"
        )
    for index in work.output.indices:
        if len(index.ranks) > 1 or (index.ranks and not index.plain):
            raise MappingError(f"{work.name}: its output is written at {index}")
    for rank, lanes in one.lanes.items():
        odd = [lp.tile for lp in one.inner if lp.level != "buffer" and lp.rank == rank]
        if any(tile % lanes for tile in odd):
            raise MappingError(f"{work.name}: steps along {rank!r} are no multiple of its lanes")
    _check_channel(chip, work, one)
    if work.maxima:
        _check_maxima(chip, work, one)


def _check_channel(chip: Chip, work: Work, one: Nest) -> None:
    """Columns have biases and multipliers of their own where weights stay, else they share them."""
    columns = {rank for rank, n in one.lanes.items() if one.dimension[rank] == "columns" and n > 1}
    if chip.flow == "weight":
        for rank in columns - {work.channel}:
            raise MappingError(
                f"{work.name}: columns take {rank!r}, and their biases follow {work.channel!r}"
            )
    elif work.channel in columns:
        post = work.post
        if any(len(set(some)) > 1 for some in (post.bias, post.multiplier, post.negative)):
            raise MappingError(
                f"{work.name}: columns take {work.channel!r}, and share what follows it"
            )


def _check_maxima(chip: Chip, work: Work, one: Nest) -> None:
    """A column adds what its rows multiply, so one of them alone may work for it."""
    if not chip.maxima:
        raise MappingError(f"{work.name}: the chip keeps no maxima")
    if "rows" in one.dimension.values():
        raise MappingError(f"{work.name}: rows would be added, not compared")
    lanes = math.prod(one.lanes.values())
    if chip.flow == "weight" and lanes > chip.rows:
        raise MappingError(f"{work.name}: {lanes} columns, each fed by a row of its own")


def _check_blocks(one: Plan) -> None:
    """Rows that are added before they are shifted lie in one block."""
    if one.work.blocks is None or not one.held or one.work.blocks[0] not in one.rows:
        return
    rank, block = one.work.blocks
    for tile, parts in zip(one.tiles, one.parts, strict=True):
        for segment in parts:
            starts = [tile.start[rank] + segment.start[rank]]
            for turn in segment.loops:
                if turn.rank == rank:
                    starts = [at + turn.step * n for at in starts for n in range(turn.turns)]
            if not within_blocks(starts, segment.lanes[rank], block):
                raise MappingError(
                    f"{one.work.name}: rows take {segment.lanes[rank]} neighbours along {rank!r}"
                    f" across blocks of {block}, whose sums are shifted differently"
                )


def _woven(one: Plan) -> dict[Key, Layout]:
    """How the weights of each tile lie, by its start, where shifts come with them."""
    if not one.chip.shift or not one.work.packed:
        return {}
    return {
        tuple(tile.start.values()): woven_layout(
            [weave(one.chip, one.work, one.rows, one.columns, tile, part) for part in parts]
        )
        for tile, parts in zip(one.tiles, one.parts, strict=True)
    }


def _parts(one: Plan, most: int) -> tuple[tuple[Segment, ...], ...]:
    """Segments of each tile; sums stay in their half while what comes next adds to them again."""
    cut: list[list[Segment]] = []
    number = 0
    for tile in one.tiles:
        cut.append(list(itertools.islice(segments(one.nest, tile), most - number + 1)))
        number += len(cut[-1])
        if number > most:
            raise MappingError(
                f"{one.work.name}: more than {most:,} parts without ragged steps; to hand"
                " them out would take longer than to compute them"
            )
    before: tuple[list[Segment], int, list[Key]] | None = None
    first = 0
    for tile, parts in zip(one.tiles, cut, strict=True):
        for at, segment in enumerate(parts):
            if segment.opens:
                first = at
                keys = one.keys(tile, segment)
                if before is not None and len(keys) == 1 and before[2] == keys:
                    last = before[0][before[1]]
                    before[0][before[1]] = replace(last, closes=False)
                    parts[at] = replace(segment, opens=False, follows=True)
            elif parts[first].follows:
                parts[at] = replace(segment, follows=True)
            if segment.closes:
                before = parts, at, one.keys(tile, segment)
    return tuple(tuple(parts) for parts in cut)


@dataclass(frozen=True, slots=True, kw_only=True)
class Regions:
    """Where things lie in the buffer: first grain of each copy by kind; `slots` of spilled sums."""

    copies: Mapping[str, tuple[int, ...]]
    slots: Mapping[Key, int]
    slot_base: int


def regions(one: Plan) -> Regions:
    """Give each kind of tile its place, and more where it changes: what is loaded ahead hides DRAM.

    MappingError if two of each that changes do not fit.
    """
    chip = one.chip
    most: dict[str, int] = {}
    loads: dict[str, int] = {}
    before: dict[str, Layout] = {}
    for tile in one.tiles:
        for kind, layout in one.boxes(tile).items():
            lines = -(-layout.size * one.bits(kind) // chip.line)
            most[kind] = max(most.get(kind, 0), lines)
            loads[kind] = loads.get(kind, 0) + (before.get(kind) != layout)
            before[kind] = layout
    slots, count = _slots(one) if one.spilled else ({}, 0)
    spill = -(-count * chip.slot // chip.line) + (count > 0)
    copies = {kind: min(loads[kind], 2) for kind in most}

    def needed() -> int:
        return spill + sum(most[kind] * copies[kind] for kind in most)

    if needed() > chip.lines:
        sizes = (f"{kind} {most[kind] * chip.line // 8} B x {copies[kind]}" for kind in most)
        raise MappingError(
            f"{one.work.name}: its tiles take {needed() * chip.line // 8} B of the buffer's"
            f" {chip.lines * chip.line // 8} ({', '.join(sizes)})"
        )
    growing = True
    while growing:
        growing = False
        for kind in sorted(most, key=lambda kind: copies[kind] / loads[kind]):
            if copies[kind] < min(loads[kind], MOST_COPIES) and needed() + most[kind] <= chip.lines:
                copies[kind] += 1
                growing = True
                break
    at = 0
    found = {}
    for kind, number in copies.items():
        lines = most[kind]
        found[kind] = tuple((at + n * lines) * chip.line // chip.grain for n in range(number))
        at += lines * number
    return Regions(copies=found, slots=slots, slot_base=-(-at * chip.line // chip.slot))


def _slots(one: Plan) -> tuple[dict[Key, int], int]:
    """Slot at which each half's spilled sums begin, and how many a tile needs at most."""
    found: dict[Key, int] = {}
    most = 0
    for tile, parts in zip(one.tiles, one.parts, strict=True):
        here: dict[Key, int] = {}
        used = 0
        for segment in parts:
            for key in one.keys(tile, segment):
                if key not in here:
                    here[key] = used
                    used += one.lines(segment.half)[""]
        found |= here
        most = max(most, used)
    return found, most
