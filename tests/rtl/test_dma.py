"""Boxes copied by the circuit, bit by bit as by its twin, whatever pauses."""

import numpy as np
import pytest
from tests.rtl.copier import (
    DONE,
    FAILED,
    GAPS,
    LOAD,
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

from cosynth.rtl.bench import Dram
from cosynth.rtl.twin.box import Box, load, store

SHAPES = (Sizes(64, 32, 8), Sizes(128, 128, 4), Sizes(256, 64, 16), Sizes(512, 64, 2, 13),
          Sizes(256, 256, 8), Sizes(64, 64, 2, 11), Sizes(128, 64, 8, 12, 4, 2))  # fmt: skip
MEMORY = 1 << 15  # bytes, below which a box lies; above, the copier's memory goes in the end


@pytest.fixture(scope="module", params=SHAPES, ids=str)
def sizes(request):
    return request.param


def trial(sizes, seed, boxes=6):
    """Fill the memory, load boxes, store boxes, show the memory; compare all of DRAM."""
    print("seed", seed)  # noqa: T201
    generator = np.random.default_rng(seed)
    local = 1 << sizes.AW
    held = local * sizes.G // 8
    memory = generator.integers(0, 256, MEMORY + held, np.uint8)
    expected = grains(memory, sizes.G)
    buffer = np.zeros((local, sizes.G), np.uint8)
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
        start(bench, everything, LOAD)
        load(everything, expected, buffer)
        for way, act, sides in (
            (LOAD, load, (expected, buffer)),
            (STORE, store, (buffer, expected)),
        ):
            for _ in range(boxes):
                whole = sizes.whole if way == STORE else 1
                box = random_box(generator, there, local, whole)
                start(bench, box, way)
                act(box, *sides)
            bench.until_interrupt(MOST)
        start(bench, everything, STORE)
        store(everything, buffer, expected)
        bench.until_interrupt(MOST)
        assert bench.read(DONE) == boxes + 1 | (boxes + 1) << 16
        assert bench.read(FAILED) == 0
        counted, traffic = events(bench), bench.traffic
        assert counted["load_passes"] == traffic.read_beats
        assert counted["store_passes"] == traffic.write_beats
        assert counted["load_holds"] == traffic.held
    np.testing.assert_array_equal(memory, as_bytes(expected))


@pytest.mark.parametrize("seed", range(12))
def test_boxes_are_copied_as_by_the_twin(sizes, seed):
    trial(sizes, seed)
