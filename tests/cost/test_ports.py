"""Readers at a port, beside a count of its cycles one by one."""

import random

import pytest

from cosynth.cost.ports import Calendar, Window, through, window


def counted(work, own, other, length):
    """Cycles of a reader that takes turns with another, each wanting the port at random."""
    rng = random.Random(f"{work} {own} {other}")
    done = since = time = turn = 0
    wants = [rng.random() < own, rng.random() < other]
    while done < work:
        time += 1
        busy = since < length
        both = wants[0] and wants[1] and busy
        served = [not (both and turn == 0), busy and not (both and turn == 1)]
        if served[0]:
            done += 1
        if served[1]:
            since += 1
        if any(w and s for w, s in zip(wants, served, strict=True)):
            turn = 0 if wants[0] and served[0] else 1
        wants = [rng.random() < own if served[0] else wants[0],
                 rng.random() < other if served[1] else wants[1]]  # fmt: skip
    return time


@pytest.mark.parametrize("own", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("other", [0.1, 0.5, 1.0])
def test_turns_give_each_half_of_the_port_or_what_the_other_leaves(own, other):
    exact = counted(4000, own, other, 1 << 30)
    found = through(0.0, 4000, own, (), [Window(begin=0.0, end=1e9, share=other)])
    # by the formula readers meet only if they must, and then as if at even distances
    assert 0.75 * exact < found <= 1.25 * exact
    if own + other == 2.0:
        assert found == pytest.approx(exact, rel=0.01)


def test_what_goes_first_takes_all_it_needs():
    taken = [Window(begin=10.0, end=30.0, share=0.75)]
    assert through(0.0, 40, 1.0, taken) == 55.0
    assert through(0.0, 40, 0.25, taken) == 40.0
    assert through(0.0, 40, 0.0, taken) == 40.0
    assert through(0.0, 5, 1.0, taken) == 5.0


def test_shares_of_windows_that_overlap_add_up():
    both = [Window(begin=0.0, end=10.0, share=0.5), Window(begin=5.0, end=10.0, share=0.5)]
    assert through(0.0, 20, 1.0, both) == 27.5


def test_a_window_is_longer_where_another_takes_its_turns():
    assert window(3.0, 8.0, 0.5, 0.5) == Window(begin=3.0, end=11.0, share=0.5)
    assert window(3.0, 8.0, 1.0, 1.0) == Window(begin=3.0, end=19.0, share=1.0)


@pytest.mark.parametrize("seed", range(20))
def test_a_calendar_gives_each_the_first_cycles_that_are_free(seed):
    rng = random.Random(seed)
    calendar, busy = Calendar(), set()
    for _ in range(40):
        begin, length = rng.randint(0, 150), rng.randint(1, 12)
        free = [time for time in range(begin, 1000) if time not in busy][:length]
        busy |= set(free)
        assert calendar.taken(begin, length) == free[-1] + 1
    assert sum(b - a for a, b in zip(calendar.begins, calendar.ends, strict=True)) == len(busy)


def test_a_reader_goes_on_in_the_share_that_it_has_beside_another():
    other = [Window(begin=0.0, end=1e9, share=0.1)]
    assert through(0.0, 80, 0.5, (), other, 0.8) == pytest.approx(100.0)
    assert window(0.0, 80.0, 0.5, 0.1, 0.8).end == pytest.approx(100.0)
