"""A Verilated chip whose bits can be flipped: a run recorded with its states, and faults from them.

The clock, the state's copies and the comparison with the recorded run are in C++
(`harness/inject.cpp`); a fault is one call for each program that it lives through.
"""

from __future__ import annotations

import ctypes
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from cosynth.errors import CircuitError
from cosynth.rtl.bench import SEEDS, Dram, timing
from cosynth.rtl.sites import PORTS, Layout, Sites, Words, settings, sites
from cosynth.rtl.state import state
from cosynth.rtl.verilate import HARNESSES, build

# how a program with a fault ended: as without, by its interrupt, not in time, against a rule of
# its bus, or with an alarm; `harness/inject.cpp`
SAME, ENDED, LATE, BROKE, ALARMED = range(5)
_MEMORY = (
    *("words", "depth", "stride", "parts", "part"),
    *PORTS,
    *("address_bytes", "mask_bytes"),
)


class _Memory(ctypes.Structure):
    """As `harness/inject.cpp` reads it."""

    _fields_: ClassVar = [(name, ctypes.c_uint64) for name in _MEMORY]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Injectable:
    """A chip ready for faults, with all that can be flipped."""

    library: ctypes.CDLL
    sites: Sites

    @classmethod
    def open(
        cls, sources: Sequence[Path], top: str, parameters: Mapping[str, int] | None = None
    ) -> Injectable:
        """Build module `top`, every register a variable of its own; CircuitError if that fails."""
        found = state(sources, top, parameters or {})
        with tempfile.TemporaryDirectory() as place:
            control = Path(place) / "registers.vlt"
            control.write_text(settings(sources), encoding="utf-8")
            built = build((*sources, control), top, parameters, HARNESSES / "inject.cpp")
        library = _declared(ctypes.CDLL(str(built)))
        layout = Layout.read(library.inject_layout().decode())
        return cls(library=library, sites=sites(found, layout, top))

    @contextmanager
    def powered(
        self, memory: NDArray[np.uint8], dram: Dram, *, seed: int = 0
    ) -> Iterator[Injected]:
        """Switch on, reset, and hand out the running chip; `memory` [bytes] is its DRAM."""
        timed = timing(dram)
        handle = self.library.inject_open(
            seed % SEEDS + 1, memory.ctypes.data, memory.size, ctypes.byref(timed)
        )
        try:
            running = Injected(chip=self, handle=handle, memory=memory)
            regions = np.array(self.sites.watched, dtype=np.uint64)
            memories = (_Memory * len(self.sites.memories))(*map(_memory, self.sites.memories))
            self.library.inject_watch(
                handle, regions.ctypes.data, len(regions), memories, len(memories)
            )
            running.checked(self.library.chip_reset(handle, 2))
            yield running
        finally:
            self.library.inject_close(handle)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Injected:
    """A chip under power."""

    chip: Injectable
    handle: int
    memory: NDArray[np.uint8]

    def checked(self, result: int) -> bool:
        """Return whether what was awaited came; CircuitError if the chip stopped."""
        if result < 0:
            raise CircuitError(f"the chip stopped: {self.said()}")
        return bool(result)

    def said(self) -> str:
        """Why it stopped last."""
        return str(self.chip.library.chip_said(self.handle).decode(errors="replace"))

    def record(self, address: int, words: int, every: int, most: int) -> None:
        """Run a program without faults and keep its state every so many cycles."""
        done = self.chip.library.inject_record(self.handle, address, words, every, most)
        if not self.checked(done):
            raise CircuitError(f"the chip did not end within {most} cycles without faults")

    def recorded(self) -> None:
        """Say that all programs were recorded; faults may come."""
        self.chip.library.inject_recorded(self.handle)

    def changed(self, address: int, size: int) -> None:
        """Say that a host wrote to DRAM."""
        self.chip.library.inject_changed(self.handle, address, size)

    def cycles(self, section: int) -> int:
        """Cycles of a recorded program."""
        return int(self.chip.library.inject_cycles(self.handle, section))

    def next_read(self, memory: int, word: int, bit: int, time: int) -> int:
        """Cycle, counted over all programs, in which a word is read next from a cycle on.

        -1 if the bit is written before, or never read.
        """
        return int(self.chip.library.inject_next_read(self.handle, memory, word, bit, time))

    def fault(self, section: int, cycle: int, bits: NDArray[np.int64], most: int) -> int:
        """Flip bits in a cycle of a program and run to its end; returns how it ended."""
        flipped = np.ascontiguousarray(bits[bits >= 0], dtype=np.uint64)
        return int(
            self.chip.library.inject_fault(
                self.handle, section, cycle, flipped.ctypes.data, len(flipped), most
            )
        )

    def go_on(self, section: int, most: int) -> int:
        """Run the next program with what the fault left; returns how it ended."""
        return int(self.chip.library.inject_go_on(self.handle, section, most))

    def state_bytes(self) -> int:
        """Bytes of one recorded state."""
        return int(self.chip.library.inject_state_bytes())

    def simulated(self) -> int:
        """Cycles that were simulated since the last fault."""
        return int(self.chip.library.inject_simulated(self.handle))


def _memory(one: Words) -> _Memory:
    ports = {name: one.ports[name].at for name in PORTS}
    return _Memory(
        words=one.words.at,
        depth=one.depth,
        stride=one.words.stride,
        parts=one.parts,
        part=one.width // one.parts,
        address_bytes=one.ports["read_address"].stride,
        mask_bytes=one.ports["write_mask"].stride,
        **ports,
    )


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, size, word = ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32
    functions: dict[str, tuple[list[type], type | None]] = {
        "inject_layout": ([], ctypes.c_char_p),
        "inject_open": ([ctypes.c_int, pointer, size, pointer], pointer),
        "inject_close": ([pointer], None),
        "inject_watch": ([pointer, pointer, size, pointer, size], None),
        "inject_changed": ([pointer, size, size], None),
        "inject_record": ([pointer, word, word, size, size], ctypes.c_int),
        "inject_recorded": ([pointer], None),
        "inject_cycles": ([pointer, size], size),
        "inject_next_read": ([pointer, size, size, size, size], ctypes.c_int64),
        "inject_fault": ([pointer, size, size, pointer, size, size], ctypes.c_int),
        "inject_go_on": ([pointer, size, size], ctypes.c_int),
        "inject_state_bytes": ([], size),
        "inject_simulated": ([pointer], size),
        "chip_reset": ([pointer, size], ctypes.c_int),
        "chip_said": ([pointer], ctypes.c_char_p),
    }
    for name, (given, result) in functions.items():
        function = getattr(library, name)
        function.argtypes, function.restype = given, result
    return library
