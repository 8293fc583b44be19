"""Tries every shared nest of two einsums by walking it: the oracle for the mapper of groups.

Prices are written out here once more, for chips with a buffer that holds two tiles under a DRAM.
Only runs, each an einsum with its operands at home in the buffer, are given to `best`, as by the
mapper itself: which mapping a run has is proven elsewhere.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import dataclass, field, replace

from tests.mapper.group_walk import Counted, GroupWalk, ImpossibleError, elements, place

from cosynth.cost import Cost, Job
from cosynth.format import known
from cosynth.hardware import Engine, Hardware
from cosynth.mapper import best
from cosynth.workload import Tensor, Workload
from cosynth.workload.passes.rewrite import mapped

FORMAT = known("int8")
SUM = 4  # bytes of a sum that is not whole


class RecordingWalk(GroupWalk):
    """Keeps the shapes of the runs, and where their operands meet the edges."""

    def __init__(self, *arguments) -> None:
        super().__init__(*arguments)
        self.shapes: Counter = Counter()

    def member(self, at: int, step) -> None:
        super().member(at, step)
        einsum, box = self.einsums[at], self.boxes[at]
        first = {rank: span[0] for rank, span in box.items()}
        key = []
        for access in (*dict.fromkeys(einsum.inputs), einsum.output):
            spots = elements(access, self.shape(access), box)
            for d, index in enumerate(access.indices):
                low = min((spot[d] for spot in spots), default=0)
                high = max((spot[d] for spot in spots), default=-1) + 1
                key.append((place(index, first) - low, high - low))
        self.shapes[at, tuple((rank, len(span)) for rank, span in box.items()), tuple(key)] += 1


@dataclass
class Brute:
    """All nests of one pair on one chip for one goal.

    At most `most` loops, those over ranks that are in every operand not counted.
    """

    workload: Workload
    chip: Hardware
    ranks: dict[str, dict[int, str]]
    goal: str
    most: int = 2
    costs: dict = field(default_factory=dict)
    tried: int = 0

    def __post_init__(self) -> None:
        self.einsums = self.workload.einsums
        names = [engine.compute.does for engine in self.chip.engines]
        self.options = [
            [
                engine
                for engine in self.chip.engines
                if engine.compute.does == ("mac" if e.contraction or "vector" not in names
                                           else "vector")
            ]
            for e in self.einsums
        ]  # fmt: skip

    def best(self) -> float:
        """The least objective of all nests; inf if none fits."""
        least = math.inf
        for count in range(len(self.ranks) + 1):
            for names in itertools.permutations(self.ranks, count):
                if sum(not self.everywhere(name) for name in names) > self.most:
                    continue
                loops = [self.ranks[name] for name in names]
                for depths in itertools.product(range(count + 1), repeat=len(self.einsums)):
                    if max(depths) == count:
                        least = min(least, self.tiled(loops, depths))
        return least

    def everywhere(self, name: str) -> bool:
        """Whether a rank stands alone in a dimension of every operand."""
        return all(
            any(index.plain and index.name == self.ranks[name].get(at) for index in access.indices)
            for at, e in enumerate(self.einsums)
            for access in (*e.inputs, e.output)
        )

    def tiled(self, loops, depths) -> float:
        least = math.inf
        sizes = [max(self.einsums[at].sizes[r] for at, r in ranks.items()) for ranks in loops]
        for tiles in itertools.product(*(range(1, size) for size in sizes)):
            if not self.aligned(loops, tiles):
                continue
            try:
                cut = list(zip(loops, tiles, strict=True))
                walk = RecordingWalk(self.workload, self.einsums, cut, depths)
                if any(trip < 2 for trip in walk.trips):
                    continue
                counted = walk.walk()
            except ImpossibleError:
                continue
            self.tried += 1
            least = min(least, self.priced(walk, counted))
        return least

    def aligned(self, loops, tiles) -> bool:
        for ranks, tile in zip(loops, tiles, strict=True):
            for at, rank in ranks.items():
                e = self.einsums[at]
                for access in (*e.inputs, e.output):
                    for index in access.indices:
                        for term in index.terms:
                            if term.rank == rank and tile % term.divisor and term.divisor % tile:
                                return False
        return True

    def priced(self, walk: RecordingWalk, counted: Counted) -> float:
        runs: dict[int, list[tuple[int, Cost]]] = {at: [] for at in range(len(self.einsums))}
        for (at, sizes, edges), times in walk.shapes.items():
            runs[at].append((times, self.run(at, sizes, edges)))
        dram, buffer = self.chip.component("dram"), self.chip.component("buffer")
        moved = {"in": 0.0, "out": 0.0, "again": 0.0, "drained": 0.0}
        need = fill = transfers = 0.0
        extra = [[0.0, 0.0] for _ in self.einsums]
        for at, e in enumerate(self.einsums):
            for access in dict.fromkeys(e.inputs):
                if access.tensor in walk.writer:
                    continue
                data = counted.moved[at, str(access)]
                tile = counted.tile[at, str(access)]
                moved["in"] += data
                need += tile * (2 if data > tile else 1)
                fill += tile / dram.read_bandwidth
                transfers += max(data / dram.read_bandwidth, data / buffer.write_bandwidth)
            split = walk.splits(at) > 1
            made = sum(
                times * math.prod(dict(sizes)[r] for r in e.output.ranks)
                for (who, sizes), times in counted.runs.items()
                if who == at
            )
            if e.output.tensor in walk.readers:
                inside = counted.kept[e.output.tensor] * (SUM if split else 1)
                need += inside
                once = made // walk.splits(at)
            else:
                key = at, str(e.output)
                once, tile = counted.moved[key], counted.tile[key]
                distinct = math.prod(self.workload.tensor(e.output.tensor).shape)
                again = once - distinct
                drained = once * (SUM if again else 1)
                given = distinct + again * SUM if again else once
                moved["out"] += given
                moved["again"] += again * SUM
                moved["drained"] += drained
                need += tile * (SUM if split else 1) * (2 if once > tile else 1)
                fill += tile / dram.write_bandwidth
                shared = (given + again * SUM) / dram.read_bandwidth
                transfers += max(shared, drained / buffer.read_bandwidth)
            if split:
                extra[at] = [(made - once) * SUM, (made - once) * (SUM - 1)]
        if need > buffer.size:
            return math.inf
        # side by side, the second works on what the first made an iteration before
        beside = need + inside <= buffer.size and len({each[0].name for each in self.options}) > 1
        return self.summed(runs, moved, extra, fill, transfers, beside)

    def occupied(self, at: int, cost: Cost) -> float:
        """Seconds until the engine can begin another run; every memory here holds two tiles."""
        return max(cost.latency - cost.ramp, *(part.time for part in cost.parts))

    def summed(self, runs, moved, extra, fill, transfers, beside) -> float:
        dram, buffer = self.chip.component("dram"), self.chip.component("buffer")
        every = [(times, cost) for found in runs.values() for times, cost in found]
        energy = sum(times * cost.energy for times, cost in every)
        outside = moved["in"] + moved["again"]
        energy += 8 / dram.width * (outside * dram.read_energy + moved["out"] * dram.write_energy)
        read = moved["drained"] + sum(more[0] for more in extra)
        written = moved["in"] + sum(more[1] for more in extra)
        energy += 8 / buffer.width * (read * buffer.read_energy + written * buffer.write_energy)
        ports = [(outside + moved["out"]) / dram.read_bandwidth]
        names = {part.name for _, cost in every for part in cost.parts}
        for name in names:
            parts = [(t, part) for t, cost in every for part in cost.parts if part.name == name]
            kind = parts[0][1].kind
            if name == "buffer":
                # each run and each transfer keeps the port for its own larger direction
                busy = sum(times * part.time for times, part in parts)
                busy += max(moved["drained"] / buffer.read_bandwidth,
                            moved["in"] / buffer.write_bandwidth)  # fmt: skip
                busy += sum(
                    max(r / buffer.read_bandwidth, w / buffer.write_bandwidth) for r, w in extra
                )
                ports.append(busy)
            elif kind in {"memory", "link"}:
                ports.append(sum(times * part.time for times, part in parts))
        more = [max(r / buffer.read_bandwidth, w / buffer.write_bandwidth) for r, w in extra]
        work = [sum(times * cost.latency for times, cost in runs[at]) + more[at] for at in runs]
        latency = max(sum(work) + min(fill, transfers), transfers, *ports)
        if beside:
            busy = [
                sum(times * self.occupied(at, cost) for times, cost in runs[at]) + more[at]
                for at in runs
            ]
            slowest = busy.index(max(busy))
            ramp = sum(max(cost.latency for _, cost in runs[at]) for at in runs if at != slowest)
            work = max(busy) + ramp
            latency = min(latency, max(work + min(fill, transfers), transfers, *ports))
        return {"latency": latency, "energy": energy}[self.goal]

    def run(self, at: int, sizes, edges) -> Cost:
        key = at, sizes, edges
        if key not in self.costs:
            self.costs[key] = best(
                self.job(at, dict(sizes), iter(edges)), self.path(at), self.chip, self.goal
            ).cost
        return self.costs[key]

    def path(self, at: int) -> Engine:
        engine = self.options[at][0]
        levels = [level for level in engine.levels if level.name != "dram"]
        levels[0] = replace(levels[0], size=math.inf, double_buffered=False)
        return Engine(name=engine.name, levels=tuple(levels))

    def job(self, at: int, sizes, edges) -> Job:
        e = self.einsums[at]
        table, tensors = {}, []
        for number, access in enumerate((*dict.fromkeys(e.inputs), e.output)):
            shape, indices = [], []
            for index in access.indices:
                offset, size = next(edges)
                shape.append(size)
                indices.append(index if index.plain else replace(index, offset=offset))
            role = self.workload.tensor(access.tensor).role
            role = role if role == "weight" else "activation"
            name = f"t{number}"
            table[access] = replace(access, tensor=name, indices=tuple(indices))
            tensors.append(Tensor(name=name, shape=tuple(shape), role=role))
        einsum = replace(
            e,
            output=table[e.output],
            expression=mapped(e.expression, lambda access: table[access]),
            bounds=tuple(sizes.items()),
        )
        return Job(
            name=e.name,
            einsum=einsum,
            workload=Workload(name=e.name, tensors=tuple(tensors), einsums=(einsum,)),
            formats=tuple((tensor.name, FORMAT) for tensor in tensors),
            vector_operations=einsum.vector_operations,
        )
