"""What a mapping does with each memory adds up to what it costs."""

from __future__ import annotations

import pytest

import cosynth.hardware as hw
from cosynth.codesign.estimate import engines_of, prepare
from cosynth.codesign.use import uses
from cosynth.format import Assignment
from cosynth.mapper import FAST, best, held
from cosynth.workload.load import load


@pytest.mark.parametrize("chip", ["eyeriss", "gemmini"])
def test_bytes_and_room_of_tensors_add_up(chip):
    hardware = hw.priced(hw.load(chip))
    for job in prepare(load("resnet8"), Assignment()).jobs[:4]:
        engine = engines_of(job, hardware)[0]
        mapped = best(job, engine, hardware, "latency", FAST)
        found = uses(job, mapped.mapping, engine, hardware)
        for memory in engine.memories:
            own = [use for use in found if use.level == memory.name]
            part = mapped.cost.part(memory.name)
            assert sum(use.read for use in own) == pytest.approx(float(part.read))
            assert sum(use.written for use in own) == pytest.approx(float(part.written))
            needed, size = held(job, mapped.mapping, engine).get(memory.name, (None, None))
            if needed is not None:
                assert sum(use.held for use in own) == pytest.approx(float(needed))
                assert sum(use.share for use in own) == pytest.approx(float(needed / size))
        order = [memory.name for memory in engine.memories]
        assert [use.level for use in found] == sorted((use.level for use in found), key=order.index)


def test_what_is_added_as_the_output_drains_only_passes():
    hardware = hw.priced(hw.load("eyeriss"))
    job = next(job for job in prepare(load("resnet8"), Assignment()).jobs if job.extras)
    engine = engines_of(job, hardware)[0]
    mapping = best(job, engine, hardware, "latency", FAST).mapping
    passing = [use for use in uses(job, mapping, engine, hardware) if use.part == "passing"]
    assert {use.level for use in passing} == {"dram", "buffer"}
    assert all(use.held == use.share == 0 for use in passing)
