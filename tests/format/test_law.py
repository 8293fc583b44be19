"""The law of the crest factor: the paper's figures, its formula done again, and the codec."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cosynth.errors import SpecError
from cosynth.format import (
    CORRECTED,
    PUBLISHED,
    SPREAD,
    Element,
    crossover,
    known,
    names,
    noise,
    qsnr,
)
from cosynth.testing.formats import check_format

PAIRS = (
    ("mxint8-rceil", "mxfp8-rceil"),
    ("mxint6-rceil", "mxfp6-rceil"),
    ("mxint4-rceil", "mxfp4-rceil"),
    ("nvint4", "nvfp4"),
)
RULES = ("floor", "even", "ceil", "rceil")
SEED, BLOCKS = 7, 6_000
NARROW = Element(name="e3m1", kind="float", bits=5, exponent=3, mantissa=1, bias=3)
MINE = replace(known("mxfp4"), name="mine", element=NARROW, block=12)


def described(name):
    format = known(name)
    return (
        format.scale is not None
        and format.element.kind in {"integer", "float"}
        and format.block
        and not (format.zero or format.pairs)
    )


LAWFUL = tuple(name for name in names() if described(name))


@pytest.fixture
def wide_jax():
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", False)


@pytest.mark.parametrize(
    ("constants", "figures"),
    [(PUBLISHED, (7.55, 1.96, 2.04, 2.39)), (CORRECTED, (7.48, 1.89, 1.74, 2.22))],
    ids=["published", "corrected"],
)
def test_the_formats_cross_where_they_are_said_to(constants, figures):
    found = [crossover(known(a), known(b), constants) for a, b in PAIRS]
    assert found == pytest.approx(figures, abs=0.0101)


def by_the_formula(name, crest):
    """The paper's closed form for its own constants, with the error function and no arrays."""
    format = known(name)
    element, ratio = format.element, 1.5 if format.power else 1.05
    kept = 0 if format.power else 1 / format.block
    reach = ratio * crest
    if element.kind == "integer":
        found = 10 * math.log10(12 * 4 ** (element.bits - 1)) - 20 * math.log10(reach)
        return found - 10 * math.log10(1 - kept)
    low = reach * 2.0 ** (1 - element.bias) / element.largest
    inside = math.erf(low / math.sqrt(2))
    power = inside - low * math.sqrt(2 / math.pi) * math.exp(-(low**2) / 2)
    a = 1 / (24 * 4**element.mantissa)
    b = 4.0 ** (1 - element.bias - element.mantissa) / (12 * element.largest**2)
    return -10 * math.log10(a * (1 - power - crest**2 * kept) + b * reach**2 * inside)


@pytest.mark.parametrize("name", [name for pair in PAIRS for name in pair])
def test_the_published_law_is_the_paper_s_formula(name):
    crests = np.linspace(1, 3.5, 11)
    assert [by_the_formula(name, crest) for crest in crests] == pytest.approx(
        qsnr(known(name), crests, PUBLISHED).tolist(), abs=1e-9
    )


def student(rng, block):
    """Blocks of heavy tails and of any size, so that peaks lie anywhere in their octave."""
    return rng.standard_t(4, (BLOCKS, block)) * 2 ** rng.uniform(0, 4, (BLOCKS, 1))


def planted(rng, block):
    x = rng.standard_normal((BLOCKS, block))
    x[:, 0] = rng.uniform(2, 12, BLOCKS)
    return x * 2 ** rng.uniform(0, 4, (BLOCKS, 1))


@pytest.mark.parametrize("data", [planted, student])
@pytest.mark.parametrize(
    "format",
    [
        *(known(f"{name}-{rule}") for name in LAWFUL if known(name).power for rule in RULES),
        *(known(name) for name in LAWFUL if not known(name).power),
        MINE,
    ],
    ids=lambda one: one.name,
)
def test_the_law_meets_the_codec_block_by_block(format, data):
    print("seed", SEED)  # noqa: T201
    x = data(np.random.default_rng(SEED), format.block).astype(np.float32)
    found = noise(x, format)
    crests, lost = found.crest.reshape(-1), 10 ** (-found.blocks.reshape(-1) / 10)
    said = 10 ** (-qsnr(format, crests) / 10)
    # few values near the peak are no Gaussian: the law is for blocks that have a tail
    edges = np.quantile(crests, np.linspace(0.1, 0.98, 12))
    # of so few steps as integers of four bits have under `ceil`, half of theirs, less is uniform
    steps = format.element.top / (2 if format.rule == "ceil" else 1)
    bound = 2 if format.element.kind == "integer" and steps < 4 else 0.9
    for low, high in pairwise(edges):
        here = (crests >= low) & (crests < high)
        away = 10 * math.log10(said[here].mean() / lost[here].mean())
        assert abs(away) < bound, f"crest {low:.2f} to {high:.2f}"


def test_a_format_of_ones_own_has_a_law():
    check_format(MINE)
    assert qsnr(MINE, 2.0) < qsnr(known("mxfp6_e3m2"), 2.0)


@pytest.mark.parametrize("name", [name for name in LAWFUL if known(name).element.kind == "integer"])
def test_twice_the_crest_costs_an_integer_a_bit_unless_it_clips(name):
    format = known(name)
    format = replace(format, rule="rceil") if format.power else format
    lost = qsnr(format, 1.5, CORRECTED) - qsnr(format, 3.0, CORRECTED)
    assert float(lost) == pytest.approx(20 * math.log10(2))


@pytest.mark.parametrize("constants", [PUBLISHED, CORRECTED, SPREAD])
def test_a_wider_element_is_never_worse(constants):
    crests = np.linspace(1, 4, 31)
    for narrow, wide in (("mxint4", "mxint6"), ("mxint6", "mxint8"), ("mxfp4", "mxfp6")):
        a, b = (qsnr(known(f"{name}-rceil"), crests, constants) for name in (narrow, wide))
        assert (a < b).all()


def test_scalar_and_batch_and_jax_agree(wide_jax):
    crests = np.linspace(1, 3.9, 12).reshape(3, 4)
    for name in ("mxint4", "nvfp4"):
        format = known(name)
        batch = qsnr(format, crests)
        assert batch.shape == crests.shape
        assert [float(qsnr(format, crest)) for crest in crests.flat] == pytest.approx(
            batch.reshape(-1).tolist(), rel=1e-12
        )
        compiled = jax.jit(lambda k, one=format: qsnr(one, k))(jnp.asarray(crests))
        np.testing.assert_allclose(compiled, batch, rtol=1e-12)


def test_the_law_has_a_gradient(wide_jax):
    slope = jax.grad(lambda k: qsnr(known("mxint8"), k))(2.0)
    assert float(slope) == pytest.approx(-20 / math.log(10) / 2, rel=0.01)


def test_where_no_block_can_be_there_is_no_number():
    format = known("nvfp4")
    assert np.isnan(qsnr(format, np.array([0.99, 4.01]))).tolist() == [True, True]
    assert np.isfinite(qsnr(format, np.array([1.0, 4.0]))).all()
    # the paper draws its curves further than blocks go
    assert np.isfinite(qsnr(format, 8.0, PUBLISHED))


@pytest.mark.parametrize("constants", [PUBLISHED, CORRECTED])
def test_formats_are_alike_at_their_crossover(constants):
    for a, b in PAIRS:
        first, second = known(a), known(b)
        at = crossover(first, second, constants)
        assert at == crossover(second, first, constants)
        before, here, after = (
            float(qsnr(first, k, constants) - qsnr(second, k, constants))
            for k in (0.99 * at, at, 1.01 * at)
        )
        assert abs(here) < 1e-9
        assert before > 0 > after


def test_no_block_of_32_has_the_crest_at_which_mxfp8_would_win():
    with pytest.raises(SpecError) as caught:
        crossover(known("mxint8-rceil"), known("mxfp8-rceil"))
    assert str(caught.value) == (
        "'mxint8-rceil' is no worse than 'mxfp8-rceil' at any crest factor from 1 to 5.66,"
        " so there is no crossover"
    )


@pytest.mark.parametrize("between", [(0.5, 3), (3, 3), (2, math.inf)])
def test_an_interval_that_is_none_wrong(between):
    with pytest.raises(SpecError, match="they rise from 1 or above"):
        crossover(known("nvint4"), known("nvfp4"), between=between)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("int8", "has no scale of a block"),
        ("nf4", "has lookup elements"),
        ("ternary_tensor", "has ternary elements"),
        ("uint4_g128", "has a zero point and has unsigned elements"),
        ("olive4", "has outlier pairs"),
        ("nvint4-g1", "has blocks of one element"),
    ],
)
def test_a_format_with_another_noise_wrong(name, said):
    with pytest.raises(SpecError) as caught:
        qsnr(known(name), 2.0)
    assert str(caught.value) == (
        f"format {name!r} {said}: the law of the crest factor is for signed integers and floats"
        " under a scale; gaussian_qsnr and noise take any format"
    )


def test_the_paper_s_constants_for_another_rule_wrong():
    with pytest.raises(SpecError) as caught:
        qsnr(known("mxfp4"), 2.0, PUBLISHED)
    assert str(caught.value) == (
        "format 'mxfp4' has the rule 'floor': the published constants are for scales that are"
        " rounded up, rule 'rceil'; the spread ones take any rule"
    )
