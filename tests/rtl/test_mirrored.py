"""Exchanged ranks change where elements lie, and nothing that is counted."""

from __future__ import annotations

import pytest

import cosynth as cs
import cosynth.mapping as mp
from cosynth.codesign.estimate import estimate, prepare
from cosynth.format import Assignment
from cosynth.hardware import priced
from cosynth.hardware.families.engine import engine
from cosynth.mapping import problems, traffic
from cosynth.rtl.mirrored import mirrored
from cosynth.workload import Builder
from cosynth.workload.layers.convolution import max_pool, slide


@pytest.mark.parametrize("flow", ["weight", "input", "output"])
def test_mirrored_mappings_are_legal_and_move_as_much(flow):
    hardware = priced(engine(rows=4, columns=4, stationarity=flow, buffer=64 * 1024))
    (mac,) = (one for one in hardware.engines if one.compute.does == "mac")
    jobs = {job.name: job for job in prepare(cs.load("resnet8"), Assignment()).jobs}
    seen = 0
    for layer in estimate(cs.load("resnet8"), hardware).layers:
        job, mapping = jobs[layer.job.name], layer.mapped.mapping
        if mapping.engine != "mac":
            continue
        there = traffic(job.einsum, job.workload, mapping, mac)
        for other in mirrored(mapping, job.einsum):
            assert problems(job.einsum, job.workload, other, mac) == ()
            assert traffic(job.einsum, job.workload, other, mac) == there
            assert mapping in mirrored(other, job.einsum)
            seen += 1
    assert seen > 6


def test_height_and_width_are_exchanged_with_the_kernels_and_nothing_else():
    (job,) = (j for j in prepare(cs.load("resnet8"), Assignment()).jobs if j.name == "stack1.conv1")
    hardware = engine(rows=4, columns=4, buffer=64 * 1024)
    (mapping,) = (
        one.mapped.mapping
        for one in estimate(cs.load("resnet8"), hardware).layers
        if one.job.name == "stack1.conv1"
    )
    names = dict(zip("pqrs", "qpsr", strict=True))
    (other,) = mirrored(mapping, job.einsum)
    ranks = [[loop.rank for loop in one.loops] for one in (mapping, other)]
    assert ranks[1] == [names.get(rank, rank) for rank in ranks[0]]
    assert [loop.tile for loop in other.loops] == [loop.tile for loop in mapping.loops]


def test_the_channel_stays_where_it_is():
    net = Builder("maxima")
    x = net.input("x", (4, 4, 4))
    net.output(max_pool(net, "y", x, [slide(4, 1)]))
    (job,) = prepare(net.build(), Assignment()).jobs
    loops = tuple(mp.Loop(rank=rank, tile=1) for rank in job.einsum.ranks if rank in "ncp")
    mapping = mp.Mapping(einsum="y", engine="mac", levels=(mp.Level(name="dram", loops=loops),))
    (other,) = mirrored(mapping, job.einsum)
    assert [one.rank for one in other.loops] == ["c", "n", "p"]
    assert not list(mirrored(mapping, job.einsum, "c"))


def test_an_image_that_is_no_square_has_no_mirror():
    jobs = prepare(cs.load("ds-cnn"), Assignment()).jobs
    hardware = engine(rows=4, columns=4, buffer=64 * 1024)
    nests = {
        one.job.name: one.mapped.mapping for one in estimate(cs.load("ds-cnn"), hardware).layers
    }
    found = [
        other
        for job in jobs
        if job.name in nests and "pointwise" in job.name and nests[job.name].engine == "mac"
        for other in mirrored(nests[job.name], job.einsum)
    ]
    assert found == []
