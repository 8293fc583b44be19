"""Where bits lie in a Verilated model."""

import numpy as np
import pytest
from tests.rtl.summing import files, opened, site

from cosynth.errors import CircuitError
from cosynth.rtl.sites import Layout, settings, sites
from cosynth.rtl.state import Bit, Registers, State

LAYOUT = Layout.read(
    """instance Vmodel___024root TOP 64
instance Vmodel_unit TOP__chip__DOT__g__BRA__1__KET____DOT__unit 1024
member Vmodel___024root chip__DOT__a___05Fb 4 8
member Vmodel_unit __PVT__held 2 16
member Vmodel_unit list 1 20
"""
)


def test_a_variable_is_found_in_its_own_object_or_in_the_top_one():
    assert (one := LAYOUT.find(("chip", "a__b"))) is not None
    assert (one.at, one.stride) == (72, 4)
    assert (one := LAYOUT.find(("chip", "g[1].unit", "held"))) is not None
    assert (one.at, one.stride) == (1040, 2)
    assert LAYOUT.find(("chip", "g[0].unit", "held")) is None


def test_elements_lie_one_after_the_other():
    bits = tuple((Bit(register="list", element=e, bit=b),) for e in (0, 2) for b in (0, 7))
    one = Registers(
        path=("g[1].unit",),
        module="unit",
        name="list",
        variable="list",
        kind="flip-flop",
        bits=bits,
    )
    found = sites(State(registers=(one,), macros=(), unnamed=0), LAYOUT, "chip")
    first = 8 * (1024 + 20)
    assert found.sites[0].bits.ravel().tolist() == [first, first + 7, first + 16, first + 23]
    assert found.watched == ((1044, 1), (1046, 1))


def test_a_register_that_the_model_lost_wrong():
    one = Registers(
        path=("x",), module="m", name="r", variable="r", kind="flip-flop",
        bits=((Bit(register="r", element=0, bit=0),),),
    )  # fmt: skip
    with pytest.raises(CircuitError, match=r"no variable chip\.x\.r; its registers must be kept"):
        sites(State(registers=(one,), macros=(), unnamed=0), LAYOUT, "chip")


def test_no_two_bits_share_a_place_and_all_are_watched_or_words():
    found = opened().sites
    places = np.concatenate([one.bits.ravel() for one in found.sites])
    assert len(set(places.tolist())) == len(places)
    watched = {8 * at + bit for at, size in found.watched for bit in range(8 * size)}
    words = set(found.sites[site("summing.memory.words")].bits.ravel().tolist())
    assert set(places.tolist()) <= watched | words
    assert not words & watched
    assert found.bits("memory") == 2 * 32 + 32
    assert found.bits("configuration") == 64


def test_registers_and_ports_of_memories_are_kept_as_variables():
    text = settings(files())
    assert 'public_flat_rd -module "summing" -var "left"' in text
    assert 'public_flat_rd -module "sram_1r1w" -var "write_mask"' in text
    assert "m_axi_rready" not in text
