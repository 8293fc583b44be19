"""Many chips at once: the batch equals the chips one by one."""

from __future__ import annotations

import numpy as np
import pytest
from tests.mapper.test_best import gemm

from cosynth.cost import price
from cosynth.errors import MappingError
from cosynth.hardware import engine, priced
from cosynth.mapper import map_many
from cosynth.mapping import problems, traffic


def chips(seed: int, number: int):
    rng = np.random.default_rng(seed)
    return [
        priced(
            engine(
                rows=int(rng.choice([4, 8, 16, 32])),
                columns=int(rng.choice([4, 8, 16, 32])),
                buffer=int(rng.choice([1 << 14, 1 << 16, 1 << 18])),
                sums=int(rng.choice([1 << 10, 1 << 12])),
                registers=int(rng.choice([2, 16, 64])),
                dram_bandwidth=float(rng.choice([1e9, 4e9, 16e9])),
                name=f"chip {at}",
            )
        )
        for at in range(number)
    ]


@pytest.mark.parametrize("goal", ["latency", "energy", "edp", "traffic:dram"])
def test_the_batch_equals_the_chips_one_by_one(goal):
    one = gemm(96, 80, 112)
    batch = chips(1, 20)
    many = map_many(one, batch, goal)
    assert (many.choice >= 0).all()
    for at, chip in enumerate(batch):
        path = chip.engines[0]
        mapping = many.mappings[many.choice[at]]
        assert problems(one.einsum, one.workload, mapping, path) == ()
        counts = traffic(one.einsum, one.workload, mapping, path)
        cost = price(one, counts, mapping, path, chip)
        assert many.latency[at] == pytest.approx(float(cost.latency), rel=1e-12)
        assert many.energy[at] == pytest.approx(float(cost.energy), rel=1e-12)
    assert (many.gap >= -1e-12).all()


def test_every_chip_takes_the_best_that_fits_it():
    one = gemm(64, 64, 64)
    batch = chips(2, 12)
    many, alone = (
        map_many(one, batch, "energy"),
        [map_many(one, [chip], "energy", spread=1).value[0] for chip in batch],
    )
    assert (many.value <= np.array(alone) * (1 + 1e-12)).mean() > 0.5
    assert many.value.sum() <= 1.2 * sum(alone)


def test_chips_of_another_structure_wrong():
    one = gemm(8, 8, 8)
    batch = [priced(engine()), priced(engine(stationarity="output", name="other"))]
    with pytest.raises(MappingError) as caught:
        map_many(one, batch)
    assert str(caught.value) == "other and engine differ in more than numbers"


@pytest.mark.parametrize("change", [{"unit": "serial"}, {"accumulator": "int16"}])
def test_chips_of_another_unit_wrong(change):
    batch = [priced(engine()), priced(engine(**change))]
    with pytest.raises(MappingError, match="differ in more than numbers"):
        map_many(gemm(8, 8, 8), batch)
