"""Commands that take finished or spilled sums out of the array's memory, and bring them back."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

from cosynth.rtl.array_commands import reader
from cosynth.rtl.instructions import Command
from cosynth.rtl.plan import Key, Plan, Regions, channel_access
from cosynth.rtl.segments import Segment, Tile
from cosynth.rtl.streams import Layout, Loops, Stream, stream

_Group = tuple["Lines", dict[str, int], tuple[tuple[str, int, int], ...]]
RESIDUAL, SPILLS, BEGUN, UNFINISHED, FUNCTION, TABLE = 1, 2, 4, 8, 16, 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Lines of halves that leave by one command: where they begin, lanes, and loops.

    `inside` counts the innermost loops that stay in one half.
    """

    start: dict[str, int]  # in the half
    lanes: tuple[tuple[str, int], ...]
    loops: tuple[tuple[str, int, int], ...]
    inside: int
    flags: int


def drained(
    one: Plan, tile: Tile, segment: Segment, boxes: Mapping[str, Layout], at: Mapping[str, int]
) -> tuple[tuple[Command, ...], ...]:
    """Commands of the drain with those of its parameters and residual, for each group of lines."""
    found = []
    turns = [turn for turn in reversed(segment.loops) if turn.level == "buffer"]
    outer = [(turn.rank, turn.turns, turn.step) for turn in turns]
    parts = _parts(one, segment)
    if len(parts) == 1:
        groups: list[_Group] = [(parts[0], {}, tuple(outer))]
    else:
        groups = [(part, moved, ()) for moved in _turns(outer) for part in parts]
    for part, moved, loops in groups:
        begin = {
            rank: tile.start[rank] + segment.half[rank][0] + part.start.get(rank, 0)
            + moved.get(rank, 0)
            for rank in tile.start
        }  # fmt: skip
        found.append(_one(one, segment, part, begin, loops, boxes, at))
    return tuple(found)


def tabled(one: Plan, layout: Layout, at: int) -> tuple[Command, Command]:
    """Commands that bring the table of a layer's function, at grain `at`, into the lanes."""
    base = at * one.chip.grain // one.bits("table")
    words = Loops(turns=(layout.size,), strides=((1,), (0,), (0,)))
    read = Stream(loops=words, bases=(base, 0, 0), run=1, a_limit=1, b_limit=1, grouped=0)
    fill = Command(
        unit="drain",
        turns=words.turns,
        bases=(0, 0),
        strides=((0,), (1,)),
        extras=(1, 0, 1, 0, BEGUN | UNFINISHED | TABLE, 0, 0, 0, 0, 0, 0),
    )
    return reader("params", read), fill


def _turns(outer: list[tuple[str, int, int]]) -> list[dict[str, int]]:
    """How far each turn over the buffer moves each rank, in order."""
    found = []
    for picks in itertools.product(*(range(count) for _, count, _ in reversed(outer))):
        moved: dict[str, int] = {}
        for pick, (rank, _, step) in zip(picks, reversed(outer), strict=True):
            moved[rank] = moved.get(rank, 0) + pick * step
        found.append(moved)
    return found


def _parts(one: Plan, segment: Segment) -> list[Lines]:
    """Lines of a half by how many lanes they fill."""
    options = []
    for rank in one.columns:
        size, lanes = segment.half[rank][1], one.lanes(rank)
        full, rest = divmod(size, lanes)
        choices = [(rank, 0, lanes, full)] if full else []
        choices += [(rank, full * lanes, rest, 1)] if rest else []
        options.append(choices)
    combined = list(itertools.product(*options))
    found = []
    for number, choice in enumerate(combined):
        loops = [(rank, count, one.lanes(rank)) for rank, _, _, count in choice]
        loops += [
            (rank, segment.half[rank][1], 1)
            for rank in reversed(one.outputs)
            if rank not in one.columns
        ]
        # lines that share parameters follow one another
        loops.sort(key=lambda loop: loop[0] == one.work.channel)
        loops = [loop for loop in loops if loop[1] > 1]
        found.append(
            Lines(
                start={rank: begin for rank, begin, _, _ in choice},
                lanes=tuple((rank, lanes) for rank, _, lanes, _ in choice),
                loops=tuple(loops),
                inside=len(loops),
                flags=BEGUN * (number > 0) | UNFINISHED * (number < len(combined) - 1),
            )
        )
    return found


def _one(
    one: Plan,
    segment: Segment,
    part: Lines,
    begin: Mapping[str, int],
    outer: tuple[tuple[str, int, int], ...],
    boxes: Mapping[str, Layout],
    at: Mapping[str, int],
) -> tuple[Command, ...]:
    work, post, chip = one.work, one.work.post, one.chip
    pitch = one.lines(segment.half)
    loops = (*part.loops, *outer)
    base = at["out"] * chip.grain // one.bits("out")
    out = stream(work.output, boxes["out"], base, begin, part.lanes, loops, merge=False)
    groups = len(out.loops.turns) - len(loops)
    line = sum(part.start.get(r, 0) // one.lanes(r) * pitch[r] for r in one.outputs)
    lines = [0] * groups
    lines += [step // one.lanes(rank) * pitch[rank] for rank, _, step in part.loops]
    lines += [0] * len(outer)
    follows = [rank == work.channel for rank, _, _ in loops]
    inner = follows.index(True) if any(follows) else len(loops)
    command = Command(
        unit="drain",
        turns=out.loops.turns,
        bases=(line, out.bases[0]),
        strides=(tuple(lines), out.loops.strides[0]),
        extras=(
            out.run,
            (1 << groups) - 1,
            (1 << groups + part.inside) - 1,
            (1 << groups + inner) - 1,
            RESIDUAL * (post.residual is not None) | FUNCTION * bool(post.table) | part.flags,
            post.shift,
            post.low,
            post.high,
            post.residual_multiplier,
            post.residual_shift,
            0,
        ),
    )
    found = [reader("params", _params(one, part, begin, loops[inner:], boxes, at))]
    if post.residual is not None:
        base = at["residual"] * chip.grain // one.bits("residual")
        walk = stream(post.residual, boxes["residual"], base, begin, part.lanes, loops)
        found.append(reader("residual", walk))
    return (*found, command)


def _params(
    one: Plan,
    part: Lines,
    begin: Mapping[str, int],
    loops: tuple[tuple[str, int, int], ...],
    boxes: Mapping[str, Layout],
    at: Mapping[str, int],
) -> Stream:
    channel = one.work.channel
    base = at["params"] * one.chip.grain // one.bits("params")
    lanes = [lane for lane in part.lanes if lane[0] == channel]
    if one.chip.flow != "weight":
        lanes = []
    return stream(channel_access(channel), boxes["params"], base, begin, lanes, loops)


def spilled(one: Plan, regions: Regions, keys: list[Key], segment: Segment) -> Command:
    """The drain's command that spills halves whole, line by line."""
    turns, slots, lines, inside = _walk(one, regions, keys, segment)
    return Command(
        unit="drain",
        turns=turns,
        bases=(0, regions.slot_base + regions.slots[keys[0]]),
        strides=(lines, slots),
        extras=(1, 0, (1 << inside) - 1, 0, SPILLS, 0, 0, 0, 0, 0, 0),
    )


def reloaded(
    one: Plan, regions: Regions, keys: list[Key], segment: Segment, *, zero: bool
) -> Command:
    """The command that brings halves back, or fills them with zeros."""
    turns, slots, lines, inside = _walk(one, regions, keys, segment)
    return Command(
        unit="reload",
        turns=turns,
        bases=(regions.slot_base + regions.slots[keys[0]], 0),
        strides=(slots, lines),
        extras=((1 << inside) - 1, int(zero)),
    )


def _walk(
    one: Plan, regions: Regions, keys: list[Key], segment: Segment
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], int]:
    """Loops over the lines of halves, and over halves: turns, slots and lines between turns."""
    count = one.lines(segment.half)[""]
    turns, slots, lines = [count], [1], [1]
    outer = [turn.turns for turn in reversed(segment.loops) if turn.level == "buffer"]
    passed = 1
    for number in outer:
        further = keys[passed] if number > 1 else keys[0]
        slots.append(regions.slots[further] - regions.slots[keys[0]])
        turns.append(number)
        lines.append(0)
        passed *= number
    for place, key in enumerate(keys):
        assert regions.slots[key] - regions.slots[keys[0]] == sum(
            place // math.prod(outer[:at]) % outer[at] * slots[at + 1] for at in range(len(outer))
        )
    return tuple(turns), tuple(slots), tuple(lines), 1
