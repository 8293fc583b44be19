"""What units are told: values that may be compared and kept."""

import dataclasses

import pytest

from cosynth.cost.orders import Fill, Order, Walk


def test_orders_are_values():
    work = Fill(vectors=8, banks=2)
    one = Order(unit="fill", early=(True, False), takes=(1,), gives=(), work=work)
    again = dataclasses.replace(one, work=Fill(vectors=8, banks=2))
    assert one == again
    assert hash(one) == hash(again)
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.unit = "step"


def test_steps_take_a_cycle_each_unless_told_otherwise():
    walk = Walk(
        chunk=4, chunks=2, bank=1, half=2, begins=True, ends=True, loaded=False, fetches=(0.0,)
    )
    assert (walk.period, walk.reads) == (1.0, 0.0)
