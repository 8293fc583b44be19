"""Random einsums, trees and legal nests, all small enough to walk."""

from __future__ import annotations

import random
from dataclasses import replace

from cosynth.hardware import Compute, Dimension, Engine, Memory, SpatialArray
from cosynth.mapping import Level, Loop, Mapping
from cosynth.workload import Tensor, Workload, parse

# name -> (statement, largest size of each rank)
KINDS = {
    "gemm": ("Z[m,n] += A[m,k] * B[k,n]", dict(m=7, n=6, k=7)),
    "batched gemm": ("Z[b,m,n] += A[b,m,k] * B[b,k,n]", dict(b=3, m=4, n=4, k=5)),
    "convolution": (
        "O[k,p,q] += I[c,p*{u}+r*{d}-{o},q*{u}+s*{d}-{o}] * W[k,c,r,s]",
        dict(k=3, c=3, p=5, q=3, r=3, s=2),
    ),
    "depthwise": (
        "O[c,p,q] += I[c,p*{u}+r*{d}-{o},q+s-{o}] * W[c,r,s]",
        dict(c=4, p=5, q=3, r=3, s=3),
    ),
    "grouped attention": (
        "S[b,h,m,p] += Q[b,h,m,e] * K[b,h//{g},p,e]",
        dict(b=2, h=6, m=3, p=3, e=3),
    ),
    "transposed convolution": (
        "O[k,p*{u}+r*{d}-{o}] += I[c,p] * W[c,k,r]",
        dict(k=4, c=4, p=6, r=4),
    ),
    "pooling": ("O[c,p] = max(r) I[c,p*{u}+r-{o}]", dict(c=6, p=8, r=4)),
    "elementwise": ("Y[n,k] = X[n,k] + B[k]", dict(n=9, k=9)),
}
SHARED = ("input", "weight", "output")


def _memory(name: str, **changes) -> Memory:
    return Memory(name=name, **changes)


def _array(name: str, *dimensions: Dimension) -> SpatialArray:
    return SpatialArray(name=name, dimensions=dimensions)


def _dimension(name: str, size: int, cast=(), reduce=False) -> Dimension:
    return Dimension(name=name, size=size, multicast=tuple(cast), reduce=reduce)


MAC = Compute(name="mac")
TREES = {
    "two levels": (_memory("dram"), _memory("buffer"), MAC),
    "registers": (_memory("dram"), _memory("buffer"), _memory("registers"), MAC),
    "bus": (
        _memory("dram"),
        _memory("buffer"),
        _array("pe", _dimension("x", 4, ("input", "weight"))),
        _memory("registers"),
        MAC,
    ),
    "systolic": (
        _memory("dram"),
        _memory("buffer", keeps=("input", "output")),
        _array("pe", _dimension("x", 3, ("input",), True), _dimension("y", 3, ("weight",))),
        _memory("registers", keeps=("weight",)),
        MAC,
    ),
    "two arrays": (
        _memory("dram"),
        _array("core", _dimension("core", 2, ("weight",), True)),
        _memory("buffer"),
        _array("pe", _dimension("x", 3, SHARED[:2], True)),
        _memory("registers"),
        MAC,
    ),
    "unicast": (
        _memory("dram"),
        _memory("buffer"),
        _array("pe", _dimension("x", 2), _dimension("y", 2, ("input",))),
        MAC,
    ),
}


def problem(rng: random.Random):
    """A random einsum with its workload."""
    kind = rng.choice(sorted(KINDS))
    text, largest = KINDS[kind]
    u, d, o, g = rng.randint(1, 3), rng.randint(1, 2), rng.randint(0, 2), rng.randint(2, 3)
    text = text.format(u=u, d=d, o=o, g=g)
    bounds = {rank: rng.randint(1, size) for rank, size in largest.items()}
    einsum = parse(text, bounds)
    tensors = []
    for access in (*einsum.inputs, einsum.output):
        role = "weight" if access.tensor in {"W", "B"} else "activation"
        shape = tuple(
            max(1, reach(index, bounds) - rng.choice((0, 0, o))) for index in access.indices
        )
        tensors.append(Tensor(name=access.tensor, shape=shape, role=role))
    return kind, einsum, Workload(name=kind, tensors=tuple(tensors), einsums=(einsum,))


def reach(index, bounds) -> int:
    """One past the largest position of an index expression."""
    return (
        1
        + index.offset
        + sum(t.coefficient * ((bounds[t.rank] - 1) // t.divisor) for t in index.terms)
    )


def nest(rng: random.Random, einsum, workload, parts):
    """A random tree and a random legal nest of the einsum on it, made from the inside out."""
    tree = rng.choice(sorted(TREES))
    engine = Engine(name="mac", levels=tuple(_drawn(rng, level) for level in TREES[tree]))
    tiles = dict.fromkeys(einsum.ranks, 1)
    levels = []
    for place, level in reversed(list(enumerate(engine.levels[:-1]))):
        if isinstance(level, Memory):
            keep = tuple(
                tensor
                for tensor, part in parts
                if part in level.keeps and (engine.home(part) == place or rng.random() < 0.7)
            )
            loops = _temporal(rng, einsum, tiles, everything=place == 0)
            levels.append(Level(name=level.name, keep=keep, loops=loops))
        else:
            levels.append(Level(name=level.name, loops=_spatial(rng, einsum, tiles, level)))
    return tree, engine, Mapping(einsum=einsum.name, engine="mac", levels=tuple(reversed(levels)))


def _drawn(rng, level):
    """Half of the memories take in all of a window that moves."""
    return replace(level, slides=rng.random() < 0.5) if isinstance(level, Memory) else level


def _temporal(rng, einsum, tiles, *, everything):
    """Loops of one memory; widens `tiles` to what stands above them."""
    loops = []
    for rank, size in rng.sample(einsum.bounds, k=len(einsum.bounds)):
        wider = size if everything else rng.choice((tiles[rank], rng.randint(tiles[rank], size)))
        if wider > tiles[rank]:
            loops.append(Loop(rank=rank, tile=tiles[rank]))
        tiles[rank] = wider
    return tuple(loops)


def _spatial(rng, einsum, tiles, array):
    """Loops of one array, up to two ranks on a dimension; widens `tiles`."""
    loops = []
    for dimension in array.dimensions:
        room = dimension.size
        for rank, size in rng.sample(einsum.bounds, k=min(2, len(einsum.bounds))):
            trips = rng.randint(1, room)
            most = min(size, tiles[rank] * trips)
            if most > tiles[rank]:
                wider = rng.randint(tiles[rank] + 1, most)
                loops.insert(0, Loop(rank=rank, tile=tiles[rank], dimension=dimension.name))
                room //= -(-wider // tiles[rank])
                tiles[rank] = wider
    return tuple(loops)
