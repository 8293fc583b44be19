"""Other batch sizes."""

from __future__ import annotations

import pytest

from cosynth.errors import WorkloadError
from cosynth.workload import Builder, Workload
from cosynth.workload.passes import with_batch


def attention(batch: int) -> Workload:
    """Embedding, flattened tokens, heads, a cache, grouped look-ups: dimensions in many places."""
    net = Builder("attention")
    net.input("ids", (batch, 6))
    net.weight("table", (50, 8))
    net.weight("w", (16, 8))
    net.state("cache", (batch, 10, 2, 8))
    net.einsum("x[b,t,d] = table[ids[b,t],d]", shape=(batch, 6, 8))
    net.view("tokens", (batch * 6, 8), "x")
    net.einsum("Q[m,n] += tokens[m,k] * w[n,k]", shape=(batch * 6, 16))
    net.view("q", (batch, 6, 2, 8), "Q")
    net.einsum("S[b,h,m,p] += q[b,m,h,e] * cache[b,p,h,e]", shape=(batch, 2, 6, 10))
    net.view("rows", (batch * 2, 60), "S")
    net.output(net.einsum("Y[r] = max(j) rows[r,j]", shape=(batch * 2,)))
    return net.build()


@pytest.mark.parametrize(("old", "new"), [(1, 8), (2, 6), (4, 2), (3, 3)])
def test_the_batch_runs_through_views_caches_and_flattened_dimensions(old: int, new: int) -> None:
    assert with_batch(attention(old), new) == attention(new)


def test_weights_stay_and_work_grows() -> None:
    one, eight = attention(1), with_batch(attention(1), 8)
    assert eight.parameters == one.parameters
    assert eight.operations == 8 * one.operations


def test_samples_that_meet_wrong() -> None:
    net = Builder("mix")
    net.input("x", (1, 4))
    net.output(net.einsum("Y[k] += x[n,k]", shape=(4,)))
    with pytest.raises(WorkloadError) as caught:
        with_batch(net.build(), 2)
    assert str(caught.value) == (
        "mix: cannot change the batch from 1 to 2: Y: its result does not keep the samples apart: "
        "Y[k] += x[n,k]"
    )


def test_a_weight_for_each_sample_wrong() -> None:
    net = Builder("own")
    net.input("x", (1, 4))
    net.weight("w", (1, 4))
    net.output(net.einsum("Y[n,k] = x[n,k] * w[n,k]", shape=(1, 4)))
    with pytest.raises(WorkloadError, match="holds one weight for all samples"):
        with_batch(net.build(), 2)


def test_inputs_of_different_batch_wrong() -> None:
    net = Builder("two")
    net.input("x", (1, 4))
    net.input("y", (2, 4))
    net.output(net.einsum("Y[n,k] = x[n,k] * y[n,k]", shape=(1, 4), bounds={"n": 1}))
    with pytest.raises(WorkloadError, match=r"Y: y\[n,k\] is not one input a sample"):
        with_batch(net.build(), 3)


def test_no_inputs_wrong() -> None:
    net = Builder("none")
    net.weight("w", (4,))
    net.output(net.einsum("Y[k] = relu(w[k])", shape=(4,)))
    with pytest.raises(WorkloadError, match="none: no input whose first dimension could be the"):
        with_batch(net.build(), 3)


def test_a_table_by_position_stays_even_with_as_many_rows_as_samples() -> None:
    net = Builder("table")
    net.input("x", (1, 1, 4))
    net.input("angles", (1, 4))
    net.output(net.einsum("Y[b,t,k] = x[b,t,k] * angles[t,k]", shape=(1, 1, 4)))
    changed = with_batch(net.build(), 3)
    assert changed.tensor("angles").shape == (1, 4)
    assert changed.tensor("Y").shape == (3, 1, 4)


def test_inputs_of_branches_that_meet_later_grow_alike() -> None:
    net = Builder("towers")
    net.input("x", (1, 4))
    net.input("y", (1, 4))
    net.einsum("A[n,k] = relu(x[n,k])", shape=(1, 4))
    net.einsum("B[n,k] = relu(y[n,k])", shape=(1, 4))
    net.output(net.einsum("Y[n,k] = A[n,k] + B[n,k]", shape=(1, 4)))
    assert {t.shape for t in with_batch(net.build(), 3).tensors} == {(3, 4)}


def test_no_samples_wrong() -> None:
    with pytest.raises(WorkloadError, match="a batch of 0 samples is not 1 or more"):
        with_batch(attention(1), 0)
