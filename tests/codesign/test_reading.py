"""Cycles of readers beside a reader that goes element by element."""

import random
from dataclasses import replace

import pytest

from cosynth import rtl
from cosynth.codesign.reading import apart, pace, together


def slowly(command, places):
    """The rules of `reader.sv`: of each cycle, whether it reads and whether a vector is over."""
    run, a_limit, b_limit, grouped = command.extras
    stride = 2 if grouped & rtl.EVERY_SECOND else 1
    total = 1
    for turns in command.turns:
        total *= turns
    each = 1
    for loop, turns in enumerate(command.turns):
        each *= turns if grouped >> loop & 1 else 1
    held = None
    issues = []
    for number in range(total):
        left, at = number, list(command.bases)
        for loop, turns in enumerate(command.turns):
            for channel in range(3):
                at[channel] += command.strides[channel][loop] * (left % turns)
            left //= turns
        address, a, b = at
        reach = range(0, run * stride, stride)
        elements = [address + n for n in reach if 0 <= b + n < b_limit and 0 <= a < a_limit]
        if not elements:
            issues.append((False, False))
        while elements:
            line = elements[0] // places
            reads = False
            if held != line:
                reads, held = True, line
                count = sum(one // places == line for one in elements)
            elif stride == 2:
                count = sum(one // places <= line + 1 for one in elements)
                if elements[count - 1] // places != line:
                    reads, held = True, line + 1
            else:
                count = min(len(elements), places)
                if elements[count - 1] // places != line:
                    reads, held = True, line + 1
            elements = elements[count:]
            issues.append((reads, False))
        if (number + 1) % each == 0:
            issues[-1] = (issues[-1][0], True)
    return issues


def drawn(rng):
    loops = rng.randint(1, 4)
    run = rng.choice((1, 2, 3, 5, 8, 16))
    groups = rng.randint(0, min(2, loops))
    return rtl.Command(
        unit="moving",
        turns=tuple(rng.randint(1, 5) for _ in range(loops)),
        bases=(rng.randint(0, 40), rng.randint(-2, 2), rng.randint(-4, 4)),
        strides=(
            tuple(rng.choice((1, 2, 8, 16, 24, run)) for _ in range(loops)),
            tuple(rng.choice((0, 0, 1)) for _ in range(loops)),
            tuple(rng.choice((0, 0, 1, run)) for _ in range(loops)),
        ),
        extras=(
            run,
            rng.randint(1, 6),
            rng.randint(1, 20),
            (1 << groups) - 1 + rtl.EVERY_SECOND * rng.randint(0, 1),
        ),
    )


@pytest.mark.parametrize("seed", range(120))
def test_average_is_that_of_each_vector_in_turn(seed):
    rng = random.Random(seed)
    command, places = drawn(rng), rng.choice((4, 8, 16))
    issues = slowly(command, places)
    vectors = sum(over for _, over in issues)
    cycles, reads = pace(command, places)
    assert cycles == pytest.approx(len(issues) / vectors)
    assert reads == pytest.approx(sum(read for read, _ in issues) / vectors)


def plain(turns, stride, run=8):
    return rtl.Command(
        unit="moving", turns=(turns,), bases=(0, 0, 0), strides=((stride,), (0,), (0,)),
        extras=(run, 1, run, 0),
    )  # fmt: skip


def test_two_readers_share_a_port():
    whole, half = plain(4096, 16), plain(4096, 8)
    assert pace(whole, 16) == (1.0, 1.0)
    assert pace(half, 16) == (1.0, 0.5)
    assert together(whole, whole, (16, 16)) == pytest.approx(2.0, rel=0.02)
    assert together(whole, half, (16, 16)) == pytest.approx(1.5, rel=0.02)
    assert together(half, half, (16, 16)) == pytest.approx(1.0, rel=0.02)


def test_short_commands_go_at_the_pace_of_long_ones():
    whole, half = plain(6, 16), plain(6, 8)
    assert together(whole, whole, (16, 16)) == pytest.approx(2.0, rel=0.02)
    assert together(whole, half, (16, 16)) == pytest.approx(1.5, rel=0.02)


def test_readers_that_take_turns_go_on_as_far_as_the_port_allows():
    whole, half, rare = plain(4096, 16), plain(4096, 8), plain(4096, 2, 2)
    assert apart(whole, whole, (16, 16), (1, 1)) == pytest.approx((0.5, 0.5), rel=0.02)
    assert apart(rare, rare, (16, 16), (1, 1)) == pytest.approx((1.0, 1.0), rel=0.02)
    first, second = apart(whole, half, (16, 16), (1, 1))
    # the port is never idle while both have something to read
    assert first + second / 2 == pytest.approx(1.0, rel=0.02)
    assert first < second
    assert apart(half, whole, (16, 16), (1, 1)) == pytest.approx((second, first), rel=0.02)


@pytest.mark.parametrize("every", [2, 3, 8])
def test_readers_begin_each_bank_together(every):
    """All banks are as one bank alone, whatever came to pass in those before."""
    rare = rtl.Command(
        unit="second", turns=(every, 30, 16), bases=(0, 0, 0),
        strides=((0, 16, 480), (0,) * 3, (0,) * 3), extras=(16, 1, 16, 0),
    )  # fmt: skip
    half = plain(100 * 16, 8)
    one = apart(plain(100, 8), replace(rare, turns=(every, 30, 1)), (16, 16), (1, 1))
    assert apart(half, rare, (16, 16), (16, 16)) == pytest.approx(one, abs=0.05)
    assert min(one) < 1.0


def test_many_vectors_are_sampled_and_give_the_same():
    assert pace(plain(1 << 16, 8), 16) == pytest.approx((1.0, 0.5))
    long = rtl.Command(
        unit="moving", turns=(60000, 60), bases=(0, 0, 0),
        strides=((8, 16), (0, 0), (0, 0)), extras=(8, 1, 8, 0),
    )  # fmt: skip
    assert pace(long, 16) == pytest.approx((1.0, 0.5), abs=0.01)
