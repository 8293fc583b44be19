"""Beats through a module behind valid and ready, sent and taken with random gaps."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cosynth.errors import CircuitError
from cosynth.rtl.bits import Values, carried, empty
from cosynth.rtl.drive import Block, Running

NEVER = -1
_SURPLUS = 16  # beats beyond what is awaited that are still taken, to show that they came
_PERIOD = 4093  # cycles after which the pauses repeat; a prime, to meet other rhythms anew
_LINGER = 64  # cycles in which they may come


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Ports that make a stream: a beat of `payload` passes when `valid` and `ready` are high."""

    valid: str
    ready: str
    payload: tuple[str, ...]

    @classmethod
    def of(cls, block: Block, name: str) -> Stream:
        """The stream of the ports `NAME_valid`, `NAME_ready` and every other `NAME_...`.

        Names without underscore serve as well: `awvalid`, `awready`, `awaddr`.
        """
        known = {port.name for port in block.ports}
        for joint in ("_", ""):
            valid, ready = f"{name}{joint}valid", f"{name}{joint}ready"
            if {valid, ready} <= known:
                source = block.port(valid).input
                payload = [
                    port.name
                    for port in block.ports
                    if port.name.startswith(name + joint)
                    and port.name not in {valid, ready}
                    and port.input == source
                ]
                return cls(valid=valid, ready=ready, payload=tuple(payload))
        raise CircuitError(f"module {block.top} has no ports {name}_valid and {name}_ready")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """The beats of one stream: a value of each port for each, and the cycle in which it passed.

    `changed` is the first cycle in which a beat that waited was withdrawn or differed, `peeked` the
    first in which valid or a beat hung on ready without a clock edge between; NEVER if none did.
    """

    beats: Mapping[str, Values]
    when: NDArray[np.uint64]
    changed: int
    peeked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What is sent and what is awaited, and how likely in a cycle each side pauses, 0 to 1."""

    send: Mapping[str, Mapping[str, ArrayLike]]  # of a stream, of each port: [beats]
    expect: Mapping[str, int]  # of a stream: how many beats
    hold: Mapping[str, int | Values] = field(default_factory=dict)  # other inputs
    pause_sending: float = 0.0
    pause_taking: float = 0.0
    most: int = 100_000  # cycles


def exchange(block: Block, traffic: Traffic, *, seed: int = 0, cut: int = 0) -> dict[str, Passed]:
    """Switch on, reset for one cycle, let the traffic pass and return what passed, by stream.

    `seed` draws the state at power-on and the gaps. With `cut` the same traffic runs before, for so
    many cycles, until a reset of one cycle ends it. It ends when all has been sent and received, a
    little later to see what comes too much, or after `traffic.most` cycles.
    """
    generator = np.random.default_rng(seed)
    with block.powered(seed=seed) as running:
        if cut:
            running.hold(traffic.hold)
            _run(running, traffic, generator, cut)
            running.reset(1, generator)
        running.hold(traffic.hold)
        return _run(running, traffic, generator, traffic.most)


class _Row(ctypes.Structure):
    """A stream as `harness/block.cpp` reads it."""

    _fields_: ClassVar = [
        ("valid", ctypes.c_int32),
        ("ready", ctypes.c_int32),
        ("source", ctypes.c_int32),
        ("payloads", ctypes.c_int32),
        ("ports", ctypes.c_void_p),
        ("data", ctypes.c_void_p),
        ("beats", ctypes.c_uint64),
        ("room", ctypes.c_uint64),
        ("open", ctypes.c_void_p),
        ("period", ctypes.c_uint64),
        ("when", ctypes.c_void_p),
        ("done", ctypes.c_uint64),
        ("changed", ctypes.c_int64),
        ("peeked", ctypes.c_int64),
        ("stalled", ctypes.c_int32),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """One stream under way: its arrays, which the harness reads and writes."""

    stream: Stream
    sends: bool
    beats: int
    data: dict[str, Values]
    open: NDArray[np.uint8]
    when: NDArray[np.uint64]

    def row(self, block: Block) -> tuple[_Row, list[object]]:
        """Return the row and what must live as long as it."""
        ports = np.array([block.index(name) for name in self.data], np.int32)
        data = np.array([values.ctypes.data for values in self.data.values()], np.uintp)
        row = _Row(
            valid=block.index(self.stream.valid),
            ready=block.index(self.stream.ready),
            source=int(self.sends),
            payloads=len(ports),
            ports=ports.ctypes.data,
            data=data.ctypes.data,
            beats=self.beats,
            room=len(self.when),
            open=self.open.ctypes.data,
            period=len(self.open),
            when=self.when.ctypes.data,
            changed=NEVER,
            peeked=NEVER,
        )
        return row, [ports, data]


def _run(
    running: Running, traffic: Traffic, generator: np.random.Generator, cycles: int
) -> dict[str, Passed]:
    block = running.block
    sides = {
        name: _sender(block, name, values, traffic, generator)
        for name, values in traffic.send.items()
    }
    for name, beats in traffic.expect.items():
        sides[name] = _receiver(block, name, beats, traffic, generator)
    rows, alive = zip(*(side.row(block) for side in sides.values()), strict=True)
    table = (_Row * len(rows))(*rows)
    running.advance(cycles, {}, {}, table, _LINGER)
    del alive
    return {
        name: Passed(
            beats={port: values[: row.done] for port, values in side.data.items()},
            when=side.when[: row.done],
            changed=row.changed,
            peeked=row.peeked,
        )
        for (name, side), row in zip(sides.items(), table, strict=True)
    }


def _sender(
    block: Block,
    name: str,
    values: Mapping[str, ArrayLike],
    traffic: Traffic,
    generator: np.random.Generator,
) -> _Side:
    stream = Stream.of(block, name)
    if set(values) != set(stream.payload):
        raise CircuitError(
            f"module {block.top}, stream {name}: takes {', '.join(sorted(stream.payload))}, "
            f"not {', '.join(values)}"
        )
    data = {
        port: carried(each, block.port(port).bits, f"module {block.top}, port {port}")
        for port, each in values.items()
    }
    lengths = {port: len(each) for port, each in data.items()}
    if len(set(lengths.values())) != 1:
        raise CircuitError(f"module {block.top}, stream {name}: ports differ in beats: {lengths}")
    beats = next(iter(lengths.values()))
    return _Side(
        stream=stream,
        sends=True,
        beats=beats,
        data=data,
        open=_open(traffic.pause_sending, generator),
        when=np.zeros(beats, np.uint64),
    )


def _receiver(
    block: Block,
    name: str,
    beats: int,
    traffic: Traffic,
    generator: np.random.Generator,
) -> _Side:
    stream = Stream.of(block, name)
    room = beats + _SURPLUS
    return _Side(
        stream=stream,
        sends=False,
        beats=beats,
        # one more, where a beat that waits is kept to be compared
        data={port: empty(room + 1, block.port(port).bits) for port in stream.payload},
        open=_open(traffic.pause_taking, generator),
        when=np.zeros(room, np.uint64),
    )


def _open(pause: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    opened: NDArray[np.uint8] = (generator.random(_PERIOD, np.float32) >= pause).astype(np.uint8)
    return opened
