"""Every bit of the codec against rational arithmetic, and NumPy against JAX."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cosynth.errors import SpecError
from cosynth.format import decode, encode, known, names, quantised
from cosynth.testing import rational as oracle
from cosynth.testing import tensors as data

OPTIONS = (
    "mxfp4-even", "mxfp4-ceil", "mxfp4-rceil", "mxfp8-even", "mxfp8-ceil", "mxfp8-rceil",
    "mxfp6-rceil", "mxint8-even", "mxint8-ceil", "mxint8-rceil", "mxint8-full", "mxint4-full",
    "int8-full", "mxfp4-g7", "bfp8-g64", "fp8_e4m3fn-overflow", "fp8_e5m2-overflow",
    "fp8_e4m3-overflow", "fp8_e4m3fnuz-overflow", "fp16-saturate", "bf16-saturate", "nvfp4-g5",
)  # fmt: skip
CODED = tuple(n for n in names() if known(n).element_bits <= 16 or known(n).kind == "float")
ALL = (*CODED, *OPTIONS)
ELEMENTS = tuple(n for n in ALL if known(n).scale is None)
BLOCKS = tuple(n for n in ALL if known(n).scale is not None)
SEED = 20


def codes_of(found) -> tuple:
    return tuple(None if one is None else np.asarray(one).tolist()
                 for one in (found.code, found.scale, found.zero))  # fmt: skip


def bits_of(x) -> np.ndarray:
    return np.asarray(x).view(np.int32)


def assert_alike(x, format, **how):
    """NumPy and JAX, one pass and two: equal in every bit."""
    ours, theirs = encode(x, format, **how), encode(jnp.asarray(x), format, **how)
    assert codes_of(ours) == codes_of(theirs)
    assert (ours.tensor is None) or ours.tensor == np.asarray(theirs.tensor)
    values = bits_of(decode(ours))
    assert np.array_equal(values, bits_of(decode(theirs)))
    assert np.array_equal(values, bits_of(quantised(x, format, **how)))
    assert np.array_equal(values, bits_of(quantised(jnp.asarray(x), format, **how)))
    return ours


@pytest.mark.parametrize("name", ELEMENTS)
def test_elements_are_right_at_every_boundary(name):
    format, rng = known(name), np.random.default_rng(SEED)
    x = np.concatenate([data.boundaries(format.element), data.SPECIAL, data.patterns(rng, 1000)])
    if format.element.nan is None:
        x = x[~np.isnan(x)]
    found = assert_alike(x, format)
    expected = [oracle.plain(v, format.element) for v in x]
    wrong = [(v, int(a), b) for v, a, b in zip(x, found.code, expected, strict=True) if a != b]
    assert not wrong, wrong[:5]


@pytest.mark.parametrize("name", ELEMENTS)
def test_every_code_decodes_to_its_value_and_back(name):
    format = known(name)
    e = format.element
    if oracle.width(e) > 16:
        pytest.skip("more codes than a table holds")
    codes = np.arange(1 << oracle.width(e)).astype(encode(np.zeros(1), format).code.dtype)
    empty = encode(np.zeros(codes.size), format)
    values = decode(replace(empty, code=codes))
    assert np.array_equal(bits_of(values), bits_of(decode(replace(empty, code=jnp.asarray(codes)))))
    finite = np.isfinite(values)
    if not e.values:
        sizes = oracle.magnitudes(e)
        assert np.isin(np.abs(values[finite]), np.array([float(s) for s in sizes])).sum() >= min(
            finite.sum(), len(sizes)
        )
        for code, size in enumerate(sizes):
            assert float(values[code]) == float(size)
    again = encode(np.where(finite, values, 0), format).code
    skipped = ~finite | ((values == 0) & (codes != 0))
    if e.kind == "integer" and e.signed and not e.full:
        skipped |= codes == 1 << (e.bits - 1)  # a symmetric integer never becomes its lowest
    if e.kind == "ternary":
        skipped |= codes == 2
    skipped |= np.abs(values) < np.float32(2.0**-126)  # read as zero
    assert np.array_equal(again[~skipped], codes[~skipped])


def rows_of(name):
    format, rng = known(name), np.random.default_rng(SEED)
    block = format.block or 10
    rows = data.adversarial(rng, block)
    random = data.patterns(rng, 12 * block).reshape(-1, block)
    plain = (rng.standard_normal((30, block)) * np.exp2(rng.integers(-9, 9, (30, 1)))).astype(
        np.float32
    )
    return np.concatenate([rows, random, plain])


@pytest.mark.parametrize("name", BLOCKS)
def test_blocks_are_right_where_rules_break(name):
    format, x = known(name), rows_of(name)
    if not format.block:
        pieces = [row[None] for row in x]
    elif format.tensor:
        # a tensor that spans everything, and tensors whose blocks matter
        pieces = [x, *(row[None] for row in x), *np.array_split(x[-30:], 5)]
    else:
        pieces = [x]
    for part in pieces[:: 1 if len(pieces) < 3 else 2]:
        found = encode(part, format)
        tensor = oracle.tensor_scale(part.reshape(-1), format) if format.tensor else None
        if tensor is not None:
            assert float(found.tensor) == float(tensor)
        scales = np.atleast_1d(found.scale).reshape(-1)
        zeros = None if found.zero is None else np.atleast_1d(found.zero).reshape(-1)
        for at, row in enumerate(part):
            codes, scale, zero = oracle.block(row, format, tensor)
            assert scales[at] == scale, (name, at, row)
            if not np.isnan(row).any():
                assert found.code[at].tolist() == codes, (name, at, row)
                assert zeros is None or zeros[at] == zero


@pytest.mark.parametrize("name", BLOCKS)
def test_numpy_and_jax_agree_in_every_bit(name):
    x = rows_of(name)
    assert_alike(x, known(name))
    assert_alike(x[:3, :1], known(name))


@pytest.mark.parametrize("name", ["mxfp4", "nvfp4", "uint4_g128", "olive4", "mxint8", "nf4"])
@pytest.mark.parametrize("shape", [(), (1,), (33,), (3, 65), (2, 3, 5), (0,), (4, 0)])
def test_blocks_may_be_ragged_and_on_any_axis(name, shape):
    rng, format = np.random.default_rng(SEED), known(name)
    x = rng.standard_normal(shape).astype(np.float32)
    for axis in range(-len(shape), len(shape)):
        found = assert_alike(x, format, axis=axis)
        assert found.shape == shape
        if format.pairs:
            continue  # one block of the whole tensor: pairs are neighbours in memory
        moved = encode(np.ascontiguousarray(np.moveaxis(x, axis, -1)), format)
        assert np.array_equal(np.moveaxis(found.code, axis, -1), moved.code)
    assert_alike(x, format)


def test_a_block_with_nan_is_marked_and_others_are_not():
    x = np.ones((4, 32), dtype=np.float32)
    x[1, 3] = np.nan
    for name in ("mxfp4", "mxint8", "nvfp4", "int4_g128"):
        found = quantised(x, known(name), axis=1)
        assert np.isnan(found[1]).any()
        assert not np.isnan(found[[0, 2, 3]]).any()


def test_nan_without_a_code_is_refused_wrong():
    with pytest.raises(SpecError) as caught:
        encode(np.float32([np.nan]), known("fp4_e2m1"))
    assert str(caught.value) == (
        "format 'fp4_e2m1' has no code for NaN, and the tensor holds one; take it out, or choose"
        " a format with a scale, which marks its block"
    )


def test_wide_integers_have_no_codec_wrong():
    with pytest.raises(SpecError, match="format 'int32' has no codec: float32 does not hold"):
        encode(np.zeros(3), known("int32"))


@pytest.mark.parametrize("name", ["fp4_e2m1", "fp8_e4m3fn", "int8", "mxfp4", "nvfp4", "mxint8"])
def test_random_rounding_is_unbiased_and_repeats(name):
    format = known(name)
    for value in (0.3, 0.01, -1.7, 2.6):
        x = np.full((200, 160), value, dtype=np.float32)
        if format.scale is not None:
            x[:, ::16] = 3.0
        noise = np.random.default_rng(SEED).integers(0, 2**32, x.shape, dtype=np.uint32)
        found = assert_alike(x, format, random=noise)
        again = encode(x, format, random=np.random.default_rng(SEED))
        assert np.array_equal(found.code, again.code)
        inside = x != 3.0
        spread = decode(found)[inside]
        error = spread.mean(dtype=np.float64) - x[inside].mean(dtype=np.float64)
        assert abs(error) <= 5 * spread.std(dtype=np.float64) / np.sqrt(spread.size) + 1e-7


def test_random_bits_of_another_shape_are_refused_wrong():
    with pytest.raises(SpecError, match=r"random bits are uint8 \(2,\); expected uint32 \(3,\)"):
        encode(np.zeros(3), known("int8"), random=np.zeros(2, dtype=np.uint8))


@pytest.mark.parametrize("name", ["fp4_e2m1", "mxfp8", "nvfp4", "uint4_g128"])
def test_gradients_pass_straight_through(name):
    x = jnp.linspace(-3.0, 3.0, 64)
    slope = jax.grad(lambda v: (quantised(v, known(name)) * jnp.arange(64.0)).sum())(x)
    assert np.array_equal(slope, np.arange(64.0))
    inside = jax.jit(lambda v: quantised(v, known(name)) + 0)(x)
    assert np.array_equal(inside, quantised(np.asarray(x), known(name)))


def test_codes_pass_through_jax():
    x = jnp.linspace(-3.0, 3.0, 64)
    found = jax.jit(lambda v: encode(v, known("mxfp4")))(x)
    assert codes_of(found) == codes_of(encode(np.asarray(x), known("mxfp4")))


def test_a_given_scale_of_the_tensor_is_taken():
    x = np.linspace(-3, 3, 64, dtype=np.float32)
    assert encode(x, known("nvfp4"), tensor=0.5).tensor == 0.5
    with pytest.raises(SpecError, match=r"scale of the tensor 0\.0: must be finite and above 0"):
        encode(x, known("nvfp4"), tensor=0.0)
    with pytest.raises(SpecError, match="format 'mxfp4' has no scale of the whole tensor"):
        encode(x, known("mxfp4"), tensor=1.0)


def test_chunks_change_nothing(monkeypatch):
    x = rows_of("nvfp4")
    whole = encode(x, known("nvfp4"))
    monkeypatch.setattr("cosynth.format.codec.CHUNK", 40)
    assert codes_of(encode(x, known("nvfp4"))) == codes_of(whole)
