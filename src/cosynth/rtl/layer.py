"""One layer as the commands of all units, with the tokens that keep them in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cosynth.errors import MappingError
from cosynth.rtl.array_commands import array_commands
from cosynth.rtl.chip import Chip
from cosynth.rtl.drain_commands import drained, reloaded, spilled, tabled
from cosynth.rtl.instructions import Command
from cosynth.rtl.plan import MOST_SEGMENTS, Key, Plan, Regions, plan, regions
from cosynth.rtl.streams import Layout
from cosynth.rtl.work import Place, Work

# tokens, each with one giver and one taker: that a tile is there, and that its place is free again
FULL = {"data": 0, "weight": 1, "params": 2, "residual": 3, "out": 4, "table": 12}
FREE = {"data": 5, "weight": 6, "params": 7, "residual": 8, "out": 9, "table": 13}
SPILLED, SETTLED = 10, 11
# spills that may be done before one of them is waited for: tokens are counted to 63
MOST_SPILLS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A copy of a box of a tensor, or of a block of constants, between DRAM and the buffer."""

    unit: str
    kind: str
    layout: Layout
    local: int  # grains
    bits: int
    takes: int = 0
    gives: int = 0


Step = Command | Transfer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """Which copy of a kind each tile uses, and where loads begin and uses end."""

    number: tuple[int, ...]  # by tile, the number of its load; -1 where there is none
    total: int


def steps(
    chip: Chip, work: Work, places: Mapping[str, Place], most: int = MOST_SEGMENTS
) -> list[Step]:
    """Return a layer's commands and transfers in order; MappingError says why it cannot run."""
    one = plan(chip, work, places, most)
    where = regions(one)
    return list(_Sequence(one, where).steps())


class _Sequence:
    """Walks the tiles of a layer and hands out tokens."""

    def __init__(self, one: Plan, where: Regions) -> None:
        self.one, self.where = one, where
        self.boxes = [one.boxes(tile) for tile in one.tiles]
        self.parts = one.parts
        self.left = dict(one.visits)
        self.finishes = self._finishing()
        self.uses = {kind: self._use(kind) for kind in self.boxes[0]}
        self.loaded = 0
        self._check_spills()
        self.waits, self.awaited = self._spills()

    def _finishing(self) -> list[bool]:
        """Whether any sum is finished in each tile."""
        left = dict(self.one.visits)
        found = []
        for tile, parts in zip(self.one.tiles, self.parts, strict=True):
            done = False
            for segment in parts:
                if segment.closes:
                    for key in self.one.keys(tile, segment):
                        left[key] -= 1
                        done |= left[key] == 0
            found.append(done)
        return found

    def _spills(self) -> tuple[tuple[bool, ...], frozenset[int]]:
        """Which reloads wait, and for which spills, both counted in order.

        Halves that leave by one command may come back by several, and the other way round. What
        waits for a spill has waited for all before it.
        """
        left = dict(self.one.visits)
        written: dict[Key, int] = {}
        waits: list[bool] = []
        awaited: list[int] = []
        count = 0
        for tile, parts in zip(self.one.tiles, self.parts, strict=True):
            for segment in parts:
                keys = self.one.keys(tile, segment)
                if segment.opens:
                    before = [written[key] for key in keys if key in written]
                    needed = max(*before, count - MOST_SPILLS) if before else -1
                    waits.append(needed > max(awaited, default=-1))
                    awaited += [needed] * waits[-1]
                if segment.closes:
                    for key in keys:
                        left[key] -= 1
                    if any(left[key] for key in keys):
                        written |= dict.fromkeys(keys, count)
                        count += 1
        return tuple(waits), frozenset(awaited)

    def _use(self, kind: str) -> _Use:
        late = kind in {"out", "params", "residual"}
        number, before = [], None
        count = -1
        for boxes, finishes in zip(self.boxes, self.finishes, strict=True):
            if late and not finishes:
                number.append(-1)
                continue
            if boxes[kind] != before or kind == "out":
                count += 1
            before = boxes[kind]
            number.append(count)
        return _Use(number=tuple(number), total=count + 1)

    def _check_spills(self) -> None:
        """Spilled sums stay in the buffer: tiles of one output must follow one another."""
        if not self.one.spilled:
            return
        last: dict[Layout, int] = {}
        for at, boxes in enumerate(self.boxes):
            if boxes["out"] in last and last[boxes["out"]] != at - 1:
                raise MappingError(
                    f"{self.one.work.name}: unfinished sums would go to DRAM and come back"
                )
            last[boxes["out"]] = at

    def _place(self, kind: str, at: int) -> int:
        copies = self.where.copies[kind]
        return copies[max(self.uses[kind].number[at], 0) % len(copies)]

    def _loads(self, at: int) -> list[Step]:
        found: list[Step] = []
        for kind in ("weight", "data", "params", "residual", "table"):
            if kind not in self.uses:
                continue
            use = self.uses[kind]
            number = use.number[at]
            if number < 0 or number in use.number[:at]:
                continue
            copies = len(self.where.copies[kind])
            takes = 1 << FREE[kind] if number >= copies else 0
            found.append(
                Transfer(
                    unit="load",
                    kind=kind,
                    layout=self.boxes[at][kind],
                    local=self._place(kind, at),
                    bits=self.one.bits(kind),
                    takes=takes,
                    gives=1 << FULL[kind],
                )
            )
        return found

    def _ready(self, done: int) -> list[Step]:
        """Loads of the tiles whose places are free once those up to `done` were computed."""
        found: list[Step] = []
        while self.loaded < len(self.one.tiles) and self._fits(self.loaded, done):
            found += self._loads(self.loaded)
            self.loaded += 1
        return found

    def _fits(self, at: int, done: int) -> bool:
        for kind, use in self.uses.items():
            before = use.number[at] - len(self.where.copies[kind])
            if kind != "out" and before >= 0 and before in use.number[done + 1 :]:
                return False
        return True

    def steps(self) -> list[Step]:
        """All of them."""
        found = self._ready(-1)
        assert isinstance(found[0], Transfer)
        if self.one.spilled:
            found[0] = replace(found[0], gives=found[0].gives | 1 << SETTLED)
        if "table" in self.uses:
            layout = self.boxes[0]["table"]
            read, fill = tabled(self.one, layout, self._place("table", 0))
            found += [replace(read, takes=1 << FULL["table"]), fill]
        settled = self.one.spilled
        visited: set[Key] = set()
        waits, spills = iter(self.waits), 0
        for at, tile in enumerate(self.one.tiles):
            here = {kind: self._place(kind, at) for kind in self.boxes[at]}
            work: list[Command] = []
            for segment in self.parts[at]:
                keys = self.one.keys(tile, segment)
                if self.one.spilled and segment.opens:
                    fresh = keys[0] not in visited
                    assert all((key not in visited) == fresh for key in keys)
                    visited |= set(keys)
                    command = reloaded(self.one, self.where, keys, segment, zero=fresh)
                    takes = (1 << SETTLED) * settled | (1 << SPILLED) * next(waits)
                    settled = False
                    work.append(replace(command, takes=takes))
                work += array_commands(self.one, tile, segment, self.boxes[at], here)
                if segment.closes:
                    for key in keys:
                        self.left[key] -= 1
                    if any(self.left[key] for key in keys):
                        command = spilled(self.one, self.where, keys, segment)
                        gives = (1 << SPILLED) * (spills in self.awaited)
                        work.append(replace(command, gives=gives))
                        spills += 1
                    else:
                        for group in drained(self.one, tile, segment, self.boxes[at], here):
                            work += group
            found += self._with_tokens(at, work)
            if self.finishes[at]:
                found.append(self._store(at))
            found += self._ready(at)
        return found

    def _store(self, at: int) -> Transfer:
        use = self.uses["out"]
        again = use.number[at] + len(self.where.copies["out"]) < use.total
        return Transfer(
            unit="store",
            kind="out",
            layout=self.boxes[at]["out"],
            local=self._place("out", at),
            bits=self.one.bits("out"),
            takes=1 << FULL["out"],
            gives=(1 << FREE["out"]) * again,
        )

    def _with_tokens(self, at: int, work: list[Command]) -> list[Command]:
        """A tile's commands with the tokens of what they read and write."""
        weight = self.one.chip.flow == "weight"
        users = {
            "moving": "data" if weight else "weight",
            "second": "weight" if weight else "data",
            "params": "params",
            "residual": "residual",
        }
        found = list(work)
        for unit, kind in users.items():
            places = [n for n, one in enumerate(found) if one.unit == unit]
            if kind not in self.uses or not places:
                continue
            use = self.uses[kind]
            number = use.number[at]
            begins = number not in use.number[:at]
            ends = number not in use.number[at + 1 :]
            again = number + len(self.where.copies[kind]) < use.total
            first, last = places[0], places[-1]
            found[first] = replace(
                found[first], takes=found[first].takes | (1 << FULL[kind]) * begins
            )
            found[last] = replace(
                found[last], gives=found[last].gives | (1 << FREE[kind]) * (ends and again)
            )
        if self.finishes[at]:
            # what ends a tile's output are drains that do not spill
            places = [n for n, one in enumerate(found) if one.unit == "drain"]
            use = self.uses["out"]
            first, last = places[0], places[-1]
            waits = use.number[at] >= len(self.where.copies["out"])
            found[first] = replace(
                found[first], takes=found[first].takes | (1 << FREE["out"]) * waits
            )
            found[last] = replace(found[last], gives=found[last].gives | 1 << FULL["out"])
        return found
