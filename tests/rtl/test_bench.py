"""The bench of a chip, on the one that only copies: time, traffic, and mistakes it finds."""

from fractions import Fraction

import numpy as np
import pytest
from tests.rtl.copier import DONE, GAPS, GO, LOAD, MISTAKE, MOST, STORE, Sizes, copier, start
from tests.rtl.modules import module

from cosynth.errors import CircuitError
from cosynth.rtl.bench import Bench, Dram
from cosynth.rtl.twin.box import Box

SIZES = Sizes(128, 64, 8)
BEAT = 8  # bytes
LONG = Box(run=2048, dram=0, local=0)
WIDE = 10  # cycles that the chip adds to a copy


def copied(dram, *ways, box=LONG, seed=0, mistake=0):
    memory = np.arange(1 << 14, dtype=np.uint32).view(np.uint8)
    with copier(SIZES).powered(memory, dram, seed=seed) as bench:
        bench.write(GAPS, 0)
        bench.write(MISTAKE, mistake)
        begun = bench.cycles
        for way in ways:
            start(bench, box, way)
        bench.until_interrupt(MOST)
        return bench.cycles - begun, bench.traffic


@pytest.mark.parametrize("way", [LOAD, STORE])
def test_latency_is_waited_for_once(way):
    """Later requests are under way while the first is waited for."""
    outstanding = {"outstanding": 8}
    cycles = [
        copied(Dram(latency=latency, write_latency=latency, **outstanding), way)[0]
        for latency in (1, 11, 61)
    ]
    assert cycles[1] - cycles[0] == 10
    assert cycles[2] - cycles[0] == 60


def test_without_requests_ahead_latency_is_waited_for_each_time():
    slow, fast = (copied(Dram(latency=n, outstanding=1), LOAD)[0] for n in (41, 1))
    bursts = LONG.run // BEAT // 16
    assert slow - fast == pytest.approx(40 * bursts, abs=bursts)


@pytest.mark.parametrize("rate", [Fraction(8), Fraction(16, 3), Fraction(4), Fraction(1, 3)])
@pytest.mark.parametrize("way", [LOAD, STORE])
def test_bytes_pass_at_the_bandwidth(rate, way):
    shorter = Box(run=1024, dram=0, local=0)
    long, short = (copied(Dram(bandwidth=rate), way, box=box)[0] for box in (LONG, shorter))
    assert abs(long - short - 1024 / rate) <= 1


def test_reads_and_writes_share_a_port_or_have_their_own():
    rate = Fraction(2)
    alone = copied(Dram(bandwidth=rate), LOAD)[0]
    shared = copied(Dram(bandwidth=rate), LOAD, STORE)[0]
    apart = copied(Dram(bandwidth=rate, shared_port=False), LOAD, STORE)[0]
    assert abs(shared - 2 * alone) < 0.05 * alone
    assert alone < apart < 1.1 * alone


def test_traffic_is_counted():
    _, traffic = copied(Dram(), LOAD, STORE)
    assert (traffic.read_beats, traffic.write_beats) == (256, 256)
    assert (traffic.read_bursts, traffic.write_bursts) == (16, 16)
    assert traffic.written == LONG.run
    assert traffic.held == 0


def test_the_same_seed_gives_the_same_cycles():
    first, again, other = (copied(Dram(pauses=0.5), LOAD, seed=seed)[0] for seed in (1, 1, 2))
    assert first == again != other


def test_a_reset_stops_all_that_is_under_way():
    memory = np.arange(1 << 12, dtype=np.uint8)
    for seed in range(40):
        with copier(SIZES).powered(memory, Dram(latency=9), seed=seed) as bench:
            bench.write(GAPS, 0)
            start(bench, Box(run=512, dram=1024, local=0), STORE if seed % 4 < 2 else LOAD)
            bench.run(seed * 2)
            bench.reset()
            bench.write(GAPS, 0)
            start(bench, Box(run=64, dram=8 * seed, local=0), LOAD)
            bench.until_interrupt(MOST)
            start(bench, Box(run=64, dram=2048, local=0), STORE)
            bench.until_interrupt(MOST)
            assert bench.read(DONE) == 0x10001
        np.testing.assert_array_equal(memory[2048:2112], memory[8 * seed : 8 * seed + 64])


def test_a_register_is_awaited():
    with copier(SIZES).powered(np.zeros(1 << 14, np.uint8), Dram(bandwidth=1)) as bench:
        bench.write(GAPS, 0)
        start(bench, LONG, LOAD)
        assert bench.until_register(DONE, 1, mask=0xFFFF, most=MOST) >= LONG.run - 16
        with pytest.raises(
            CircuitError, match=r"register 0x4 did not become 0x2 within 100 cycles$"
        ):
            bench.until_register(DONE, 2, most=100)
        start(bench, LONG, LOAD)
        with pytest.raises(CircuitError, match=r"no interrupt came within 100 cycles$"):
            bench.until_interrupt(100)


MISTAKES = {
    1: "AR: the burst is not INCR",
    2: "AR: the size is not that of the port",
    3: "AR: the address is not that of a beat",
    4: "AR: a burst crosses 4 KiB",
    5: "AR changed or was withdrawn while it waited",
    6: "WLAST is not at the last beat of a burst",
    7: "W changed or was withdrawn while it waited",
    8: "AW changed or was withdrawn while it waited",
    9: "changed its answer to a write while it waited",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_broken_rules_wrong(mistake):
    way = STORE if mistake in {6, 7, 8} else LOAD
    box = Box(run=512, dram=2048 + 64, local=0)
    with pytest.raises(CircuitError, match=f"^module copier stopped: .*{MISTAKES[mistake]}"):
        copied(Dram(pauses=0.6, outstanding=2), way, box=box, mistake=mistake)


def test_an_address_beyond_the_memory_wrong():
    with pytest.raises(CircuitError, match=r"AR: address 65543 is beyond the memory of 65536 b"):
        copied(Dram(), LOAD, box=Box(run=8, dram=65536, local=0))


def test_misuse_wrong(tmp_path):
    chip, memory = copier(SIZES), np.zeros(64, np.uint8)
    with chip.powered(memory, Dram()) as bench:
        with pytest.raises(CircuitError, match=r"stopped: register 128 refused a write$"):
            bench.write(0x80, 0)
        with pytest.raises(CircuitError, match=r"stopped: register 256 refused a read$"):
            bench.read(0x100)
        bench.write(GO, 0)
    with (
        pytest.raises(CircuitError, match=r"open it with trace='fst' to write"),
        chip.powered(memory, Dram(), trace=tmp_path / "waves.fst"),
    ):
        pass
    with (
        pytest.raises(CircuitError, match=r"^the memory of a bench is a contiguous array of uint8"),
        chip.powered(memory.astype(np.int8), Dram()),
    ):
        pass
    for wrong in (Dram(bandwidth=0), Dram(latency=0), Dram(pauses=1.0)):
        with pytest.raises(CircuitError), chip.powered(memory, wrong):
            pass
    with (
        pytest.raises(CircuitError, match=r"^module add: the module has no port m_axi_arvalid$"),
        Bench.open(module("add"), "add").powered(memory, Dram()),
    ):
        pass


def test_waves_are_written(tmp_path):
    parts = copier(SIZES, trace="vcd")
    waves = tmp_path / "waves.vcd"
    with parts.powered(np.zeros(64, np.uint8), Dram(), trace=waves) as bench:
        bench.run(10)
    assert "m_axi_araddr" in waves.read_text()
