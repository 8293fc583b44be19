"""Einsums in NumPy against NumPy's own einsum and convolutions written out."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from cosynth.errors import WorkloadError
from cosynth.rtl.evaluate import evaluate
from cosynth.workload import parse
from cosynth.workload.einsum import Apply


@pytest.mark.parametrize("seed", range(6))
def test_convolutions_are_those_written_out(seed):
    print("seed", seed)  # noqa: T201
    rng = np.random.default_rng(seed)
    c, k, h, w = rng.integers(1, 5, 4)
    r, s, stride, pad = (int(rng.integers(1, 4)) for _ in range(4))
    h, w = int(h) + 4, int(w) + 4
    pad = min(pad, r, s) - 1
    p, q = (h + 2 * pad - r) // stride + 1, (w + 2 * pad - s) // stride + 1
    text = f"O[k,p,q] += I[c,p*{stride}+r-{pad},q*{stride}+s-{pad}] * W[k,c,r,s]"
    text = text.replace("-0", "")
    one = parse(text, dict(k=int(k), p=p, q=q, c=int(c), r=r, s=s))
    image, weight = rng.normal(size=(c, h, w)), rng.normal(size=(k, c, r, s))
    found = evaluate(one, {"I": image, "W": weight}, (int(k), p, q))
    padded = np.pad(image, ((0, 0), (pad, pad), (pad, pad)))
    for y, x in itertools.product(range(p), range(q)):
        patch = padded[:, y * stride : y * stride + r, x * stride : x * stride + s]
        np.testing.assert_allclose(found[:, y, x], (weight * patch).sum(axis=(1, 2, 3)))


def test_attention_and_softmax_are_einsums():
    rng = np.random.default_rng(0)
    q, k = rng.normal(size=(2, 4, 5, 3)), rng.normal(size=(2, 2, 6, 3))
    one = parse("S[b,h,m,p] += Q[b,h,m,e] * K[b,h//2,p,e]", dict(b=2, h=4, m=5, p=6, e=3))
    found = evaluate(one, {"Q": q, "K": k}, (2, 4, 5, 6))
    np.testing.assert_allclose(found, np.einsum("bhme,bhpe->bhmp", q, np.repeat(k, 2, axis=1)))
    top = evaluate(
        parse("M[b,h,m] = max(p) S[b,h,m,p]", dict(b=2, h=4, m=5, p=6)), {"S": found}, (2, 4, 5)
    )
    np.testing.assert_array_equal(top, found.max(axis=-1))


def test_padding_of_a_maximum_never_wins():
    one = parse("O[p] = max(r) I[p+r-1]", dict(p=3, r=3))
    assert evaluate(one, {"I": np.array([-5.0, -7.0, -6.0])}, (3,)).tolist() == [-5, -5, -6]


def test_a_function_without_a_rule_wrong():
    one = parse("O[p] = relu(I[p])", dict(p=3))
    odd = replace(one, expression=Apply(function="bessel", arguments=one.expression.arguments))
    with pytest.raises(WorkloadError, match="no rule for 'bessel'"):
        evaluate(odd, {"I": np.zeros(3)}, (3,))
