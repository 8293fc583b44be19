"""The problems: chips, and the einsums that run on them, each in formats that all tools can say."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from cosynth.codesign.estimate import prepare
from cosynth.cost import Job
from cosynth.format import Assignment, known
from cosynth.hardware import Compute, Dimension, Hardware, Memory, SpatialArray
from cosynth.hardware.parts import chain
from cosynth.mapping import operands
from cosynth.workload import Access, Einsum, Index
from cosynth.workload.builder import Builder
from cosynth.workload.load import load

# joules per bit: read, write
ENERGY = {"dram": (8e-12, 8e-12), "buffer": (0.2e-12, 0.25e-12), "registers": (0.01e-12, 0.01e-12)}
MAC_ENERGY = 0.2e-12
FREQUENCY = 1e9
# bits of inputs, weights and outputs; sums that are not whole are as wide as outputs
GEMM_BITS = (8, 8, 32)
ATTENTION_BITS = (16, 16, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One einsum, and how often the problem has it."""

    job: Job
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is given to every tool. With `fused`, a tool that can may run all works as one group."""

    name: str
    title: str
    hardware: Hardware
    works: tuple[Work, ...]
    fused: bool = False
    objective: str = "edp"


def chip(side: int, *, accumulator: str = "int32") -> Hardware:
    """A square array under a buffer of 1 MiB; each unit has registers of 64 B."""

    def memory(name: str, size: float) -> Memory:
        read, write = (8 * energy for energy in ENERGY[name])
        return Memory(
            name=name, size=size, width=8, read_energy=read, write_energy=write, area=0, leakage=0
        )

    def dimension(name: str) -> Dimension:
        return Dimension(name=name, size=side, multicast=("input", "weight"), reduce=True)

    return Hardware(
        name=f"array-{side}",
        frequency=FREQUENCY,
        technology=7e-9,
        nodes=tuple(
            chain(
                [
                    memory("dram", math.inf),
                    memory("buffer", 2**20),
                    SpatialArray(
                        name="array", dimensions=(dimension("rows"), dimension("columns"))
                    ),
                    memory("registers", 64),
                    Compute(
                        name="mac", energy=MAC_ENERGY, area=0, leakage=0, accumulator=accumulator
                    ),
                ]
            )
        ),
    )


def dearer(problem: Problem) -> Problem:
    """The same problem on a chip whose outermost memory takes 1 % more energy."""
    nodes = list(problem.hardware.nodes)
    outermost = nodes[0].component
    assert isinstance(outermost, Memory)
    assert outermost.read_energy is not None
    assert outermost.write_energy is not None
    changed = replace(
        outermost,
        read_energy=outermost.read_energy * 1.01,
        write_energy=outermost.write_energy * 1.01,
    )
    nodes[0] = replace(nodes[0], component=changed)
    return replace(problem, hardware=replace(problem.hardware, nodes=tuple(nodes)))


def _jobs(
    statements: dict[str, tuple[int, ...]],
    inputs: dict[str, tuple[int, ...]],
    bits: tuple[int, int, int],
    bounds: dict[str, int] | None = None,
) -> tuple[Job, ...]:
    """Jobs of statements in order; `inputs` gives the shapes of what no statement makes.

    The first operand of a product is the input, the second the weight.
    """
    builder = Builder("problem")
    for name, shape in inputs.items():
        (builder.input if name in "IQ" else builder.weight)(name, shape)
    for text, shape in statements.items():
        last = builder.einsum(text, shape=shape, bounds=bounds)
    builder.output(last)
    workload = builder.build()
    width = dict(zip(("input", "weight", "output"), bits, strict=True))
    found = []
    for einsum in workload.einsums:
        parts = [(access.tensor, part) for access, part in operands(einsum, workload)]
        formats = tuple((name, known(f"int{width[part]}")) for name, part in parts)
        found.append(
            Job(name=einsum.output.tensor, einsum=einsum, workload=workload, formats=formats)
        )
    return tuple(found)


def gemm(m: int, k: int, n: int) -> Job:
    """`O[m,n] += I[m,k] * W[k,n]`."""
    (job,) = _jobs({"O[m,n] += I[m,k] * W[k,n]": (m, n)}, {"I": (m, k), "W": (k, n)}, GEMM_BITS)
    return job


def convolution(inputs: int, outputs: int, size: int, kernel: int) -> Job:
    """A convolution of stride 1 whose input has its borders."""
    side = size + kernel - 1
    (job,) = _jobs(
        {"O[k,p,q] += I[c,p+r,q+s] * W[k,c,r,s]": (outputs, size, size)},
        {"I": (inputs, side, side), "W": (outputs, inputs, kernel, kernel)},
        GEMM_BITS,
        {"p": size, "q": size, "r": kernel, "s": kernel},
    )
    return job


def attention(heads: int, length: int, width: int) -> tuple[Job, ...]:
    """Scores and their product with the values, without the softmax between."""
    long, shape = (heads, length, length), (heads, length, width)
    return _jobs(
        {
            "S[h,m,p] += Q[h,m,e] * K[h,p,e]": long,
            "O[h,m,f] += S[h,m,p] * V[h,p,f]": shape,
        },
        {"Q": shape, "K": shape, "V": shape},
        ATTENTION_BITS,
    )


def network(name: str) -> tuple[Work, ...]:
    """The contractions of a zoo model, each kind once, with the number of its copies."""
    plan = prepare(load(name), Assignment())
    found: dict[tuple[str, tuple[tuple[str, int], ...]], int] = {}
    for job in plan.jobs:
        if job.einsum.contraction:
            key = _plain(job)
            found[key] = found.get(key, 0) + job.einsum.repeat
    return tuple(
        Work(job=_rebuilt(text, dict(bounds)), count=count)
        for (text, bounds), count in found.items()
    )


def _plain(job: Job) -> tuple[str, tuple[tuple[str, int], ...]]:
    """A statement without padding and without ranks of size 1, and the sizes of its ranks."""
    einsum = job.einsum
    sizes = einsum.sizes
    accesses = list(zip(operands(einsum, job.workload), "IWO", strict=True))
    sums = {
        rank
        for (access, _), _ in accesses
        for index in access.indices
        if len(index.terms) > 1
        for rank in index.ranks
    }
    kept = {rank for rank, size in sizes.items() if size > 1 or rank in sums}

    def written(access: Access, name: str) -> str:
        terms = [
            "+".join(str(term) for term in index.terms if term.rank in kept)
            for index in access.indices
        ]
        return f"{name}[{','.join(term for term in terms if term)}]"

    first, second, output = (written(access, name) for (access, _), name in accesses)
    bounds = tuple((rank, size) for rank, size in sizes.items() if rank in kept)
    return f"{output} += {first} * {second}", bounds


def _rebuilt(text: str, bounds: dict[str, int]) -> Job:
    """A job of a statement whose tensors are just large enough."""
    from cosynth.workload import parse

    einsum: Einsum = parse(text, bounds)
    shapes = {
        access.tensor: tuple(_reach(index, bounds) for index in access.indices)
        for access in (*einsum.inputs, einsum.output)
    }
    output = shapes.pop("O")
    (job,) = _jobs({text: output}, shapes, GEMM_BITS, bounds)
    return job


def _reach(index: Index, bounds: dict[str, int]) -> int:
    return 1 + sum(term.coefficient * (bounds[term.rank] - 1) for term in index.terms)


def _single(name: str, title: str, side: int, job: Job) -> Problem:
    return Problem(name=name, title=title, hardware=chip(side), works=(Work(job=job),))


def _network(name: str, model: str, title: str) -> Problem:
    return Problem(name=name, title=title, hardware=chip(128), works=network(model))


PROBLEMS: dict[str, Callable[[], Problem]] = {
    "gemm": lambda: _single(
        "gemm", "GEMM 512x1024x1024 on 128x128", 128, gemm(512, 1024, 1024)
    ),
    "primes": lambda: _single(
        "primes", "GEMM 127x1021x1021 on 128x128", 128, gemm(127, 1021, 1021)
    ),
    "small": lambda: _single("small", "GEMM 64x64x64 on 16x16", 16, gemm(64, 64, 64)),
    "convolution": lambda: _single(
        "convolution", "convolution 3x3, 64 to 64, 56x56, on 128x128", 128,
        convolution(64, 64, 56, 3),
    ),
    "attention": lambda: Problem(
        name="attention",
        title="attention, 32 heads, 2048, d 128, on 128x128",
        hardware=chip(128, accumulator="int16"),
        works=tuple(Work(job=job) for job in attention(32, 2048, 128)),
        fused=True,
    ),
    "resnet18": lambda: _network("resnet18", "resnet18", "ResNet-18, contractions, on 128x128"),
    "bert": lambda: _network("bert", "bert-base", "BERT-base, contractions, on 128x128"),
}  # fmt: skip


@cache
def problem(name: str) -> Problem:
    """Return a problem by name."""
    return PROBLEMS[name]()
