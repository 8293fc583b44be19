"""The heterogeneous pair: splits, limits, and networks that profit from two engines."""

from __future__ import annotations

import numpy as np
import pytest

from cosynth.codesign import estimate
from cosynth.errors import SpecError
from cosynth.hardware import Hardware, Link, Node
from cosynth.hardware.families.pair import pair
from cosynth.workload import Builder, Workload

WEIGHT, OUTPUT = "weight_stationary", "output_stationary"


def branches(count: int = 4) -> Workload:
    """Equal convolutions side by side, each of two layers."""
    net = Builder("branches")
    x = net.input("x", (1, 32, 16, 16))
    for at in range(count):
        y = x
        for depth in range(2):
            w = net.weight(f"w{at}_{depth}", (32, 32, 3, 3))
            y = net.einsum(
                f"y{at}_{depth}[n,k,p,q] += `{y}`[n,c,p+r-1,q+s-1] * `{w}`[k,c,r,s]",
                shape=(1, 32, 16, 16),
            )
        net.output(y)
    return net.build()


def only(chip: Hardware, engine: str) -> Hardware:
    """The pair without its other engine; ports stay as narrow as they are."""
    kept = {part.name for name in (engine, "vector") for part in chip.path(name)}
    nodes = tuple(node for node in chip.nodes if node.component.name in kept)
    return Hardware(name=engine, nodes=nodes, frequency=chip.frequency, technology=chip.technology)


def units(chip: Hardware) -> set[str]:
    return {engine.name for engine in chip.engines}


def test_branches_finish_earlier_on_both_engines_than_on_the_better_one() -> None:
    chip, network = pair(), branches()
    both = estimate(network, chip)
    alone = min(estimate(network, only(chip, name)).latency for name in (WEIGHT, OUTPUT))
    assert both.latency < alone
    assert {slot.engine for slot in both.slots} == {WEIGHT, OUTPUT}
    assert both.latency >= both.bound_latency * (1 - 1e-9)


def test_a_chain_is_never_slower_than_on_one_engine() -> None:
    chip, network = pair(), branches(1)
    both = estimate(network, chip).latency
    for name in (WEIGHT, OUTPUT):
        assert both <= estimate(network, only(chip, name)).latency * (1 + 1e-9)


def test_layers_wait_for_their_inputs() -> None:
    found = estimate(branches(), pair())
    ends = {slot.group: slot.end for slot in found.slots}
    for at in range(4):
        assert found.slots[2 * at + 1].start >= ends[2 * at] * (1 - 1e-12)


@pytest.mark.parametrize(("split", "left"), [(0.0, OUTPUT), (1.0, WEIGHT)])
def test_at_its_limits_a_split_leaves_one_engine_with_everything(split: float, left: str) -> None:
    chip = pair(split=split, bandwidth_split=0.3)
    assert units(chip) == {left, "vector"}
    assert chip.instances(left) == 1024
    port = chip.component(f"{left.removesuffix('_stationary')}_port")
    assert isinstance(port, Link)
    assert port.bandwidth == 16e9


def test_shares_add_up() -> None:
    chip = pair(elements=1024, split=0.25, bandwidth=10e9, bandwidth_split=0.4)
    assert (chip.instances(WEIGHT), chip.instances(OUTPUT)) == (256, 768)
    ports = [chip.component(name) for name in ("weight_port", "output_port")]
    assert [port.bandwidth for port in ports if isinstance(port, Link)] == pytest.approx([4e9, 6e9])


def test_numbers_may_be_arrays() -> None:
    splits = np.array([0.25, 0.5, 0.75])
    many = pair(split=splits, bandwidth_split=splits)
    for at, split in enumerate(splits.tolist()):
        one = pair(split=split, bandwidth_split=split)
        for name in (WEIGHT, OUTPUT):
            assert many.instances(name)[at] == one.instances(name)
        for name in ("weight_port", "output_port"):
            whole, part = many.component(name), one.component(name)
            assert isinstance(whole, Link)
            assert isinstance(part, Link)
            assert np.broadcast_to(whole.bandwidth, 3)[at] == part.bandwidth


def test_both_engines_hang_under_one_memory() -> None:
    children = pair().children("dram")
    assert [node.component.name for node in children] == [
        "weight_port", "output_port", "vector_buffer",
    ]  # fmt: skip
    assert all(isinstance(node, Node) for node in children)


def test_share_outside_its_range_wrong() -> None:
    with pytest.raises(SpecError, match=r"pair\.split: 1\.5 must be between 0 and 1"):
        pair(split=1.5)
    with pytest.raises(SpecError, match=r"pair\.bandwidth_split: nan must be between 0 and 1"):
        pair(bandwidth_split=float("nan"))


def test_arrays_that_change_the_tree_wrong() -> None:
    with pytest.raises(SpecError, match=r"pair\.split: arrays of designs must leave both engines"):
        pair(split=np.array([0.0, 0.5]))


def test_no_elements_at_all_wrong() -> None:
    with pytest.raises(SpecError, match=r"pair\.elements: 8 elements make no row of 16"):
        pair(elements=8)
