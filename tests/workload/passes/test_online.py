"""Softmax in one pass gives what the offline form gives, and its operations are counted."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from tests.mapper.attention import attention

from cosynth.errors import WorkloadError
from cosynth.workload import Access, Apply, Constant, Workload
from cosynth.workload.load import load
from cosynth.workload.passes.online import divisors, online, softmaxes

FUNCTIONS = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b,
    "/": lambda a, b: a / b, "exp": math.exp, "max": max,
}  # fmt: skip


def evaluated(workload: Workload, values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Point by point, in order; what lies outside a tensor is zero."""
    values = dict(values)
    for einsum in workload.einsums:
        made = np.zeros(workload.tensor(einsum.output.tensor).shape)
        values[einsum.output.tensor] = made
        seen = set()
        for point in itertools.product(*(range(size) for _, size in einsum.bounds)):
            at = dict(zip(einsum.ranks, point, strict=True))
            found = _value(einsum.expression, values, at)
            place = _place(einsum.output, at)
            if place not in seen:
                made[place] = found
            elif einsum.reduction == "+":
                made[place] += found
            else:
                made[place] = max(made[place], found)
            seen.add(place)
    return values


def _place(access: Access, at) -> tuple[int, ...]:
    return tuple(
        index.offset + sum(t.coefficient * (at[t.rank] // t.divisor) for t in index.terms)
        for index in access.indices
    )


def _value(expression, values, at) -> float:
    match expression:
        case Constant(value=value):
            return value
        case Apply(function=function, arguments=arguments):
            return FUNCTIONS[function](*(_value(one, values, at) for one in arguments))
    place = _place(expression, at)
    array = values[expression.tensor]
    inside = all(0 <= here < size for here, size in zip(place, array.shape, strict=True))
    return array[place] if inside else 0.0


@pytest.mark.parametrize("block", [1, 2, 3, 6])
def test_one_pass_gives_the_same_result(block):
    workload = attention()
    rng = np.random.default_rng(block)
    values = {t.name: rng.normal(size=t.shape) for t in workload.tensors if t.role == "input"}
    (softmax,) = softmaxes(workload)
    changed = online(workload, softmax, block)
    expected = evaluated(workload, values)["o"]
    assert evaluated(changed, values)["o"] == pytest.approx(expected, rel=1e-12)


def test_extra_operations_are_counted():
    """Per row and block: a maximum, two for the correction, two for the sum, two a feature."""
    rows, keys, size, block = 3, 6, 2, 2
    workload = attention(batch=1, heads=1, rows=rows, keys=keys, size=size)
    (softmax,) = softmaxes(workload)
    changed = online(workload, softmax, block)
    score = 4  # maximum, difference, exponential, sum
    per_block = 1 + 2 + 2 + 2 * size
    assert changed.vector_operations == rows * (keys * score + keys // block * per_block + size)
    assert changed.operations == workload.operations


def test_a_model_of_attention_is_found():
    assert softmaxes(load("bert-base"))


def test_blocks_that_do_not_divide_wrong():
    workload = attention()
    (softmax,) = softmaxes(workload)
    with pytest.raises(WorkloadError) as error:
        online(workload, softmax, 4)
    assert str(error.value) == (
        "attention: blocks of 4 do not divide 6 positions; take one of 1, 2, 3, 6"
    )


def test_divisors_of_a_prime_are_two():
    assert divisors(1021) == (1, 1021)
