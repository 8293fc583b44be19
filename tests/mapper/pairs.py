"""Random small pairs of einsums where the second reads what the first makes."""

from __future__ import annotations

import random

from cosynth.workload import Builder, Workload


def pair(rng: random.Random, largest: int = 5) -> tuple[str, Workload]:
    """A kind and a workload of two einsums; tensors are small enough to walk."""
    kind = rng.choice(sorted(KINDS))
    # three loops are tried where one cuts everything
    return kind, KINDS[kind](rng, largest - 1 if kind == "batched" else largest)


def _products(rng: random.Random, largest: int) -> Workload:
    m, n, k, p = (rng.randint(2, largest) for _ in range(4))
    net = Builder("products")
    net.input("a", (m, k))
    net.weight("b", (k, n))
    net.weight("c", (n, p))
    net.einsum("x[m,n] += a[m,k] * b[k,n]", shape=(m, n))
    net.output(net.einsum("y[i,j] += x[i,o] * c[o,j]", shape=(m, p)))
    return net.build()


def _batched(rng: random.Random, largest: int) -> Workload:
    h, m, p, e = (rng.randint(2, largest) for _ in range(4))
    net = Builder("batched")
    net.input("q", (h, m, e))
    net.input("k", (h, p, e))
    net.input("v", (h, p, e))
    net.einsum("s[h,m,p] += q[h,m,e] * k[h,p,e]", shape=(h, m, p))
    net.output(net.einsum("o[h,m,f] += s[h,m,p] * v[h,p,f]", shape=(h, m, e)))
    return net.build()


def _grouped(rng: random.Random, largest: int) -> Workload:
    g, m, p, e = (rng.randint(1, 2), *(rng.randint(2, largest) for _ in range(3)))
    net = Builder("grouped")
    net.input("q", (2 * g, m, e))
    net.input("k", (g, p, e))
    net.einsum("s[h,m,p] += q[h,m,e] * k[h//2,p,e]", shape=(2 * g, m, p))
    net.output(net.einsum("o[h,m] = max(p) s[h,m,p]", shape=(2 * g, m)))
    return net.build()


def _convolutions(rng: random.Random, largest: int) -> Workload:
    c, k, n = (rng.randint(1, 3) for _ in range(3))
    size, r, t = rng.randint(4, largest + 3), rng.randint(1, 3), rng.randint(1, 3)
    u, v, o = rng.randint(1, 2), rng.randint(1, 2), rng.randint(0, 1)
    first = max(1, (size + 2 * o - r) // u + 1)
    second = max(1, (first + 2 * o - t) // v + 1)
    net = Builder("convolutions")
    net.input("i", (c, size))
    net.weight("w", (k, c, r))
    net.weight("z", (n, k, t))
    net.einsum(f"x[k,p] += i[c,p*{u}+r-{o}] * w[k,c,r]", shape=(k, first), bounds={"p": first})
    net.output(
        net.einsum(
            f"y[n,p] += x[k,p*{v}+t-{o}] * z[n,k,t]", shape=(n, second), bounds={"p": second}
        )
    )
    return net.build()


def _pooled(rng: random.Random, largest: int) -> Workload:
    c, k, size, side = (rng.randint(2, 3), rng.randint(1, 3), rng.randint(3, 5), rng.randint(2, 4))
    p, q = size - 1, max(1, side - 1)
    net = Builder("pooled")
    net.input("i", (c, size, side))
    net.weight("w", (k, c))
    net.einsum("x[k,p,q] += i[c,p,q] * w[k,c]", shape=(k, size, side))
    net.output(
        net.einsum(
            "y[k,p,q] = max(r,s) x[k,p+r,q+s]", shape=(k, p, q), bounds={"r": 2, "s": side - q + 1}
        )
    )
    return net.build()


KINDS = {
    "products": _products,
    "batched": _batched,
    "grouped": _grouped,
    "convolutions": _convolutions,
    "pooled": _pooled,
}
