"""Component laws against points that were not used to fit them, and the properties they promise."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosynth.errors import SpecError
from cosynth.format import known
from cosynth.hardware import Link, Memory, SpatialArray, engine, load, names, priced
from cosynth.hardware.laws import (
    compute_energy,
    dram_energy,
    mac_area,
    mac_energy,
    mac_price,
    register_area,
    register_energy,
    sram_area,
    sram_energy,
    sram_leakage,
    supply,
    technology,
    wire_energy,
)

KIB, NM, PJ, UM2 = 1024, 1e-9, 1e-12, 1e-12
INT8, BF16, INT16 = known("int8"), known("bf16"), known("int16")


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A published number, what the law says, and the band it must lie in (a share of it).

    `why` explains a point that lies outside the band the law states; it then has a band of its own.
    """

    source: str
    published: float
    law: float
    band: float
    why: str = ""

    @property
    def error(self) -> float:
        return self.law / self.published - 1


def _access(size: float, width: float, node: float) -> tuple[float, float]:
    read, write = sram_energy(size, width, node * NM)
    return float(read) / PJ, float(write) / PJ


def _sram_points() -> list[Point]:
    band = technology("sram")["band"]
    single = {
        # Timeloop/Accelergy exercise outputs: bytes, width, node, read, write
        "eyeriss_like shared_glb": (128 * KIB, 64, 32, 18.18, 14.14),
        "simple_weight_stationary shared_glb": (128 * KIB, 64, 45, 32.38, 26.16),
        "simba_like GlobalBuffer": (64 * KIB, 256, 45, 51.87, 66.31),
        "sparse_tensor_core_like SMEM": (256 * KIB, 256, 45, 124.7, 118.1),
        "pe_spad": (384, 16, 45, 0.680, 1.583),
    }
    points = []
    for source, (size, width, node, *published) in single.items():
        for kind, told, law in zip(
            ("read", "write"), published, _access(size, width, node), strict=True
        ):
            points.append(Point(source=f"{source} {kind}", published=told, law=law, band=band))
    horowitz = {8: 10, 32: 20, 1024: 100}
    for size, told in horowitz.items():
        law = _access(size * KIB, 64, 45)[0]
        points.append(
            Point(source=f"Horowitz 45 nm {size} KiB", published=told, law=law, band=band)
        )
    points += [
        # 28 and 22 nm gave the law its factor by node, not its shape
        Point(source="CACTI 28 nm 16 KiB x 32", published=5.47, law=_access(16 * KIB, 32, 28)[0],
              band=band),
        Point(source="CACTI 22 nm 512 B x 32", published=0.199, law=_access(512, 32, 22)[0],
              band=1.2, why="CACTI's smallest 22 nm arrays fall much faster than its large ones"),
        Point(source="CACTI 22 nm 16 KiB x 128", published=4.09, law=_access(16 * KIB, 128, 22)[0],
              band=band),
        Point(source="CACTI 90 nm 128 KiB x 512", published=295,
              law=_access(128 * KIB, 512, 90)[0], band=band),
        Point(source="Dally 14 nm 8 KiB, 64 bit at 50 fJ/bit", published=3.2,
              law=_access(8 * KIB, 64, 14)[0], band=0.65,
              why="a figure for a whole memory with its periphery and wires"),
        Point(source="Jouppi 7 nm 8 KiB", published=7.5, law=_access(8 * KIB, 64, 7)[0], band=0.95,
              why="the paper's small memories barely improve from 45 nm (10 pJ); CACTI's do"),
        Point(source="Jouppi 7 nm 32 KiB", published=8.5, law=_access(32 * KIB, 64, 7)[0],
              band=0.95, why="the same"),
        Point(source="TPU v4i model, 128 MiB, per bit", published=1.88,
              law=_access(128 * KIB * KIB, 512, 7)[0] / 512, band=band),
    ]  # fmt: skip
    return points


def _area_points() -> list[Point]:
    band = technology("sram")["area_band"]

    def bits(size: float, node: float) -> float:
        return float(sram_area(size, node * NM)) / UM2

    two = "CACTI's log has cells of more than one port"
    return [
        Point(source="pe_spad 45 nm, 2 banks", published=1420, law=bits(384, 45), band=band),
        Point(source="SMEM 45 nm", published=1069102, law=bits(256 * KIB, 45), band=band),
        Point(source="CACTI 65 nm 8 KiB", published=128324, law=bits(8 * KIB, 65), band=band,
              why=two),
        Point(source="CACTI 28 nm 16 KiB", published=42954, law=bits(16 * KIB, 28), band=band,
              why=two),
        Point(source="CACTI 22 nm 2 MiB", published=3286290, law=bits(2048 * KIB, 22), band=band,
              why=two),
        Point(source="TPU v4i model 7 nm 128 MiB", published=112e6, law=bits(128 * KIB * KIB, 7),
              band=0.8, why="measured on a die photograph: macros, ports and wiring at 2 TB/s"),
    ]  # fmt: skip


def _logic_points() -> list[Point]:
    band = technology("logic")["band"]

    def energy(format: str, node: float, sums: str) -> float:
        return float(mac_energy(known(format), known(format), node * NM, sum_in=sums)) / PJ

    def area(format: str, node: float, sums: str) -> float:
        return float(mac_area(known(format), known(format), node * NM, sum_in=sums)) / UM2

    return [
        Point(source="accelforge 16 nm int8, 16-bit sums", published=0.179,
              law=energy("int8", 16, "int16"), band=band),
        Point(source="Timeloop 45 nm int MAC", published=0.315, law=energy("int8", 45, "int32"),
              band=band),
        Point(source="accelforge 7 nm int8 (TPU v4i model)", published=0.084,
              law=energy("int8", 7, "int32"), band=band),
        Point(source="accelforge 65 nm int8, 16-bit sums", published=1.281,
              law=energy("int8", 65, "int16"), band=0.85,
              why="scaled from a synthesis table whose multipliers cost four times Horowitz's"),
        Point(source="accelforge 16 nm area", published=147, law=area("int8", 16, "int16"),
              band=band),
        Point(source="accelforge 65 nm area", published=1175, law=area("int8", 65, "int16"),
              band=band),
        Point(source="Timeloop 45 nm area", published=417, law=area("int8", 45, "int32"), band=1.6,
              why="multiplier and adder alone; the law has the accumulator's flip-flops too"),
        Point(source="Horowitz 45 nm int8 multiply, int32 add, area", published=419,
              law=area("int8", 45, "int32"), band=1.6, why="the same"),
        Point(source="Horowitz 45 nm fp16 multiply and add", published=1.5,
              law=energy("fp16", 45, "fp32"), band=0.65,
              why="a rounding adder of its own; the law aligns into a wide integer"),
    ]  # fmt: skip


def _other_points() -> list[Point]:
    wire = technology("wire")["band"]

    def hop(node: float, volts: float) -> float:
        return float(wire_energy(1e-3, node * NM, volts)) * 1e15

    def dram(kind: str) -> float:
        return dram_energy(kind) / PJ

    return [
        Point(source="Keckler 40 nm, 0.9 V, fJ/bit/mm", published=121, law=hop(40, 0.9), band=wire),
        Point(source="SLIP 45 nm", published=80, law=hop(45, 0.9), band=wire),
        Point(source="22 nm, per access", published=80, law=hop(22, 0.8), band=wire),
        Point(source="Dally VLSI 2018, 16 nm, middle", published=30, law=hop(16, 0.8), band=0.65,
              why="200 fF/mm there, 300 in the law"),
        Point(source="Dally CACM 2020, 14 nm", published=100, law=hop(14, 0.8), band=0.55,
              why="repeaters double the capacitance"),
        Point(source="Timeloop LPDDR4, 64 bit", published=512, law=dram("lpddr4") * 64, band=0.01),
        Point(source="Dally CACM 2020 LPDDR4, per bit", published=4, law=dram("lpddr4"), band=1.0,
              why="the array and interface alone"),
        Point(source="Jouppi HBM2, 64 bit, middle", published=350, law=dram("hbm2") * 64, band=0.4),
        Point(source="Jouppi GDDR6, 64 bit, middle", published=415, law=dram("gddr6") * 64,
              band=0.4),
        Point(source="Jouppi DDR3/4, 64 bit", published=1300, law=dram("ddr4") * 64, band=0.4),
        Point(source="hwcomponents HBM2, per bit", published=6.25, law=dram("hbm2"), band=0.4),
        Point(source="synthesised accumulator bit, 45 nm, um2", published=7.3 * 0.798,
              law=float(register_area(1 / 8, 45 * NM)) / UM2, band=0.4),
    ]  # fmt: skip


POINTS = [*_sram_points(), *_area_points(), *_logic_points(), *_other_points()]


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.source)
def test_law_lies_within_its_band(point: Point) -> None:
    assert abs(point.error) <= point.band, f"{point.error:+.0%} against {point.published:g}"


def test_points_outside_a_stated_band_say_why() -> None:
    stated = {technology(law)["band"] for law in ("sram", "logic", "wire")}
    loose = [point for point in POINTS if point.band > max(stated) and not point.why]
    assert not loose


sizes = st.floats(64, 64 * KIB * KIB)
nodes = st.floats(7, 130)
widths = st.floats(8, 512)


@given(sizes, sizes, widths, nodes)
def test_larger_memories_cost_more(a: float, b: float, width: float, node: float) -> None:
    small, large = sorted((a, b))
    below, above = _access(small, width, node), _access(large, width, node)
    assert below[0] <= above[0] * (1 + 1e-12)
    assert below[1] <= above[1] * (1 + 1e-12)
    assert sram_area(small, node * NM) <= sram_area(large, node * NM)
    assert sram_leakage(small, node * NM) <= sram_leakage(large, node * NM)
    assert register_area(small, node * NM) <= register_area(large, node * NM)


@given(nodes, nodes)
def test_smaller_nodes_cost_less(a: float, b: float) -> None:
    small, large = sorted((a * NM, b * NM))
    for law in (
        lambda node: sram_area(8 * KIB, node),
        lambda node: sram_energy(8 * KIB, 64, node)[0],
        lambda node: mac_energy(INT8, INT8, node, sum_in="int32"),
        lambda node: mac_area(INT8, INT8, node, sum_in="int32"),
        lambda node: register_energy(64, node),
        supply,
    ):
        assert law(small) <= law(large) * (1 + 1e-12)


def test_wider_formats_cost_more() -> None:
    order = ["int4", "int8", "int16"]
    costs = [mac_energy(known(f), known(f), 28 * NM, sum_in="int32") for f in order]
    assert costs == sorted(costs)
    assert mac_area(BF16, BF16, 28 * NM, sum_in="fp32") > mac_area(
        INT8, INT8, 28 * NM, sum_in="int32"
    )


def test_arrays_equal_scalars() -> None:
    size, width = np.array([512.0, 8192.0, 1e6]), np.array([8.0, 64.0, 256.0])
    node = np.array([65.0, 28.0, 7.0]) * NM
    for law in (
        lambda c, w, n: sram_energy(c, w, n)[0],
        lambda c, w, n: sram_energy(c, w, n)[1],
        lambda c, w, n: sram_area(c, n),
        lambda c, w, n: sram_leakage(c, n),
        lambda c, w, n: register_area(c, n),
        lambda c, w, n: register_energy(w, n),
        lambda c, w, n: mac_energy(INT8, INT8, n, sum_in="int32"),
        lambda c, w, n: mac_area(INT8, INT16, n, sum_in="int32"),
        lambda c, w, n: wire_energy(1e-3, n),
    ):
        many = law(size, width, node)
        one = [law(float(c), float(w), float(n)) for c, w, n in zip(size, width, node, strict=True)]
        np.testing.assert_allclose(many, one, rtol=1e-12)


@given(st.floats(0.4, 2.0))
def test_energy_follows_the_square_of_the_supply(ratio: float) -> None:
    chip = engine(technology=28 * NM)
    scaled = replace(chip, voltage=ratio * float(supply(28 * NM)))
    for node in priced(chip).nodes:
        part, other = node.component, priced(scaled).component(node.component.name)
        if isinstance(part, Memory) and not part.law.startswith("dram:"):
            assert isinstance(other, Memory)
            assert other.read_energy == pytest.approx(part.read_energy * ratio**2)
            assert other.leakage == part.leakage
    unit = chip.engines[0].compute
    wanted = compute_energy(unit, chip, INT8, INT8) * ratio**2
    assert compute_energy(unit, scaled, INT8, INT8) == pytest.approx(wanted)


@pytest.mark.parametrize("name", names())
def test_pricing_fills_every_number_and_keeps_stated_ones(name: str) -> None:
    chip = load(name)
    for node in priced(chip).nodes:
        part, before = node.component, chip.component(node.component.name)
        if isinstance(part, Memory):
            assert isinstance(before, Memory)
            for key in ("read_energy", "write_energy", "area", "leakage"):
                found, stated = getattr(part, key), getattr(before, key)
                assert found >= 0
                assert stated is None or found == stated
        elif isinstance(part, Link):
            assert part.energy is not None
            assert part.energy >= 0
        elif isinstance(part, SpatialArray):
            assert part == before


def test_unknown_dram_wrong() -> None:
    with pytest.raises(SpecError, match=r"unknown DRAM 'lpdr4'; did you mean 'lpddr4'\?; known:"):
        dram_energy("lpdr4")


@pytest.mark.parametrize("law", ["sram", "logic", "dram", "wire"])
def test_every_law_names_its_sources(law: str) -> None:
    table = technology(law)
    assert table["sources"]
    if law == "dram":
        assert set(table["sources"]) == set(table["energy"])


def test_a_unit_has_its_area_energy_and_bands() -> None:
    eight, four = known("int8"), known("int4")
    node = np.array([45.0, 28.0, 7.0]) * NM
    found = mac_price(eight, four, node, sum_in="int32", unit="serial")
    alone = [float(mac_price(eight, four, n, sum_in="int32", unit="serial").area) for n in node]
    np.testing.assert_allclose(found.area, alone, rtol=1e-12)
    plain = mac_price(eight, four, node, sum_in="int32")
    assert (found.cycles, plain.cycles) == (4, 1)
    assert np.all(found.area < plain.area)
    assert np.all(found.energy > plain.energy)
    assert 0 < plain.area_band < found.area_band < 1
    assert 0 < plain.energy_band < 1
    floats = mac_price(BF16, four, 28 * NM, sum_in="fp32", unit="serial")
    assert np.isinf(floats.area)
    assert np.isinf(floats.energy)
