"""Campaigns of faults: draws, ranking, and what must stay the same."""

import numpy as np
import pytest
from tests.rtl.faulty import made

from cosynth.errors import SpecError
from cosynth.rtl.faulted import Answer
from cosynth.rtl.inject import Campaign, ranked
from cosynth.rtl.outcome import FAILURES, HANG, MASKED, OUTCOMES, WRONG, Fault, Flip, Stratum
from cosynth.rtl.sites import Site, Sites


def campaign(ends):
    """Two registers of 8 and 2 bits in two instances each, and a memory of 90; ends by site."""
    names = (("a", "flip-flop", 8), ("b", "flip-flop", 2), ("words", "memory", 90))
    sites = [
        Site(path=str(copy), module="m", name=name, kind=kind, bits=np.zeros((bits, 1), np.int64))
        for name, kind, bits in names
        for copy in range(1 if kind == "memory" else 2)
    ]
    faults = [
        Fault(flip=Flip(site=site, bit=0, section=0, cycle=0), outcome=end, said="", cycles=1)
        for site, end in ends
    ]
    strata = [
        Stratum(
            kind=kind,
            bits=sum(len(one.bits) for one in sites if one.kind == kind),
            counts={
                name: sum(f.outcome == name for f in faults if sites[f.flip.site].kind == kind)
                for name in OUTCOMES
            },
        )
        for kind in ("flip-flop", "memory")
    ]
    return Campaign(
        faults=tuple(faults), sites=Sites(sites=tuple(sites), memories=(), watched=(), unnamed=0),
        strata=tuple(strata), answer=Answer(top1=True), layers={"one": 5}, seconds=2.0,
    )  # fmt: skip


ENDS = [(0, WRONG), (0, MASKED), (1, MASKED), (1, MASKED), (2, HANG), (3, WRONG), (4, WRONG),
        (4, MASKED), (4, MASKED)]  # fmt: skip


def test_a_failure_counts_by_the_bits_it_stands_for():
    """20 bits for 6 faults in flip-flops, 90 for 3 in the memory: one failure there is 30 bits."""
    found = {one.name: one for one in ranked(campaign(ENDS))}
    assert [one.name for one in ranked(campaign(ENDS))] == ["m.words", "m.b", "m.a"]
    assert (found["m.a"].bits, found["m.a"].faults, found["m.a"].failures) == (16, 4, 1)
    total = 30 + 3 * 20 / 6
    assert found["m.words"].part == pytest.approx(30 / total)
    assert found["m.b"].part == pytest.approx(2 * 20 / 6 / total)
    assert sum(one.part for one in found.values()) == pytest.approx(1)


def test_the_rate_is_of_what_was_simulated():
    assert campaign(ENDS).rate == len(ENDS) / 2


@pytest.mark.slow
def test_the_same_seed_draws_the_same_faults_with_the_same_ends():
    first, other = (made().inject(45, seed=seed) for seed in (3, 4))
    again = made().inject(45, seed=3, workers=2)
    assert first.faults == again.faults
    assert first.faults != other.faults
    assert sum(one.faults for one in first.strata) == len(first.faults)


@pytest.mark.slow
def test_draws_are_uniform_over_bits_and_cycles():
    found = made().inject(1500, seed=0, kinds=("flip-flop", "configuration"))
    lengths = np.array(list(found.layers.values()))
    begins = np.cumsum(lengths) - lengths
    when = np.array([begins[f.flip.section] + f.flip.cycle for f in found.faults]) / lengths.sum()
    assert abs(when.mean() - 0.5) < 4 * np.sqrt(1 / 12 / 1500)
    assert when.min() >= 0
    assert when.max() < 1
    for kind in ("flip-flop", "configuration"):
        drawn = [f for f in found.faults if found.sites.sites[f.flip.site].kind == kind]
        assert len(drawn) == 750
        large = max(
            (one for one in found.sites.sites if one.kind == kind), key=lambda s: len(s.bits)
        )
        share = sum(found.sites.sites[f.flip.site] is large for f in drawn) / 750
        wanted = len(large.bits) / found.sites.bits(kind)
        assert abs(share - wanted) < 4 * np.sqrt(wanted / 750)


@pytest.mark.slow
def test_faults_of_a_layer_fall_into_its_run():
    names = list(made().inject(3).layers)
    found = made().inject(60, layer=names[1])
    assert {fault.flip.section for fault in found.faults} == {1}
    with pytest.raises(SpecError, match="the array runs no such layer"):
        made().inject(3, layer="softmax")


@pytest.mark.slow
@pytest.mark.parametrize("stationarity", ["weight", "output"])
def test_with_everything_protected_no_flip_fails(stationarity, tmp_path):
    from cosynth import rtl

    circuit = made(stationarity)
    sources = rtl.sources("chip")
    registers = {
        path.stem: names
        for path in sources
        if path.stem != "sram_1r1w" and (names := rtl.state.assigned(path.read_text()))
    }
    files = rtl.harden(sources, registers, ("buffer", "sums", "queue"), tmp_path)
    assert rtl.lint(files, "chip", circuit.chip.parameters()) == ()
    assert circuit.simulate(sources=files).wrong == 0
    found = circuit.inject(300, sources=files)
    assert {fault.outcome for fault in found.faults} == {MASKED}
    plain = circuit.inject(300)
    assert sum(fault.outcome in FAILURES for fault in plain.faults) > 3
