"""Boxes copied by the circuit, bit by bit as by its twin, whatever pauses."""

from dataclasses import replace

import numpy as np
import pytest
from tests.rtl.copier import (
    DONE,
    FAILED,
    GAPS,
    LOAD,
    LOAD_BESIDE,
    MOST,
    STORE,
    Sizes,
    as_bytes,
    copier,
    events,
    grains,
    random_box,
    start,
)

from cosynth.rtl import Dram, assert_clean, equal_readings, sources
from cosynth.rtl.twin.box import Box, load, store

SHAPES = (
    Sizes(64, 32, 8),
    Sizes(128, 128, 4),
    Sizes(256, 64, 16),
    Sizes(64, 64, 2, 11),
    Sizes(128, 64, 8, 12, 4, 2, 3),
)
WIDE = (Sizes(512, 64, 2, 13), Sizes(256, 256, 8))  # more to compile, nothing new
MEMORY = 1 << 15  # bytes, below which a box lies; above, the copier's memory goes in the end


@pytest.fixture(
    scope="module",
    params=[*SHAPES, *(pytest.param(sizes, marks=pytest.mark.slow) for sizes in WIDE)],
    ids=str,
)
def sizes(request):
    return request.param


def trial(sizes, seed, boxes=3):
    """Fill the memory, load boxes, store boxes, show the memory; compare all of DRAM."""
    print("seed", seed)  # noqa: T201
    generator = np.random.default_rng(seed)
    local = 1 << sizes.AW
    held = local * sizes.G // 8
    memory = generator.integers(0, 256, MEMORY + held, np.uint8)
    expected = grains(memory, sizes.G)
    buffer = np.zeros((local, sizes.G), np.uint8)
    beats = {LOAD: 0, STORE: 0}
    there = MEMORY * 8 // sizes.G
    everything = Box(run=local, dram=there, local=0)
    dram = Dram(
        latency=int(generator.integers(1, 40)),
        bandwidth=sizes.D / 8 * float(generator.choice([0.1, 0.7, 10])),
        shared_port=bool(generator.integers(0, 2)),
        outstanding=int(generator.choice([1, 4, 16])),
        pauses=float(generator.choice([0, 0.3, 0.9])),
    )
    with copier(sizes).powered(memory, dram, seed=seed) as bench:
        gaps = generator.choice([0, 77, 230], 2)
        bench.write(GAPS, int(gaps[0] | gaps[1] << 8))

        def copy(box, way):
            start(bench, box, way)
            (load(box, expected, buffer) if way == LOAD else store(box, buffer, expected))
            beats[way] += box.beats(sizes.D // sizes.G)

        copy(everything, LOAD)
        for way in (LOAD, STORE, LOAD, STORE):
            for _ in range(boxes):
                whole = sizes.whole if way == STORE else 1
                copy(random_box(generator, there, local, whole), way)
            bench.until_interrupt(MOST)
        copy(everything, STORE)
        bench.until_interrupt(MOST)
        assert bench.read(DONE) == (2 * boxes + 1) * 0x10001
        assert bench.read(FAILED) == 0
        counted, traffic = events(bench), bench.traffic
        assert counted["load_passes"] == traffic.read_beats == beats[LOAD]
        assert counted["store_passes"] == traffic.write_beats == beats[STORE]
        assert counted["load_holds"] == traffic.held
    np.testing.assert_array_equal(memory, as_bytes(expected))


@pytest.mark.parametrize("seed", range(12))
def test_boxes_are_copied_as_by_the_twin(sizes, seed):
    trial(sizes, seed)


def one_by_one(sizes, memory, steps):
    """Copy boxes, each when the one before is done; return the beats read and written."""
    with copier(sizes).powered(memory, Dram()) as bench:
        bench.write(GAPS, 0)
        for box, way in steps:
            start(bench, box, way)
            bench.until_interrupt(MOST)
        return bench.traffic.read_beats, bench.traffic.write_beats


def test_nothing_read_for_one_command_serves_the_next():
    """Both DRAM and the memory change between commands, at the very places read last."""
    memory = np.arange(256, dtype=np.uint8)
    here, there, other = (Box(run=8, dram=at, local=0) for at in (0, 128, 64))
    steps = [(here, LOAD), (there, STORE), (other, LOAD), (there, STORE)]
    expected = memory.copy()
    expected[128:136] = memory[64:72]
    one_by_one(SHAPES[0], memory, steps)
    np.testing.assert_array_equal(memory, expected)
    # one beat each: that in which a load ended is the one in which the next begins
    last, source = Box(run=4, dram=128, local=8), Box(run=4, dram=72, local=16)
    moved, shown = Box(run=4, dram=128, local=16), Box(run=4, dram=0, local=8)
    steps = [(source, LOAD), (last, LOAD), (moved, STORE), (last, LOAD), (shown, STORE)]
    expected[128:132] = expected[:4] = memory[72:76]
    one_by_one(SHAPES[0], memory, steps)
    np.testing.assert_array_equal(memory, expected)


BEAT = 8  # grains of a beat in SPEED
SPEED = Sizes(128, 64, 8)
SEQUENTIAL = (
    Box(run=2048, dram=0, local=0),
    Box(run=2048, dram=5, local=2),
    Box(run=2048, dram=2, local=5),
    Box(run=32, dram=0, local=0, loops=[(60, 104, 32)]),
    Box(run=25, dram=7, local=7, loops=[(60, 104, 32)]),
    Box(run=24, dram=1, local=5, loops=[(10, 40, 32), (6, 1000, 320)]),
)


@pytest.mark.parametrize("way", [LOAD, STORE])
@pytest.mark.parametrize("box", SEQUENTIAL, ids=str)
def test_a_beat_passes_each_cycle(box, way):
    """Of long runs and of rows alike, whatever their alignment; only start and end are on top."""
    beats = box.beats(BEAT)
    with copier(SPEED).powered(np.zeros(1 << 14, np.uint8), Dram(latency=20)) as bench:
        bench.write(GAPS, 0)
        start(bench, box, way)
        cycles = bench.until_interrupt(MOST)
        assert beats < cycles < beats + 20 + 16


@pytest.mark.parametrize("seed", range(20))
def test_two_loads_share_a_port(seed):
    """Each into its half of the memory, at the same time."""
    print("seed", seed)  # noqa: T201
    sizes, half = SHAPES[0], 1 << SHAPES[0].AW - 1
    generator = np.random.default_rng(seed)
    memory = generator.integers(0, 256, MEMORY + 2 * half, np.uint8)
    expected, buffer = memory.copy(), np.zeros(2 * half, np.uint8)
    dram = Dram(latency=int(generator.integers(1, 40)), pauses=float(seed % 3) / 4)
    everything = Box(run=2 * half, dram=MEMORY, local=0)
    with copier(sizes).powered(memory, dram, seed=seed) as bench:
        bench.write(GAPS, 77)
        start(bench, everything, LOAD)
        load(everything, expected, buffer)
        bench.until_interrupt(MOST)
        for place in range(6):
            box = random_box(generator, MEMORY, half, 1)
            box = replace(box, local=box.local + place % 2 * half)
            start(bench, box, LOAD_BESIDE if place % 2 else LOAD)
            load(box, expected, buffer)
        bench.until_interrupt(MOST)
        start(bench, everything, STORE)
        bench.until_interrupt(MOST)
    store(everything, buffer, expected)
    np.testing.assert_array_equal(memory, expected)


def test_two_loads_have_equal_shares():
    """The first to be done had only every second burst while both ran, whoever that is."""
    box = Box(run=2048, dram=0, local=0)
    with copier(SPEED).powered(np.zeros(1 << 14, np.uint8), Dram(outstanding=2)) as bench:
        bench.write(GAPS, 0)
        begun = bench.cycles
        start(bench, box, LOAD)
        start(bench, replace(box, local=2048), LOAD_BESIDE)
        bench.until_register(DONE, 1, mask=0xFFFF, most=MOST, pause=0)
        assert bench.cycles - begun > 1.6 * box.beats(BEAT)
        bench.until_interrupt(MOST)
        assert bench.cycles - begun < 2.4 * box.beats(BEAT)


@pytest.mark.parametrize("sizes", [Sizes(64, 32, 8, 10), Sizes(128, 64, 4, 14)], ids=str)
@pytest.mark.parametrize("top", ["dma_load", "dma_store"])
def test_the_circuit_is_clean_and_read_alike(top, sizes):
    assert_clean(sources(top), top, vars(sizes))
    found = equal_readings(sources(top), top, vars(sizes))
    assert found.verdict == "equal", found


def test_the_mux_is_clean_and_read_alike():
    for masters in (1, 2, 3):
        sizes = {"N": masters}
        assert_clean(sources("axi_read_mux"), "axi_read_mux", sizes)
        assert equal_readings(sources("axi_read_mux"), "axi_read_mux", sizes).verdict == "equal"
