"""Illegal mappings are refused with the level, the loop and the limit named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cosynth.hardware import Compute, Dimension, Engine, Memory, SpatialArray
from cosynth.mapping import (
    Level,
    Loop,
    Mapping,
    overflow_problems,
    overflows,
    problems,
    rank_kinds,
    traffic,
)
from cosynth.workload import Tensor, Workload, parse

EINSUM = parse("Z[m,n] += A[m,k] * B[k,n]", {"m": 8, "n": 8, "k": 8}, name="gemm")
MODEL = Workload(
    name="gemm",
    tensors=(
        Tensor(name="A", shape=(8, 8), role="input"),
        Tensor(name="B", shape=(8, 8), role="weight"),
        Tensor(name="Z", shape=(8, 8), role="output"),
    ),
    einsums=(EINSUM,),
)
ENGINE = Engine(
    name="mac",
    levels=(
        Memory(name="dram"),
        Memory(name="buffer", size=64.0, keeps=("input", "weight")),
        SpatialArray(name="array", dimensions=(Dimension(name="x", size=4, ranks=("channel",)),)),
        Compute(name="mac"),
    ),
)
GOOD = Mapping(
    einsum="gemm",
    engine="mac",
    levels=(
        Level(name="dram", keep=("A", "B", "Z"), loops=(Loop(rank="m", tile=2),)),
        Level(
            name="buffer",
            keep=("A", "B"),
            loops=(Loop(rank="m", tile=1), Loop(rank="n", tile=4), Loop(rank="k", tile=1)),
        ),
        Level(name="array", loops=(Loop(rank="n", tile=1, dimension="x"),)),
    ),
)


def changed(at: int, **values) -> Mapping:
    levels = list(GOOD.levels)
    levels[at] = replace(levels[at], **values)
    return replace(GOOD, levels=tuple(levels))


def test_a_legal_mapping_has_no_problems():
    assert problems(EINSUM, MODEL, GOOD, ENGINE) == ()


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        (changed(0, name="drum"), "levels are drum, buffer, array; mac has dram, buffer, array"),
        (
            changed(0, loops=(Loop(rank="mm", tile=2),)),
            "dram: loop over 'mm': no such rank; did you mean 'm'?",
        ),
        (
            changed(0, loops=(Loop(rank="m", tile=9),)),
            "dram: loop over 'm': tile 9 is not between 1 and 8",
        ),
        (
            changed(0, loops=(Loop(rank="m", tile=2, dimension="x"),)),
            "dram: loop over 'm': a memory has no array dimension 'x'",
        ),
        (
            changed(2, loops=(Loop(rank="n", tile=1, dimension="y"),)),
            "array: loop over 'n': array dimension 'y' is not one of x",
        ),
        (changed(2, loops=()), "rank 'n' ends at tile 4; its innermost loop must have tile 1"),
        (changed(0, keep=("A", "B")), "dram: 'Z' must be kept here, its outermost memory"),
        (changed(1, keep=("Z",)), "buffer: may not keep 'Z', an output operand"),
        (changed(1, keep=("AA",)), "buffer: keeps 'AA', no operand of gemm"),
    ],
)
def test_mappings_wrong(mapping, sentence):
    found = problems(EINSUM, MODEL, mapping, ENGINE)
    assert any(problem.startswith(sentence) for problem in found), found


def test_nothing_passes_by_a_memory_without_bypass_wrong():
    levels = list(ENGINE.levels)
    levels[1] = replace(levels[1], bypass=False)
    engine = replace(ENGINE, levels=tuple(levels))
    assert problems(EINSUM, MODEL, GOOD, engine) == ()
    assert problems(EINSUM, MODEL, changed(1, keep=("B",)), ENGINE) == ()
    # an output may not be kept there at all, so it passes
    assert problems(EINSUM, MODEL, changed(1, keep=("B",)), engine) == (
        "buffer: 'A' must be kept here, nothing passes by it",
    )


def test_too_many_instances_wrong():
    loops = (Loop(rank="m", tile=1), Loop(rank="n", tile=8), Loop(rank="k", tile=1))
    assert problems(EINSUM, MODEL, changed(1, loops=loops), ENGINE) == (
        "array: dimension 'x' has 4 instances, the loops need 8",
    )


def test_a_dimension_carries_only_its_kinds_of_rank_wrong():
    loops = (Loop(rank="m", tile=1), Loop(rank="n", tile=1), Loop(rank="k", tile=4))
    mapping = changed(1, loops=loops)
    mapping = replace(
        mapping,
        levels=(
            *mapping.levels[:2],
            Level(name="array", loops=(Loop(rank="k", tile=1, dimension="x"),)),
        ),
    )
    assert problems(EINSUM, MODEL, mapping, ENGINE) == (
        "array: loop over 'k': dimension 'x' carries only channel",
    )


def test_overflow_wrong():
    counts = traffic(EINSUM, MODEL, GOOD, ENGINE)
    found = overflows(counts, ENGINE, {"A": 8, "B": 8, "Z": 8}, {})
    # 2 x 8 of A and all 64 of B, in bytes
    assert found["buffer"] == (80.0, 64.0)
    assert overflow_problems(found) == ("buffer must hold 80 B, it has 64 B",)


def test_kinds_of_rank_follow_from_the_operands():
    einsum = parse("O[g,k,p] += I[g,c,p+r] * W[g,k,c,r]", {"g": 2, "k": 2, "c": 2, "p": 2, "r": 2})
    tensors = (
        Tensor(name="I", shape=(2, 2, 3), role="input"),
        Tensor(name="W", shape=(2, 2, 2, 2), role="weight"),
        Tensor(name="O", shape=(2, 2, 2), role="output"),
    )
    model = Workload(name="c", tensors=tensors, einsums=(einsum,))
    assert rank_kinds(einsum, model) == {
        "g": "shared", "k": "channel", "p": "position", "c": "reduced", "r": "kernel",
    }  # fmt: skip
