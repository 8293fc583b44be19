"""Random mapping problems that are small enough to try every mapping of them."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace

from tests.mapper.brute import Space
from tests.mapping.nests import reach

from cosynth.cost import OBJECTIVES, Job, job
from cosynth.format import assignment, known
from cosynth.hardware import (
    Compute,
    Dimension,
    Engine,
    Hardware,
    Link,
    Memory,
    Node,
    SpatialArray,
    priced,
)
from cosynth.hardware.parts import chain
from cosynth.hardware.tree import PARTS, RANK_KINDS
from cosynth.workload import Tensor, Workload, parse

# name -> (statement, largest size of each rank)
KINDS = {
    "gemm": ("Z[m,n] += A[m,k] * B[k,n]", dict(m=12, n=11, k=12)),
    "batched gemm": ("Z[b,m,n] += A[b,m,k] * B[b,k,n]", dict(b=3, m=7, n=5, k=7)),
    "convolution": (
        "O[k,p] += I[c,p*{u}+r*{d}-{o}] * W[k,c,r]",
        dict(k=5, c=5, p=11, r=3),
    ),
    "convolution in two dimensions": (
        "O[p,q] += I[p*{u}+r*{d}-{o},q+s] * W[r,s]",
        dict(p=7, q=4, r=3, s=2),
    ),
    "depthwise": ("O[c,p] += I[c,p*{u}+r*{d}-{o}] * W[c,r]", dict(c=7, p=12, r=3)),
    "grouped attention": (
        "S[h,m,p] += Q[h,m,e] * K[h//{g},p,e]",
        dict(h=6, m=5, p=5, e=3),
    ),
    "one query, grouped": ("S[h,e] += P[h,m] * V[h//{g},m,e]", dict(h=12, m=3, e=3)),
    "long kernel": ("O[p] += I[p*{u}+r*{d}-{o}] * W[r]", dict(p=12, r=12)),
    "elementwise": ("Y[n,k] = X[n,k] + B[k]", dict(n=12, k=12)),
    "pooling": ("O[c,p] = max(r) I[c,p*{u}+r-{o}]", dict(c=7, p=11, r=4)),
}
TREES = (
    "two levels", "three levels", "four levels", "bus", "grid", "bare grid", "two arrays",
    "outer array", "sums apart", "link",
)  # fmt: skip
# mappings of one problem, every choice of keeping and of two buffers counted
MOST = 200_000
DEPTHS = {"dram": 0, "shared": 1, "buffer": 2, "registers": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One job on one priced engine, with the objective it was drawn for."""

    seed: int
    kind: str
    tree: str
    job: Job
    engine: Engine
    hardware: Hardware
    objective: str

    def __str__(self) -> str:
        sizes = ", ".join(f"{rank} {size}" for rank, size in self.job.einsum.bounds)
        return f"seed {self.seed}: {self.kind} ({sizes}) on {self.tree}"


def problem(seed: int, most: int = MOST) -> Problem:
    """The problem of a seed; ranks shrink until no more than `most` mappings are left."""
    rng = random.Random(seed)
    kind = rng.choice(sorted(KINDS))
    text, largest = KINDS[kind]
    text = text.format(
        u=rng.randint(1, 3), d=rng.randint(1, 2), o=rng.randint(0, 2), g=rng.randint(2, 3)
    )
    sizes = {rank: rng.randint(1 + (size > 4), size) for rank, size in largest.items()}
    # every second problem has a rank that stays long: ragged tiles within ragged tiles need room
    long = rng.choice([*sizes, *[None] * len(sizes)])
    if long:
        sizes[long] = rng.randint(7, 12)
    cut = rng.choice((0, 0, 1))
    formats = _formats(rng)
    tree = rng.choice(TREES)
    levels = _levels(rng, tree)
    while True:
        one = _job(kind, text, sizes, formats, cut)
        if Space(job=one, engine=Engine(name="mac", levels=levels)).size(most) <= most:
            break
        # a kernel of one step is no kernel: small ranks shrink last
        short = [rank for rank in sizes if rank != long and sizes[rank] > 1]
        able = [rank for rank in short if sizes[rank] > 2] or short or [long]
        sizes[rng.choice(able)] -= 1
    one = _with_work_beside(rng, one)
    levels = tuple(_sized(rng, level, one, at) for at, level in enumerate(levels))
    nodes = chain(levels)
    if rng.random() < 0.2:
        vector = Compute(
            name="vector", does="vector", rates=(("any", rng.choice((1.0, 4.0))),),
            energy=_magnitude(rng, 1e-13, 1e-11),
        )  # fmt: skip
        nodes.append(Node(component=vector, under=levels[0].name))
    chip = priced(Hardware(name="random", nodes=tuple(nodes), frequency=1e9, technology=28e-9))
    engine = next(engine for engine in chip.engines if engine.name == "mac")
    goal = _objective(rng, [memory.name for memory in engine.memories])
    return Problem(
        seed=seed, kind=kind, tree=tree, job=one, engine=engine, hardware=chip, objective=goal
    )


def without_bypass(one: Problem) -> Problem:
    """The same problem with memories that nothing passes by: each below the first, or by chance."""
    rng = random.Random(one.seed)
    inner = one.engine.memories[1:]
    strict = {memory.name for memory in inner if rng.random() < 0.6} or {inner[-1].name}

    def changed(part):
        return replace(part, bypass=False) if part.name in strict else part

    nodes = (replace(node, component=changed(node.component)) for node in one.hardware.nodes)
    chip = replace(one.hardware, nodes=tuple(nodes))
    engine = next(engine for engine in chip.engines if engine.name == one.engine.name)
    return replace(one, hardware=chip, engine=engine)


def _objective(rng: random.Random, memories: list[str]) -> str:
    """One of those with a name, bytes at a memory, or seconds and joules weighted alike."""
    weight = _magnitude(rng, 1.0, 1e4)
    moved = f"traffic:{rng.choice(memories)}"
    return rng.choice(
        (
            *OBJECTIVES,
            moved,
            f"{weight:.3g} * energy + latency",
            f"{moved} + {weight * 1e8:.3g} * latency",
        )
    )


def _job(kind: str, text: str, sizes: dict[str, int], formats: str, cut: int) -> Job:
    einsum = parse(text, sizes, name="layer")
    tensors = []
    for access in (*einsum.inputs, einsum.output):
        role = "weight" if access.tensor in {"W", "B"} else "activation"
        slide = cut if access.tensor == "I" else 0
        shape = tuple(max(1, reach(index, sizes) - slide * (len(index.ranks) > 1))
                      for index in access.indices)  # fmt: skip
        tensors.append(Tensor(name=access.tensor, shape=shape, role=role))
    workload = Workload(name=kind, tensors=tuple(tensors), einsums=(einsum,))
    return job(workload, (0,), assignment(formats))


def _formats(rng: random.Random) -> str:
    names = ("int4", "int8", "int16", "fp16", "mxfp4", "fp32")
    return f"weights={rng.choice(names)},activations={rng.choice(names)}"


def _with_work_beside(rng: random.Random, one: Job) -> Job:
    """Sometimes operations on the output, and an operand of theirs that passes the memories."""
    if rng.random() < 0.7:
        return one
    extras = (("bias", rng.randint(1, 20), known("int8")),) if rng.random() < 0.5 else ()
    return replace(one, vector_operations=rng.randint(1, 200), extras=extras)


def _magnitude(rng: random.Random, least: float, most: float) -> float:
    return 10 ** rng.uniform(math.log10(least), math.log10(most))


def _memory(rng: random.Random, name: str, *, some: bool = False) -> Memory:
    """A memory without a size; outer ones mostly are slower and cost more."""
    keeps = PARTS
    if some:
        keeps = tuple(sorted(rng.sample(PARTS, k=rng.choice((1, 1, 2)))))
    depth = DEPTHS[name] if rng.random() < 0.8 else rng.choice(tuple(DEPTHS.values()))
    apart = _apart(rng)
    return Memory(
        name=name,
        keeps=keeps,
        contiguous=apart.random() < 0.4,
        slides=apart.random() < 0.6,
        double_buffered=name != "dram" and rng.random() < 0.3,
        shared_port=rng.random() < 0.4,
        read_bandwidth=_bandwidth(rng, depth),
        write_bandwidth=_bandwidth(rng, depth),
        width=rng.choice((8.0, 32.0, 64.0)),
        read_energy=_magnitude(rng, 1e-11, 1e-10) / 5**depth,
        write_energy=_magnitude(rng, 1e-11, 1e-10) / 5**depth,
    )


def _apart(rng: random.Random) -> random.Random:
    """Another generator of the same seed, which takes nothing from the first."""
    state = rng.getstate()[1]
    return random.Random(f"{state[0]} {state[-1]}")


def _bandwidth(rng: random.Random, depth: int = 1) -> float:
    return math.inf if rng.random() < 0.1 else _magnitude(rng, 1e8, 3e9) * 4**depth


def _dimension(rng: random.Random, name: str, most: int) -> Dimension:
    ranks = () if rng.random() < 0.6 else tuple(sorted(rng.sample(RANK_KINDS, k=2)))
    size = rng.randint(2, most)
    apart = _apart(rng)
    return Dimension(
        name=name,
        size=size,
        multicast=tuple(part for part in PARTS[:2] if rng.random() < 0.5),
        reduce=rng.random() < 0.5,
        serial=tuple(part for part in PARTS if apart.random() < 0.3),
        ranks=ranks,
    )


def _array(rng: random.Random, name: str, *dimensions: str, most: int = 4) -> SpatialArray:
    return SpatialArray(name=name, dimensions=tuple(_dimension(rng, d, most) for d in dimensions))


def _levels(rng: random.Random, tree: str) -> tuple:
    """A tree of memories without sizes, its unit last."""
    unit = Compute(
        name="mac",
        rates=(("any", rng.choice((0.5, 1.0, 2.0))),),
        accumulator=rng.choice(("align14", "int16", "fp32", "int32", "int32")),
        energy=_magnitude(rng, 1e-13, 1e-11),
    )
    dram, buffer = _memory(rng, "dram"), _memory(rng, "buffer")
    registers = _memory(rng, "registers", some=rng.random() < 0.7)
    link = Link(name="link", bandwidth=_bandwidth(rng), energy=_magnitude(rng, 1e-14, 1e-11))
    match tree:
        case "two levels":
            return (dram, buffer, unit)
        case "three levels":
            return (dram, buffer, registers, unit)
        case "four levels":
            shared = _memory(rng, "shared", some=True)
            return (dram, shared, _memory(rng, "buffer", some=True), registers, unit)
        case "bus":
            return (dram, buffer, _array(rng, "bus", "x"), registers, unit)
        case "grid":
            return (dram, buffer, _array(rng, "grid", "x", "y", most=3), registers, unit)
        case "bare grid":
            return (dram, buffer, _array(rng, "grid", "x", "y", most=3), unit)
        case "two arrays":
            inner = _array(rng, "row", "x", most=3)
            return (dram, _array(rng, "cores", "core", most=2), buffer, inner, unit)
        case "outer array":
            return (dram, _array(rng, "cores", "core", "die", most=3), buffer, unit)
        case "sums apart":
            dram = replace(dram, keeps=("input", "weight"))
            buffer = replace(buffer, keeps=PARTS)
            return (dram, buffer, _array(rng, "bus", "x"), registers, unit)
    return (dram, link, buffer, registers, unit)


def _sized(rng: random.Random, level, one: Job, at: int):
    """A memory with a capacity between a few elements and all operands."""
    if not isinstance(level, Memory) or at == 0 or rng.random() < 0.15:
        return level
    sizes = {
        name: one.workload.tensor(name).size * max(one.bits[name], 32 * (part == "output")) / 8
        for name, part in one.parts.items()
    }
    whole = sum(size for name, size in sizes.items() if one.parts[name] in level.keeps)
    least = sizes[one.einsum.output.tensor] if _is_home(level, one, at) else 0.0
    size = least + max(1.0, _magnitude(rng, max(1.0, whole / 30), max(2.0, whole * 1.5)))
    return replace(level, size=float(round(size)))


def _is_home(level: Memory, one: Job, at: int) -> bool:
    return "output" in level.keeps and level.name == "buffer"
