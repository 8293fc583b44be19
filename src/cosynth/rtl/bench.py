"""A bench for a whole chip: DRAM on its AXI4 port, its registers, and the clock in C++."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from cosynth.errors import CircuitError
from cosynth.rtl.verilate import HARNESSES, Trace, build

_PAUSES = 1 << 16
SEEDS = 2**30  # how many states at power-on there are to draw


@dataclass(frozen=True, slots=True, kw_only=True)
class Dram:
    """How the DRAM of a bench answers.

    `latency` cycles from a read's address to its first beat, `write_latency` from a write's last
    beat to its response, `bandwidth` bytes per cycle, which reads and writes share with
    `shared_port`. It takes `outstanding` requests of each kind ahead. `pauses`, 0 to 1: how likely
    each channel, and that of registers, does nothing in a cycle, on top.
    """

    latency: int = 1
    write_latency: int = 1
    bandwidth: Fraction = Fraction(1 << 20)
    shared_port: bool = True
    outstanding: int = 16
    pauses: float = 0.0


_TIMING = (
    *("latency", "write_latency", "numerator", "denominator", "outstanding"),
    *("shared", "pauses"),
)
_COUNTS = (
    *("read_bursts", "read_beats", "write_bursts", "write_beats", "written"),
    *("held", "starved"),
)


class _Timing(ctypes.Structure):
    """As `harness/dram.hpp` reads it."""

    _fields_: ClassVar = [(name, ctypes.c_uint64) for name in _TIMING]


class _Counts(ctypes.Structure):
    """As `harness/dram.hpp` writes it."""

    _fields_: ClassVar = [(name, ctypes.c_uint64) for name in _COUNTS]


@dataclass(frozen=True, slots=True, kw_only=True)
class BusTraffic:
    """What passed on the AXI4 port so far: bursts and beats, bytes `written`, and cycles in which a
    beat read waited for the chip (`held`) or one to be written was awaited from it (`starved`).
    """

    read_bursts: int
    read_beats: int
    write_bursts: int
    write_beats: int
    written: int
    held: int
    starved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A whole chip ready to run.

    Its ports: `clk`, `rst`, an AXI4 master `m_axi_*` (addresses of up to 64 bits, data of up to
    1024, the IDs optional), an AXI4-Lite slave `s_axil_*` of 32 bits, an optional output `irq`.
    """

    top: str
    library: ctypes.CDLL

    @classmethod
    def open(
        cls,
        sources: Sequence[Path],
        top: str = "chip",
        parameters: Mapping[str, int] | None = None,
        trace: Trace = "",
    ) -> Bench:
        """Build module `top`, or take it as it was kept; CircuitError if that fails."""
        library = build(sources, top, parameters, HARNESSES / "chip.cpp", trace)
        return cls(top=top, library=_declared(ctypes.CDLL(str(library))))

    @contextmanager
    def powered(
        self,
        memory: NDArray[np.uint8],
        dram: Dram,
        *,
        seed: int = 0,
        reset: int = 1,
        trace: Path | None = None,
    ) -> Iterator[Powered]:
        """Switch on, hold `rst` for `reset` cycles and hand out the running bench.

        `memory` [bytes] is what the DRAM holds, from address 0 on; the chip changes it in place.
        `seed` draws the state at power-on and the pauses.
        """
        if memory.dtype != np.uint8 or memory.ndim != 1 or not memory.flags.c_contiguous:
            raise CircuitError("the memory of a bench is a contiguous array of uint8 [bytes]")
        timed = timing(dram)
        # Verilator takes seed 0 as "any"
        handle = self.library.chip_open(
            seed % SEEDS + 1, memory.ctypes.data, memory.size, ctypes.byref(timed)
        )
        try:
            running = Powered(bench=self, handle=handle)
            if lacks := self.library.chip_said(handle).decode():
                raise CircuitError(f"module {self.top}: {lacks}")
            if trace and not self.library.chip_trace(handle, str(trace).encode()):
                raise CircuitError(f"module {self.top}: open it with trace='fst' to write {trace}")
            running.reset(reset)
            yield running
        finally:
            self.library.chip_close(handle)


@dataclass(frozen=True, slots=True, kw_only=True)
class Powered:
    """A chip under power. Whatever stops it or breaks a rule of AXI4 is a CircuitError."""

    bench: Bench
    handle: int

    @property
    def cycles(self) -> int:
        """Cycles since it was switched on."""
        count: int = self.bench.library.chip_cycles(self.handle)
        return count

    @property
    def traffic(self) -> BusTraffic:
        """What passed on the AXI4 port so far."""
        counts = _Counts()
        self.bench.library.chip_traffic(self.handle, ctypes.byref(counts))
        return BusTraffic(**{name: getattr(counts, name) for name in _COUNTS})

    def reset(self, cycles: int = 1) -> None:
        """Hold `rst` for some cycles."""
        self._checked(self.bench.library.chip_reset(self.handle, cycles))

    def write(self, address: int, value: int) -> None:
        """Write a register of 32 bits at a byte address."""
        self._checked(self.bench.library.chip_write(self.handle, address, value & 0xFFFFFFFF))

    def read(self, address: int) -> int:
        """Read a register of 32 bits at a byte address."""
        value = ctypes.c_uint32()
        self._checked(self.bench.library.chip_read(self.handle, address, ctypes.byref(value)))
        return value.value

    def run(self, cycles: int) -> None:
        """Let some cycles pass."""
        self._checked(self.bench.library.chip_run(self.handle, cycles))

    def until_interrupt(self, most: int) -> int:
        """Run until `irq` is high and return the cycles that took; CircuitError after `most`."""
        begun = self.cycles
        if not self._checked(self.bench.library.chip_until_interrupt(self.handle, most)):
            raise CircuitError(f"module {self.bench.top}: no interrupt came within {most} cycles")
        return self.cycles - begun

    def until_register(
        self, address: int, value: int, *, mask: int = 0xFFFFFFFF, most: int, pause: int = 16
    ) -> int:
        """Run until a register equals `value` under `mask`, read every `pause` cycles.

        Returns the cycles that took; CircuitError after `most`.
        """
        begun = self.cycles
        library = self.bench.library
        if not self._checked(
            library.chip_until_register(self.handle, address, mask, value & mask, most, pause)
        ):
            raise CircuitError(
                f"module {self.bench.top}: register {address:#x} did not become {value:#x} "
                f"within {most} cycles"
            )
        return self.cycles - begun

    def _checked(self, result: int) -> bool:
        if result < 0:
            said = self.bench.library.chip_said(self.handle).decode(errors="replace")
            raise CircuitError(f"module {self.bench.top} stopped: {said}")
        return bool(result)


def timing(dram: Dram) -> _Timing:
    """Return what the harness is told of a DRAM; CircuitError for numbers that no DRAM has."""
    rate = Fraction(dram.bandwidth)
    if rate <= 0 or dram.latency < 1 or dram.write_latency < 1 or dram.outstanding < 1:
        raise CircuitError(
            "the DRAM of a bench needs a bandwidth above 0, latencies and outstanding of at least 1"
        )
    if not 0 <= dram.pauses < 1:
        raise CircuitError(f"pauses of {dram.pauses}: must be at least 0 and below 1")
    return _Timing(
        latency=dram.latency,
        write_latency=dram.write_latency,
        numerator=rate.numerator,
        denominator=rate.denominator,
        outstanding=dram.outstanding,
        shared=int(dram.shared_port),
        pauses=int(dram.pauses * _PAUSES),
    )


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, size, word = ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32
    arguments: dict[str, list[type]] = {
        "reset": [size],
        "write": [word, word],
        "read": [word, pointer],
        "run": [size],
        "until_interrupt": [size],
        "until_register": [word, word, word, size, size],
        "trace": [ctypes.c_char_p],
    }
    for name, given in arguments.items():
        function = getattr(library, f"chip_{name}")
        function.argtypes, function.restype = [pointer, *given], ctypes.c_int
    library.chip_open.argtypes = [ctypes.c_int, pointer, size, pointer]
    library.chip_open.restype = pointer
    library.chip_close.argtypes, library.chip_close.restype = [pointer], None
    library.chip_said.argtypes, library.chip_said.restype = [pointer], ctypes.c_char_p
    library.chip_cycles.argtypes, library.chip_cycles.restype = [pointer], size
    library.chip_traffic.argtypes, library.chip_traffic.restype = [pointer, pointer], None
    return library
