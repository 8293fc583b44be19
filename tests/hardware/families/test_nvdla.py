"""The NVDLA family and the two devices it describes too."""

from __future__ import annotations

import numpy as np
import pytest

from cosynth.codesign import estimate
from cosynth.hardware import Memory, load
from cosynth.hardware.families.nvdla import nvdla
from cosynth.workload.load import load as model

from ..test_writer import _same_component


@pytest.mark.parametrize(
    ("name", "chip"),
    [
        ("nvdla-small", nvdla(atomic_c=8, atomic_k=8, buffer=128 * 1024, dram_bandwidth=1e9,
                              vector_rate=1)),
        ("nvdla-large", nvdla()),
    ],
)  # fmt: skip
def test_device_files_are_members_of_the_family(name: str, chip: object) -> None:
    from cosynth.hardware import Hardware

    assert isinstance(chip, Hardware)
    device = load(name)
    assert (device.frequency, device.technology) == pytest.approx((1e9, 16e-9))
    for one, other in zip(chip.nodes, device.nodes, strict=True):
        assert one.under == other.under
        _same_component(one, other)


def test_more_units_are_never_slower() -> None:
    network = model("ds-cnn")
    latencies = [estimate(network, nvdla(atomic_c=c, atomic_k=c)).latency for c in (4, 8, 16, 32)]
    assert latencies == sorted(latencies, reverse=True)


def test_numbers_may_be_arrays() -> None:
    sizes = np.array([8, 16, 64])
    many = nvdla(atomic_c=sizes, atomic_k=sizes / 2)
    for at, size in enumerate(sizes.tolist()):
        one = nvdla(atomic_c=size, atomic_k=size / 2)
        for name in ("buffer", "sums"):
            whole, part = many.component(name), one.component(name)
            assert isinstance(whole, Memory)
            assert isinstance(part, Memory)
            assert np.broadcast_to(whole.read_bandwidth, 3)[at] == part.read_bandwidth
            assert np.broadcast_to(whole.size, 3)[at] == part.size
        assert many.instances("mac")[at] == one.instances("mac")
