"""Flips in a chip that is known by heart: each ends as a model in Python says."""

import numpy as np
import pytest
from tests.rtl.summing import BASE, DRAM, WORDS, files, memory, opened, site, total

from cosynth.errors import CircuitError
from cosynth.rtl.bench import Bench
from cosynth.rtl.harden import checkable, harden
from cosynth.rtl.injector import ALARMED, BROKE, ENDED, LATE, SAME, Injectable
from cosynth.rtl.machine import BASE as PROGRAM
from cosynth.rtl.machine import CONTROL
from cosynth.rtl.machine import WORDS as LENGTH
from cosynth.rtl.state import MEMORY

MOST = 1000


@pytest.fixture(scope="module")
def running():
    with opened().powered(memory(), DRAM) as chip:
        chip.record(BASE, WORDS, 8, MOST)
        chip.recorded()
        yield chip


def bits(name, bit):
    return opened().sites.sites[site(name)].bits[bit]


def outputs(chip, ended):
    return None if ended in {LATE, BROKE} else BASE * WORDS if ended == SAME else total(chip.memory)


def first_added(chip):
    """The last cycle with `left` at WORDS: a flip of bit 3 takes 8 off, and later adds 8."""
    return max(
        cycle
        for cycle in range(10)
        if chip.fault(0, cycle, bits("summing.left", 3), MOST) == ENDED
        and total(chip.memory) == BASE * (WORDS - 8)
    )


def test_recorded_without_a_fault_it_is_the_chip_itself(running):
    data = memory()
    with Bench.open(files(), "summing").powered(data, DRAM) as bench:
        for register, value in ((PROGRAM, BASE), (LENGTH, WORDS), (CONTROL, 1)):
            bench.write(register, value)
        cycles = bench.until_interrupt(MOST)
    assert total(data) == BASE * WORDS
    assert running.cycles(0) == cycles


def test_a_flip_in_the_sum_stays_in_it(running):
    """Before the last word is given, bit b adds or takes 2^b, whatever is added after."""
    for cycle in range(5, 40, 7):
        for bit in range(32):
            ended = running.fault(0, cycle, bits("summing.sum", bit), MOST)
            assert ended == ENDED
            assert (outputs(running, ended) - BASE * WORDS) % 2**32 in {2**bit, 2**32 - 2**bit}


def test_a_flip_in_the_counter_adds_so_many_times_more_or_less(running):
    begun = first_added(running)
    for bit in range(8):
        for left in range(WORDS, 20, -4):
            ended = running.fault(0, begun + WORDS - left, bits("summing.left", bit), MOST)
            times = WORDS - left + ((left ^ 1 << bit) - 1) % 256 + 1
            assert outputs(running, ended) == BASE * times, (bit, left)


def test_what_was_flipped_and_flipped_back_is_masked(running):
    for name in ("summing.sum", "summing.left", "summing.adding", "registers.base"):
        twice = np.concatenate([bits(name, 0), bits(name, 0)])
        assert running.fault(0, 12, twice, MOST) == SAME


def test_after_its_last_use_a_register_may_flip(running):
    last = running.cycles(0) - 2
    assert running.fault(0, last, bits("summing.left", 3), MOST) in {SAME, ENDED}
    assert total(running.memory) == BASE * WORDS


def test_a_counter_that_misses_its_end_goes_on_too_long(running):
    assert running.fault(0, 12, bits("summing.adding", 0), MOST) == LATE


def test_a_request_that_is_withdrawn_breaks_the_bus(running):
    said = {}
    for cycle in range(running.cycles(0)):
        for name in ("summing.asking", "summing.giving"):
            if running.fault(0, cycle, bits(name, 0), MOST) == BROKE:
                said[name] = running.said()
    assert said, "no flip withdrew a request"


def test_a_word_is_read_after_a_flip_or_written_over(running):
    """The memory's words: written once at the start, then read in turn to the end."""
    end = running.cycles(0)
    written = next(t for t in range(end) if running.next_read(0, 1, 0, t) >= 0)
    assert written <= 3
    reads = {
        word: {running.next_read(0, word, 5, t) for t in range(written, end)} for word in (0, 1)
    }
    assert all(len(of_word) > WORDS // 2 - 2 for of_word in reads.values())
    assert max(running.next_read(0, word, 5, 0) for word in (0, 1)) < end
    assert running.next_read(0, 0, 5, end) == -1


def test_a_flip_in_a_word_counts_at_each_read_after_it(running):
    words = opened().sites.sites[site("summing.memory.words")]
    for cycle in (6, 20, 30):
        for word, bit in ((0, 0), (1, 9), (1, 31)):
            reads = set()
            time = cycle
            while (time := running.next_read(0, word, bit, time)) >= 0:
                reads.add(time)
                time += 1
            ended = running.fault(0, cycle, words.bits[word * 32 + bit], MOST)
            # the read of the last cycle of adding comes too late to be added
            added = {len(reads) * (d := BASE ^ 1 << bit), (len(reads) - 1) * d}
            found = outputs(running, ended)
            gone = [(found - BASE * (WORDS - n)) % 2**32 for n in (len(reads), len(reads) - 1)]
            assert any(each in {a % 2**32 for a in added} for each in gone), (cycle, word, bit)


def test_the_start_of_a_run_changes_nothing_in_another(running):
    """Every fault starts from what was recorded, whatever the one before it left."""
    first = [running.fault(0, 12, bits("summing.sum", b), MOST) for b in range(4)]
    values = []
    for _ in range(2):
        running.fault(0, 12, bits("summing.adding", 0), MOST)
        running.fault(0, 15, bits("summing.sum", 3), MOST)
        values.append(total(running.memory))
    assert values[0] == values[1]
    assert [running.fault(0, 12, bits("summing.sum", b), MOST) for b in range(4)] == first


def test_a_second_program_goes_on_with_what_a_fault_left():
    with opened().powered(memory(), DRAM) as chip:
        chip.record(BASE, WORDS, 8, MOST)
        chip.record(BASE + 1, WORDS, 8, MOST)
        chip.recorded()
        assert total(chip.memory) == (BASE + 1) * WORDS
        # the sum of the first is forgotten by the second, which writes over it
        assert chip.fault(0, 12, bits("summing.sum", 4), MOST) == ENDED
        assert total(chip.memory) != BASE * WORDS
        assert chip.go_on(1, MOST) == SAME or total(chip.memory) == (BASE + 1) * WORDS


def test_a_run_that_takes_too_long_without_a_fault_wrong():
    with opened().powered(memory(), DRAM) as chip, pytest.raises(CircuitError, match="within 10"):
        chip.record(BASE, WORDS, 8, 10)


@pytest.mark.slow
def test_a_parity_of_every_register_tells_of_every_flip(tmp_path):
    every = {path.stem: checkable(path.read_text()) for path in files() if path.stem != MEMORY}
    safe = harden(files(), {}, (), tmp_path, checked=every, top="summing")
    chip = Injectable.open(safe, "summing")
    registers = [one for one in chip.sites.sites if one.kind != "memory"]
    assert {one.register for one in registers} >= {f"summing.{name}" for name in every["summing"]}
    seed = 11
    rng = np.random.default_rng(seed)
    with chip.powered(memory(), DRAM, seed=seed) as running:
        running.record(BASE, WORDS, 8, MOST)
        running.recorded()
        for one in registers:
            for flipped in one.bits:
                cycle = int(rng.integers(0, running.cycles(0) - 1))
                ended = running.fault(0, cycle, flipped, MOST)
                assert ended == ALARMED, f"{one.register} in cycle {cycle}, seed {seed}"
