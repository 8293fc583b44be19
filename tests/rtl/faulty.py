"""A small network on a small chip, for faults: two matrix products, a softmax on the host."""

from functools import cache

from cosynth.codesign import circuit
from cosynth.hardware import engine
from cosynth.workload import Builder


@cache
def made(stationarity="weight"):
    net = Builder("two")
    net.input("x", (6, 24))
    net.weight("w", (20, 24))
    net.weight("v", (10, 20))
    net.einsum("y[m,n] += x[m,k] * w[n,k]", shape=(6, 20))
    net.einsum("z[m,n] = relu(y[m,n])", shape=(6, 20))
    net.einsum("s[m,n] += z[m,k] * v[n,k]", shape=(6, 10))
    net.einsum("p[m,0] = max(n) s[m,n]", shape=(6, 1))
    net.einsum("e[m,n] = exp(s[m,n] - p[m,0])", shape=(6, 10))
    net.einsum("t[m] += e[m,n]", shape=(6,))
    net.output(net.einsum("o[m,n] = e[m,n] / t[m]", shape=(6, 10)))
    sizes = {"buffer": 4096, "registers": 16, "sums": 1024, "buffer_width": 64}
    chip = engine(rows=4, columns=4, stationarity=stationarity, **sizes)
    return circuit.generate(net.build(), chip)
