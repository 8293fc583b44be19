"""The instruction set: one table from which encoder, decoder, listing and documentation come.

An instruction is a word of 64 bits: value [31:0], register [39:32], code [41:40], unit [47:44]. SET
writes a register of a unit's next command. GO starts the command when the tokens in value[15:0] are
there, and gives those in value[31:16] when it is done. END, for no unit, stops when all units are
idle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosynth.errors import MappingError, SpecError

SET, GO, END = 0, 1, 2
CODES = ("SET", "GO", "END")
BASE, TURNS, EXTRA = 15, 224, 240  # places of a unit's registers: `unit.sv`
# of `grouped`: a reader takes every second element of a run
EVERY_SECOND = 1 << 8
# and fills up with the lowest value, not with zeros
LOWEST = 1 << 9
MOST_TURNS = 1 << 16  # of a loop: `nest.sv`


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit of the chip: channels of its nest of loops, and what else a command of it says."""

    number: int
    name: str
    channels: tuple[str, ...]
    extras: tuple[str, ...]
    loops: int
    about: str


UNITS = (
    Unit(number=0, name="load", channels=("dram", "local"), extras=("run",), loops=4,
         about="copies a box from DRAM to the buffer, by runs of grains"),
    Unit(number=1, name="store", channels=("dram", "local"), extras=("run",), loops=4,
         about="copies a box from the buffer to DRAM"),
    Unit(number=2, name="moving", channels=("address", "a", "b"),
         extras=("run", "a_limit", "b_limit", "grouped"), loops=8,
         about="reads the vectors that every row's units share"),
    Unit(number=3, name="second", channels=("address", "a", "b"),
         extras=("run", "a_limit", "b_limit", "grouped"), loops=8,
         about="reads what the units hold, or the vectors that columns share; bit 8 of `grouped`:"
         " every second element of a run"),
    Unit(number=4, name="fill", channels=("none",), extras=("none",), loops=3,
         about="counts the rows, entries and banks that are filled"),
    Unit(number=5, name="step", channels=("entry", "line", "row"),
         extras=("sum_mask", "bank_mask", "half_mask", "flags"), loops=8,
         about="walks the steps of the array"),
    Unit(number=6, name="lines", channels=("entry", "line", "row"),
         extras=("sum_mask", "bank_mask", "half_mask", "flags"), loops=8,
         about="takes the lines of sums that an output-stationary array kept"),
    Unit(number=7, name="reload", channels=("slot", "line"), extras=("half_mask", "zero"), loops=6,
         about="brings back sums that were spilled, or zeros"),
    Unit(number=8, name="params", channels=("address", "a", "b"),
         extras=("run", "a_limit", "b_limit", "grouped"), loops=6,
         about="reads biases and multipliers"),
    Unit(number=9, name="residual", channels=("address", "a", "b"),
         extras=("run", "a_limit", "b_limit", "grouped"), loops=8,
         about="reads what is added to the output"),
    Unit(number=10, name="drain", channels=("line", "address"),
         extras=("run", "line_mask", "half_mask", "param_mask", "flags", "shift", "low", "high",
                 "residual_multiplier", "residual_shift", "none"), loops=8,
         about="takes finished lines through post-processing into the buffer"),
)  # fmt: skip
BY_NAME = {unit.name: unit for unit in UNITS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One word of a program."""

    unit: str
    code: int
    register: int = 0
    value: int = 0

    def __str__(self) -> str:
        if self.code == END:
            return "end"
        if self.code == GO:
            takes, gives = self.value & 0xFFFF, self.value >> 16
            said = [f"take {_bits(takes)}"] if takes else []
            said += [f"give {_bits(gives)}"] if gives else []
            return " ".join([f"{self.unit:9}go", *said])
        name = register_name(BY_NAME[self.unit], self.register)
        return f"{self.unit:9}{name} = {signed(self.value)}"


def _bits(mask: int) -> str:
    return ",".join(str(bit) for bit in range(16) if mask >> bit & 1)


def signed(value: int) -> int:
    """A word of 32 bits as a signed number."""
    return value - (1 << 32) if value >> 31 else value


def register_name(unit: Unit, register: int) -> str:
    """Name of a unit's register; SpecError if it has none there."""
    if register >= EXTRA:
        names, at = unit.extras, register - EXTRA
        if at < len(names):
            return names[at]
    elif register >= TURNS:
        if register - TURNS < unit.loops:
            return f"turns{register - TURNS}"
    elif register // 16 < len(unit.channels):
        channel = unit.channels[register // 16]
        if register % 16 == BASE:
            return f"{channel}.base"
        if register % 16 < unit.loops:
            return f"{channel}.jump{register % 16}"
    raise SpecError(f"unit {unit.name!r} has no register {register}")


def encode(program: Iterable[Instruction]) -> NDArray[np.uint64]:
    """Words of a program."""
    words = [
        (one.value & 0xFFFFFFFF)
        | one.register << 32
        | one.code << 40
        | (BY_NAME[one.unit].number if one.unit else 15) << 44
        for one in program
    ]
    return np.array(words, dtype=np.uint64)


def decode(words: Sequence[int] | NDArray[np.uint64]) -> tuple[Instruction, ...]:
    """Instructions of words; SpecError names the word that is none."""
    found = []
    for at, word in enumerate(int(one) for one in words):
        number, code = word >> 44 & 15, word >> 40 & 3
        if code == END:
            found.append(Instruction(unit="", code=END))
            continue
        if number >= len(UNITS) or code > END or word >> 48:
            raise SpecError(f"word {at}: {word:#018x} is no instruction")
        unit = UNITS[number]
        register = word >> 32 & 255
        if code == SET:
            register_name(unit, register)
        found.append(
            Instruction(unit=unit.name, code=code, register=register, value=word & 0xFFFFFFFF)
        )
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A unit's work: loops innermost first, a base and strides for each channel, and its extras."""

    unit: str
    turns: tuple[int, ...] = ()
    bases: tuple[int, ...] = ()
    strides: tuple[tuple[int, ...], ...] = ()
    extras: tuple[int, ...] = ()
    takes: int = 0
    gives: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """A command of a program, and which of the words before its start may come ahead of it."""

    command: Command
    early: tuple[bool, ...]


def commands(words: Sequence[int] | NDArray[np.uint64]) -> tuple[Ordered, ...]:
    """Return the commands of a program in the order of their starts: what `Assembler` was given.

    Loops that a command did not have go round once; what was never set is 0.
    """
    registers: dict[str, dict[int, int]] = {unit.name: {} for unit in UNITS}
    early: dict[str, list[bool]] = {unit.name: [] for unit in UNITS}
    found = []
    for one in decode(words):
        if one.code == SET:
            registers[one.unit][one.register] = signed(one.value)
            early[one.unit].append(one.register < TURNS and one.register % 16 == BASE)
        elif one.code == GO:
            command = _gathered(BY_NAME[one.unit], registers[one.unit], one.value)
            found.append(Ordered(command=command, early=tuple(early[one.unit])))
            early[one.unit] = []
    return tuple(found)


def _gathered(unit: Unit, registers: Mapping[int, int], tokens: int) -> Command:
    """A command as a unit's registers hold it."""
    turns = tuple((registers.get(TURNS + loop, 0) & 0xFFFF) + 1 for loop in range(unit.loops))
    strides = []
    for channel in range(len(unit.channels)):
        row, passed = [], 0
        for loop, count in enumerate(turns):
            row.append(registers.get(channel * 16 + loop, 0) + passed if count > 1 else 0)
            passed += row[-1] * (count - 1)
        strides.append(tuple(row))
    return Command(
        unit=unit.name,
        turns=turns,
        bases=tuple(registers.get(n * 16 + BASE, 0) for n in range(len(unit.channels))),
        strides=tuple(strides),
        extras=tuple(registers.get(EXTRA + at, 0) for at in range(len(unit.extras))),
        takes=tokens & 0xFFFF,
        gives=tokens >> 16,
    )


class Assembler:
    """Turns commands into instructions: only registers that change are set."""

    def __init__(self) -> None:
        self.program: list[Instruction] = []
        self._state: dict[tuple[str, int], int] = {}

    def add(self, command: Command) -> None:
        """Append a command."""
        unit = BY_NAME[command.unit]
        if len(command.turns) > unit.loops:
            raise MappingError(
                f"unit {unit.name!r} would walk {len(command.turns)} loops; it has {unit.loops}"
            )
        for loop in range(unit.loops):
            turns = command.turns[loop] if loop < len(command.turns) else 1
            if not 1 <= turns <= MOST_TURNS:
                raise MappingError(
                    f"unit {unit.name!r} would go round a loop {turns:,} times; it counts to"
                    f" {MOST_TURNS:,}"
                )
            self._set(unit, TURNS + loop, turns - 1)
        for channel, (base, strides) in enumerate(zip(command.bases, command.strides, strict=True)):
            self._set(unit, channel * 16 + BASE, base)
            passed = 0
            for loop, (stride, turns) in enumerate(zip(strides, command.turns, strict=True)):
                if turns > 1:
                    self._set(unit, channel * 16 + loop, stride - passed)
                passed += stride * (turns - 1)
        for at, value in enumerate(command.extras):
            self._set(unit, EXTRA + at, value)
        value = command.takes | command.gives << 16
        self.program.append(Instruction(unit=unit.name, code=GO, value=value))

    def end(self) -> None:
        """Append the stop."""
        self.program.append(Instruction(unit="", code=END))

    def _set(self, unit: Unit, register: int, value: int) -> None:
        value &= 0xFFFFFFFF
        if self._state.get((unit.name, register)) != value:
            self._state[unit.name, register] = value
            self.program.append(
                Instruction(unit=unit.name, code=SET, register=register, value=value)
            )
