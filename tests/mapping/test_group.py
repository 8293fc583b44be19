"""What a group shares, and how a fused nest reads."""

from __future__ import annotations

from tests.mapper.attention import attention

from cosynth.mapping import Level, Loop, Mapping
from cosynth.mapping.group import Fused, Run, family, member, write_fused
from cosynth.workload import Builder, Workload
from cosynth.workload.passes import groups


def chain() -> Workload:
    """A convolution with bias and ReLU, and another that reads it."""
    net = Builder("chain")
    net.input("x", (2, 8))
    net.weight("w", (3, 2, 3))
    net.weight("bias", (3,))
    net.weight("v", (4, 3, 3))
    net.einsum("a[k,p] += x[c,p+r-1] * w[k,c,r]", shape=(3, 8), bounds={"p": 8})
    net.einsum("b[i,j] = a[i,j] + bias[i]", shape=(3, 8))
    net.einsum("y[k,p] = relu(b[k,p])", shape=(3, 8))
    net.output(net.einsum("z[n,p] += y[k,p+t-1] * v[n,k,t]", shape=(4, 8), bounds={"p": 8}))
    return net.build()


def test_followers_join_their_head_in_its_own_ranks():
    workload = chain()
    one = member(workload, groups(workload)[0])
    assert [str(access) for access in one.reads] == ["x[c,p+r-1]", "w[k,c,r]", "bias[k]"]
    assert (one.heads, str(one.write)) == (2, "y[k,p]")


def test_ranks_are_shared_along_windows_and_sums():
    workload = chain()
    shared = family(workload, groups(workload))
    assert shared is not None
    assert shared.inside == ("y",)
    assert shared.leaves == {"z"}
    assert shared.ranks["p"] == {0: "p", 1: "p"}
    # channels that the first makes and the second sums over
    assert {0: "k", 1: "k"} in shared.ranks.values()


def test_a_tensor_seen_under_another_shape_parts_a_group():
    net = Builder("views")
    net.input("x", (4, 6))
    net.weight("w", (6, 6))
    net.weight("v", (12, 2))
    net.einsum("y[m,n] += x[m,k] * w[k,n]", shape=(4, 6))
    net.view("flat", (2, 12), "y")
    net.output(net.einsum("z[m,n] += flat[m,k] * v[k,n]", shape=(2, 2)))
    assert family(net.build(), [(0,), (1,)]) is None


def test_a_fused_nest_reads_from_the_outside_in():
    workload = attention()
    shared = family(workload, [(at,) for at in range(6)])
    assert shared is not None
    empty = Mapping(einsum="s", engine="mac", levels=(Level(name="shared"),))
    fused = Fused(
        members=("s", "top"),
        memory="shared",
        loops=(Loop(rank="m", tile=2),),
        depths=(1, 1),
        engines=("mac", "unit"),
        runs=(Run(member=0, tile=(("m", 2), ("p", 6)), times=3, mapping=empty),),
        doubled=True,
    )
    assert write_fused(fused) == (
        "s, top meet in shared (double-buffered)\n"
        "  for m in steps of 2\n"
        "    s on mac\n"
        "      3 x [m 2, p 6]\n"
        "    top on unit\n"
    )
