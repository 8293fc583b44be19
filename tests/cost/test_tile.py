"""A run of a member is an einsum of its own, with its own edges."""

from __future__ import annotations

from cosynth.cost.tile import Words, tile_job
from cosynth.format import assignment
from cosynth.mapping.group import family
from cosynth.mapping.shared import Cut
from cosynth.workload import Builder
from cosynth.workload.passes import groups

WORDS = Words(formats=assignment("int8"), functions={"relu": 3})


def layer():
    net = Builder("layer")
    net.input("x", (2, 8))
    net.weight("w", (3, 2, 3))
    net.weight("bias", (3,))
    net.einsum("a[k,p] += x[c,p+r-1] * w[k,c,r]", shape=(3, 8), bounds={"p": 8})
    net.einsum("b[k,p] = a[k,p] + bias[k]", shape=(3, 8))
    net.output(net.einsum("y[k,p] = relu(b[k,p])", shape=(3, 8)))
    workload = net.build()
    shared = family(workload, groups(workload))
    assert shared is not None
    return shared


def test_a_whole_run_is_the_einsum_itself():
    job = tile_job(layer(), 0, {}, WORDS)
    assert str(job.einsum) == "made[k,p] += read0[c,p+r-1] * read1[k,c,r]"
    assert job.einsum.points == 3 * 8 * 2 * 3
    assert job.extras[0][:2] == ("read2", 3)


def test_a_tile_inside_reads_its_halo_and_one_at_the_edge_its_padding():
    inside = tile_job(layer(), 0, {"p": Cut(size=2, windows=((0, 0, 4),))}, WORDS)
    assert str(inside.einsum) == "made[k,p] += read0[c,p+r] * read1[k,c,r]"
    assert inside.workload.tensor("read0").shape == (2, 4)
    edge = tile_job(layer(), 0, {"p": Cut(size=2, windows=((0, -1, 3),))}, WORDS)
    assert str(edge.einsum) == "made[k,p] += read0[c,p+r-1] * read1[k,c,r]"
    assert edge.workload.tensor("read0").shape == (2, 3)


def test_functions_take_the_operations_they_are_said_to():
    job = tile_job(layer(), 0, {"p": Cut(size=2, windows=((0, 0, 4),))}, WORDS)
    assert job.vector_operations == 3 * 2 * (1 + 3)
