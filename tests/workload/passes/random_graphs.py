"""Random graphs that several tests draw."""

from __future__ import annotations

from hypothesis import strategies as st

from cosynth.workload import Builder, Workload


@st.composite
def graphs(draw: st.DrawFn) -> Workload:
    """Random chains and branches of products, sums and activations."""
    net = Builder("random")
    names = [net.input("x", (4, 4))]
    net.weight("w", (4, 4))
    for at in range(draw(st.integers(1, 14))):
        a, b = draw(st.sampled_from(names)), draw(st.sampled_from(names))
        kind = draw(st.sampled_from(["product", "sum", "relu", "view", "max"]))
        if kind == "view":
            names.append(net.view(f"t{at}", (4, 4), a))
            continue
        text = {
            "product": f"t{at}[m,n] += {a}[m,k] * w[n,k]",
            "sum": f"t{at}[m,n] = {a}[m,n] + {b}[m,n]",
            "relu": f"t{at}[m,n] = relu({a}[m,n])",
            "max": f"t{at}[m,n] = max(r) {a}[m,n+r]",
        }[kind]
        names.append(net.einsum(text, shape=(4, 4), bounds={"m": 4, "n": 4, "k": 4, "r": 3}))
        if draw(st.booleans()) and not net.tensors[names[-1]].view_of:
            net.output(names[-1])
    return net.build()
