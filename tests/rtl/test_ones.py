"""What is multiplied with ones stays what it was."""

import numpy as np
import pytest

from cosynth.rtl.evaluate import evaluate
from cosynth.rtl.ones import Parts, after, alone, bare, replaced, weighed
from cosynth.workload import Builder, parse

X = np.random.default_rng(3).normal(size=(2, 3, 4))


@pytest.mark.parametrize(
    "text", ["y[a,c] += x[a,b,c]", "y[a] = max(b,c) x[a,b,c]", "y[0,b] += x[a,b,c]"]
)
def test_a_reduction_is_that_of_products_with_ones(text):
    one = parse(text, {"a": 2, "b": 3, "c": 4})
    found, ones = weighed(one, "ones", one.reduced)
    shape = tuple(one.sizes.get(index.name, 1) for index in one.output.indices)
    expected = evaluate(one, {"x": X}, shape)
    np.testing.assert_allclose(evaluate(found, {"x": X, **ones}, shape), expected)


def test_the_greatest_of_one_is_the_element_itself():
    one = parse("y[c,a,b] = x[a,b,c] * 2", {"a": 2, "b": 3, "c": 4})
    found, ones = alone(one, one.inputs[0], "z")
    assert (found.reduction, found.output.tensor, found.points) == ("max", "z", one.points)
    np.testing.assert_array_equal(
        evaluate(found, {"x": X, **ones}, (4, 2, 3)), X.transpose(2, 0, 1)
    )


def test_a_fresh_rank_is_none_that_the_einsum_has():
    one = parse("y[a_one] += x[a,a_one]", {"a": 2, "a_one": 3})
    found, _ = alone(one, one.inputs[0], "z")
    assert len(found.ranks) == len(one.ranks) + 1


def test_what_follows_keeps_the_ranks_of_the_output_alone():
    one = parse("y[a,0] += x[a,b]", {"a": 2, "b": 3})
    found = after(one, "z", one.output)
    assert str(found) == "z[a,0] = y[a,0]"
    assert found.ranks == ("a",)
    assert str(bare(one.output, "w")) == "w[a]"


def test_parts_stand_where_what_they_replace_stood():
    net = Builder("net")
    net.input("x", (2, 3))
    net.einsum("y[a] += x[a,b]", shape=(2,))
    net.output(net.einsum("z[a] = y[a] * 2", shape=(2,)))
    model = net.build()
    assert replaced(model, []) == (model, {})
    product, ones = weighed(model.einsums[0], "ones", ["b"])
    found, made = replaced(model, [Parts(einsums={"y": [product]}, tensors=(), ones=ones)])
    assert [str(one) for one in found.einsums] == ["y[a] += x[a,b] * ones[b]", "z[a] = y[a] * 2"]
    assert found.tensor("ones").role == "weight"
    assert list(made) == ["ones"]
