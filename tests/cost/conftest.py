"""A job, its mapping and its traffic, for tests of the cost model."""

from __future__ import annotations

import pytest

from cosynth.cost import job
from cosynth.format import assignment
from cosynth.hardware import engine, priced
from cosynth.mapper import best
from cosynth.mapping import traffic
from cosynth.workload import Builder
from cosynth.workload.passes import groups


def convolution(k: int = 32, c: int = 16, size: int = 14):
    """A 3x3 convolution with bias and ReLU."""
    net = Builder("one")
    net.input("x", (1, c, size, size))
    net.weight("w", (k, c, 3, 3))
    net.weight("b", (k,))
    shape = (1, k, size, size)
    net.einsum(
        "o[n,k,p,q] += x[n,c,p+r-1,q+s-1] * w[k,c,r,s]",
        shape=shape,
        bounds={"p": size, "q": size},
    )
    net.einsum("a[n,k,p,q] = o[n,k,p,q] + b[k]", shape=shape)
    net.output(net.einsum("y[n,k,p,q] = relu(a[n,k,p,q])", shape=shape))
    return net.build()


@pytest.fixture(scope="session")
def case():
    """(job, counts, mapping, engine, hardware) of a convolution on the default engine."""
    model = convolution()
    one = job(model, groups(model)[0], assignment("int8"))
    chip = engine()
    path = priced(chip).engines[0]
    mapping = best(one, path, priced(chip), "edp").mapping
    return one, traffic(one.einsum, model, mapping, path), mapping, chip
