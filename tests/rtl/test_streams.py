"""Runs that a reader gathers, walked as `reader.sv` does, against what the einsum asks for."""

import itertools
import random

import numpy as np
import pytest

from cosynth.errors import MappingError
from cosynth.rtl.streams import box, stream
from cosynth.workload import parse
from cosynth.workload.einsum import accesses


def gathered(memory, one):
    """Vectors of a stream, as the circuit reads them."""
    turns, vectors, vector = one.loops.turns, [], []
    for at in itertools.product(*(range(n) for n in reversed(turns))):
        places = at[::-1]
        address, a, b = (
            base + sum(n * step for n, step in zip(places, steps, strict=True))
            for base, steps in zip(one.bases, one.loops.strides, strict=True)
        )
        there = 0 <= a < one.a_limit
        for element in range(0, one.run * one.stride, one.stride):
            inside = there and 0 <= b + element < one.b_limit
            vector.append(int(memory[address + element]) if inside else 0)
        grouped = [n for n in range(len(turns)) if one.grouped >> n & 1]
        if all(places[n] == turns[n] - 1 for n in grouped):
            vectors.append(vector)
            vector = []
    return vectors


@pytest.mark.parametrize("seed", range(120))
def test_vectors_are_what_the_einsum_asks_for(seed):
    rng = random.Random(seed)
    c, r, s = rng.randint(1, 4), rng.randint(1, 3), rng.randint(1, 3)
    p, q, stride = rng.randint(1, 5), rng.randint(1, 5), rng.randint(1, 2)
    top, left = rng.randint(0, r - 1), rng.randint(0, s - 1)
    text = f"O[p,q] += I[c,p*{stride}+r-{top},q*{stride}+s-{left}] * W[c,r,s]".replace("-0", "")
    sizes = dict(p=p, q=q, c=c, r=r, s=s)
    einsum = parse(text, sizes)
    access = next(iter(accesses(einsum.expression)))
    h = max((p - 1) * stride + r - top - rng.randint(0, r - 1), 1)
    w = max((q - 1) * stride + s - left - rng.randint(0, s - 1), 1)
    image = np.arange(1, c * h * w + 1).reshape(c, h, w)
    order = tuple(rng.sample(range(3), 3))
    layout = box(access, dict.fromkeys(sizes, 0), sizes, image.shape, order)
    cut = tuple(slice(x, x + n) for x, n in zip(layout.start, layout.extent, strict=True))
    memory = image[cut].transpose(order[::-1]).reshape(-1)
    ranks = rng.sample(list(sizes), 5)
    lanes = [(rank, sizes[rank]) for rank in ranks[: rng.randint(0, 3)]]
    loops = [(rank, sizes[rank], 1) for rank in ranks[len(lanes) :]]
    try:
        one = stream(
            access, layout, 0, dict.fromkeys(sizes, 0), lanes, loops, strided=rng.random() < 0.5
        )
    except MappingError as error:
        assert "padding" in str(error)  # noqa: PT017
        return
    wanted = []
    walk = [*lanes, *((rank, count) for rank, count, _ in loops)]
    for at in itertools.product(*(range(count) for _, count in reversed(walk))):
        here = {rank: n for (rank, _), n in zip(reversed(walk), at, strict=True)}
        y = here["p"] * stride + here["r"] - top
        x = here["q"] * stride + here["s"] - left
        inside = 0 <= y < h and 0 <= x < w
        wanted.append(int(image[here["c"], y, x]) if inside else 0)
    found = gathered(memory, one)
    assert [value for vector in found for value in vector] == wanted
