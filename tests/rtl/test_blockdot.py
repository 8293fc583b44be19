"""Dot products of blocks: the twin against the format's own rule, the circuit against the twin."""

import numpy as np
import pytest
from tests.rtl.pipeline import GAPS, enables, through

from cosynth.errors import SpecError
from cosynth.format import Codes, dot, encode, known
from cosynth.rtl.bits import packed
from cosynth.rtl.drive import Block
from cosynth.rtl.source import sources
from cosynth.rtl.twin.blockdot import ONE, block_dot, block_values, blockdot
from cosynth.rtl.twin.fp32 import add_fp32
from cosynth.testing.rtl import assert_follows

LATENCY = 6
SHORT = 300  # cycles that are run from many states at power-on
NAN = 0x7FC00000
# pairs, and whether a block's sum fits a significand, so that the accumulator fp32 says the same
PAIRS = [("mxfp4", "mxfp4", True), ("nvfp4", "nvfp4", True), ("mxint8", "mxint8", True),
         ("mxfp6", "mxfp4", True), ("mxfp4", "int4", True), ("mxfp8", "mxfp8", False),
         ("mxfp8_e5m2", "mxfp4", False), ("mxfp8_e5m2", "mxfp8_e5m2", False),
         ("int4_g128", "int8", True), ("mxfp4", "nvfp4", True)]  # fmt: skip


def encoded(name, shape, generator):
    """A tensor of many magnitudes in a format; a scale of its whole is 1."""
    x = generator.standard_normal(shape) * np.exp2(generator.integers(-12, 12, (*shape[:-1], 1)))
    x[..., ::7] *= 40
    format = known(name)
    return encode(x.astype(np.float32), format, tensor=np.float32(1) if format.tensor else None)


def cut(codes, block):
    """Codes [rows, blocks, block] and codes of scales [rows, blocks]."""
    rows, length = codes.code.shape
    code = np.asarray(codes.code).astype(np.int64).reshape(rows, -1, block)
    if codes.scale is None:
        return code, np.full(code.shape[:-1], ONE)
    scale = np.repeat(codes.scale.astype(np.int64), codes.format.block // block, axis=-1)
    return code, scale[:, : length // block]


def bits(values):
    found = np.asarray(values, np.float32)
    return np.where(np.isnan(found), NAN, found.view(np.uint32))


@pytest.mark.parametrize(("a", "b", "fits"), PAIRS)
def test_the_twin_adds_as_the_format_says(a, b, fits):
    generator = np.random.default_rng(1)
    of = block_dot(known(a), known(b))
    left, right = (encoded(name, (6, 4 * 128), generator) for name in (a, b))
    (x, sx), (y, sy) = cut(left, of.block), cut(right, of.block)
    found = [[blockdot(x[i], y[j], sx[i], sy[j], of) for j in range(6)] for i in range(6)]
    for sum_in in ("exact", "fp32") if fits else ("exact",):
        np.testing.assert_array_equal(bits(found), bits(dot(left, right, sum_in).value))


@pytest.mark.parametrize(("a", "b"), [("mxfp4", "mxfp4"), ("nvfp4", "nvfp4"), ("mxfp8", "mxfp8")])
def test_the_twin_holds_for_any_codes(a, b):
    """Scales of every size: subnormal and infinite sums, and NaN, which are all in the rule."""
    generator = np.random.default_rng(2)
    of = block_dot(known(a), known(b))
    rows, blocks = 200, 3
    sides = []
    for name in (a, b):
        format = known(name)
        code = generator.integers(0, 1 << format.element.width, (rows, blocks * of.block))
        code = np.where(code == format.element.nan, 0, code)
        code = np.where(code == (format.element.nan or 0) + 128, 0, code)
        scale = generator.integers(0, 256 if format.power else 128, (rows, blocks))
        scale[::2] //= 4
        tensor = np.float32(1) if format.tensor else None
        sides.append(Codes(format=format, axis=1, code=code.astype(np.uint8),
                           scale=scale.astype(np.uint8), tensor=tensor))  # fmt: skip
    (x, sx), (y, sy) = (cut(side, of.block) for side in sides)
    found = [blockdot(x[i], y[i], sx[i], sy[i], of) for i in range(rows)]
    expected = np.diagonal(dot(*sides, "exact").value)
    assert np.isnan(expected).any()
    assert (np.isinf(expected).any() and (expected == 0).any()) or not known(a).power
    np.testing.assert_array_equal(bits(found), bits(expected))


@pytest.mark.parametrize(
    ("a", "b", "lanes"),
    [("mxfp4", "mxfp4", 8), ("nvfp4", "nvfp4", 16), ("mxint8", "mxint8", 4),
     ("mxfp8", "mxfp8", 8), ("mxfp8_e5m2", "mxfp8_e5m2", 4), ("int4_g128", "int8", 16)],
)  # fmt: skip
def test_the_circuit_adds_as_its_twin(a, b, lanes):
    of = block_dot(known(a), known(b))
    block = Block.open(sources("blockdot"), "blockdot", of.parameters(lanes))
    for seed, gap in enumerate(GAPS):
        print("seed", seed)  # noqa: T201
        generator = np.random.default_rng(seed)
        blocks, beats = 400, of.block // lanes
        x = generator.integers(0, 1 << of.a.bits, (blocks, of.block))
        y = generator.integers(0, 1 << of.b.bits, (blocks, of.block))
        scales = []
        for one in (of.a_scale, of.b_scale):
            size = 1 << (one.exponent + one.mantissa)
            # mostly of a middling size, so that sums neither vanish nor overflow
            middle = np.clip(generator.normal(size / 2, size / 30, blocks), 0, size - 1)
            every = generator.integers(0, size, blocks)
            scales.append(np.where(generator.random(blocks) < 0.9, middle.astype(int), every))
        first = generator.random(blocks) < 0.2
        first[0] = True
        last = generator.random(blocks) < 0.2
        values, sums, total = block_values(x, y, *scales, of), [], np.float32(0)
        for value, starts in zip(values, first, strict=True):
            total = add_fp32(np.float32(0) if starts else total, value)
            sums.append(total)
        # beats of a block with idle ones between, behind which anything stands
        valid = enables(3 * blocks * beats, 0.2, generator)
        at = np.flatnonzero(valid)[: blocks * beats]
        valid[at[-1] + 1 :] = False
        given = {"valid": valid.astype(np.int64)}
        wide = {"a": (x, of.a.bits), "b": (y, of.b.bits)}
        for name, (codes, width) in wide.items():
            every = generator.integers(0, 1 << width, (len(valid), lanes))
            every[at] = codes.reshape(-1, lanes)
            given[name] = packed(every, width)
        ends = at[beats - 1 :: beats]
        flags = {"block_end": (1, 0), "first": (first, None), "last": (last, None)}
        for name, (value, idle) in flags.items():
            column = generator.integers(0, 2, len(valid))
            column[at] = column[at] if idle is None else idle
            column[ends] = value
            given[name] = column
        for name, codes in (("a_scale", scales[0]), ("b_scale", scales[1])):
            given[name] = generator.integers(0, codes.max() + 1, len(valid))
            given[name][ends] = codes
        enable = enables(len(valid) * (12 if gap > 0.5 else 3) + 100, gap, generator)
        moves = np.flatnonzero(enable)[: len(valid)]
        spread = np.minimum(np.searchsorted(moves, np.arange(len(enable))), len(valid) - 1)
        stretched = {name: column[spread] for name, column in given.items()}
        stretched["enable"] = enable
        done, total = np.zeros(len(valid), bool), np.zeros(len(valid), np.uint32)
        done[ends], total[ends] = last, bits(sums)
        wanted = {"done": np.zeros(len(enable), bool), "sum": np.zeros(len(enable), np.uint32)}
        for name, column in (("done", done), ("sum", total)):
            cycles, wanted[name][cycles] = through(enable, column[spread], LATENCY)
        assert wanted["done"].any()
        where = {"sum": wanted["done"]}
        assert_follows(block, stretched, wanted, where=where, seeds=[seed])
        short = [{name: column[:SHORT] for name, column in each.items()}
                 for each in (stretched, wanted, where)]  # fmt: skip
        assert_follows(block, short[0], short[1], where=short[2])


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        ("int8", "int4", "formats 'int8' and 'int4': neither has a scale of blocks"),
        ("uint4_g128", "int8", "format 'uint4_g128': zero points and pairs of blocks"),
        ("mxfp4", "mxfp4-g48", r"blocks of 'mxfp4' \(32\) and 'mxfp4-g48' \(48\) must divide"),
    ],
)
def test_formats_without_block_sums_wrong(a, b, said):
    with pytest.raises(SpecError, match=said):
        block_dot(known(a), known(b))
