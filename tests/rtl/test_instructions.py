"""The instruction set: words and back, and registers that give the commands back."""

import numpy as np
import pytest

from cosynth.errors import MappingError, SpecError
from cosynth.rtl.instructions import (
    BASE,
    BY_NAME,
    EXTRA,
    GO,
    SET,
    TURNS,
    UNITS,
    Assembler,
    Command,
    commands,
    decode,
    encode,
    signed,
)


def random_command(rng):
    unit = UNITS[rng.integers(len(UNITS))]
    loops = int(rng.integers(0, unit.loops + 1))
    return Command(
        unit=unit.name,
        turns=tuple(int(n) for n in rng.integers(1, 9, loops)),
        bases=tuple(int(n) for n in rng.integers(-99, 99, len(unit.channels))),
        strides=tuple(tuple(int(n) for n in rng.integers(-50, 50, loops)) for _ in unit.channels),
        extras=tuple(int(n) for n in rng.integers(0, 99, len(unit.extras))),
        takes=int(rng.integers(0, 1 << 12)),
        gives=int(rng.integers(0, 1 << 12)),
    )


def points(registers, unit):
    """The addresses that a nest with these registers walks through, as `nest.sv` does."""
    turns = [registers.get(TURNS + loop, 0) for loop in range(unit.loops)]
    at = [signed(registers[16 * c + BASE]) for c in range(len(unit.channels))]
    counters = [0] * unit.loops
    while True:
        yield tuple(at)
        loop = next((n for n in range(unit.loops) if counters[n] < turns[n]), None)
        if loop is None:
            return
        counters = [0] * loop + [counters[loop] + 1] + counters[loop + 1 :]
        at = [here + signed(registers[16 * c + loop]) for c, here in enumerate(at)]


@pytest.mark.parametrize("seed", range(5))
def test_registers_walk_the_points_of_their_commands(seed):
    print("seed", seed)  # noqa: T201
    rng = np.random.default_rng(seed)
    commands = [random_command(rng) for _ in range(60)]
    commands = [one for one in commands if np.prod(one.turns, dtype=int) < 3000]
    assembler = Assembler()
    for one in commands:
        assembler.add(one)
    assembler.end()
    program = decode(encode(assembler.program))
    assert program == tuple(assembler.program)
    state = {unit.name: {} for unit in UNITS}
    waiting = iter(commands)
    for one in program:
        if one.code == SET:
            state[one.unit][one.register] = one.value
        elif one.code == GO:
            command = next(waiting)
            unit, registers = BY_NAME[one.unit], state[one.unit]
            assert command.unit == one.unit
            assert one.value == command.takes | command.gives << 16
            assert [registers[EXTRA + n] for n in range(len(unit.extras))] == list(command.extras)
            shape = (len(command.turns), int(np.prod(command.turns)))
            grid = np.indices(command.turns[::-1]).reshape(shape)[::-1]
            wanted = [
                np.array(command.bases[c]) + np.array(command.strides[c], dtype=int) @ grid
                if command.turns else np.array([command.bases[c]])
                for c in range(len(unit.channels))
            ]  # fmt: skip
            assert list(points(registers, unit)) == list(
                zip(*(w.tolist() for w in wanted), strict=True)
            )


def test_only_what_changes_is_set():
    one = Command(unit="reload", turns=(4,), bases=(1, 2), strides=((3,), (4,)), extras=(1, 0))
    assembler = Assembler()
    assembler.add(one)
    before = len(assembler.program)
    assembler.add(one)
    assert len(assembler.program) == before + 1


def test_what_is_no_program_wrong():
    with pytest.raises(SpecError, match="word 1: 0x0001000000000000 is no instruction"):
        decode([2 << 40 | 15 << 44, 1 << 48])
    with pytest.raises(SpecError, match="unit 'fill' has no register 250"):
        decode([4 << 44 | 250 << 32])
    with pytest.raises(MappingError, match="would walk 5 loops; it has 4"):
        Assembler().add(Command(unit="load", turns=(2,) * 5))


def test_the_listing_names_registers():
    assembler = Assembler()
    assembler.add(
        Command(
            unit="load",
            turns=(2,),
            bases=(8, 0),
            strides=((16,), (-4,)),
            extras=(3,),
            takes=5,
            gives=2,
        )
    )
    text = [str(one) for one in assembler.program]
    assert "load     local.jump0 = -4" in text
    assert text[-1] == "load     go take 0,2 give 1"


@pytest.mark.parametrize("seed", range(20))
def test_commands_come_back_as_they_were_given(seed):
    rng = np.random.default_rng(seed)
    assembler = Assembler()
    given = [random_command(rng) for _ in range(20)]
    for one in given:
        assembler.add(one)
    assembler.end()
    found = commands(encode(assembler.program))
    assert len(found) == len(given)
    assert sum(len(one.early) + 1 for one in found) == len(assembler.program) - 1
    for one, back in zip(given, (ordered.command for ordered in found), strict=True):
        loops = BY_NAME[one.unit].loops - len(one.turns)
        assert (back.unit, back.bases, back.extras) == (one.unit, one.bases, one.extras)
        assert (back.takes, back.gives) == (one.takes, one.gives)
        assert back.turns == one.turns + (1,) * loops
        for strides, wanted in zip(back.strides, one.strides, strict=True):
            moves = [step if n > 1 else 0 for step, n in zip(wanted, one.turns, strict=True)]
            assert list(strides) == moves + [0] * loops


def test_more_turns_than_are_counted_wrong():
    with pytest.raises(MappingError, match=r"a loop 65,537 times; it counts to 65,536"):
        Assembler().add(Command(unit="fill", turns=(2, (1 << 16) + 1)))
