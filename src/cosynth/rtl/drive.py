"""A module opened for simulation: arrays in, arrays out, one value of each port for each cycle."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cosynth.errors import CircuitError, did_you_mean
from cosynth.rtl.bits import NUMBER, Values, as_words, carried, empty, random_values
from cosynth.rtl.verilate import Port, Trace, build

CLOCK, RESET = "clk", "rst"
_SEEDS = 2**30  # how many states at power-on there are to draw


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A module ready to run. Inputs and outputs are arrays [cycles] of uint64 for a port of up to
    64 bits, [cycles, words] of uint32, lowest first, for a wider one.
    """

    top: str
    ports: tuple[Port, ...]
    library: ctypes.CDLL

    @classmethod
    def open(
        cls,
        sources: Sequence[Path],
        top: str,
        parameters: Mapping[str, int] | None = None,
        trace: Trace = "",
    ) -> Block:
        """Build module `top`, or take it as it was kept; CircuitError if that fails."""
        library = _declared(ctypes.CDLL(str(build(sources, top, parameters, trace=trace))))
        ports = []
        for line in library.block_ports().decode().splitlines():
            name, bits, is_input = line.split()
            ports.append(Port(name=name, bits=int(bits), input=is_input == "1"))
        return cls(top=top, ports=tuple(ports), library=library)

    def run(
        self,
        stimulus: Mapping[str, ArrayLike],
        *,
        seed: int = 0,
        reset: int = 1,
        trace: Path | None = None,
    ) -> dict[str, Values]:
        """Switch on, hold `rst` for `reset` cycles, then return every output for every cycle.

        `seed` draws the state at power-on and what other inputs are during reset. Outputs of a
        cycle are what stands before the rising edge that ends it. Inputs not given are 0.
        """
        with self.powered(seed=seed, reset=reset, trace=trace) as running:
            return running.step(stimulus)

    @contextmanager
    def powered(
        self, *, seed: int = 0, reset: int = 1, trace: Path | None = None
    ) -> Iterator[Running]:
        """Switch on as `run` does and hand out the running module, to go on step by step."""
        # Verilator takes seed 0 as "any"
        handle = self.library.block_open(seed % _SEEDS + 1)
        try:
            if trace and not self.library.block_trace(handle, str(trace).encode()):
                raise CircuitError(f"module {self.top}: open it with trace='vcd' to write {trace}")
            running = Running(block=self, handle=handle)
            running.reset(reset, np.random.default_rng(seed))
            yield running
        finally:
            self.library.block_close(handle)

    def port(self, name: str) -> Port:
        """Return a port by name; CircuitError if there is none."""
        for port in self.ports:
            if port.name == name:
                return port
        known = [port.name for port in self.ports]
        raise CircuitError(f"module {self.top} has no port {name!r}{did_you_mean(name, known)}")

    def index(self, name: str) -> int:
        """Return the place of a port in `ports`."""
        return self.ports.index(self.port(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A module under power; its state goes on from call to call."""

    block: Block
    handle: int

    def step(self, stimulus: Mapping[str, ArrayLike]) -> dict[str, Values]:
        """Run as many cycles as the arrays are long and return every output for every cycle.

        Inputs not given keep their last value.
        """
        inputs = {
            name: self._carried(self._input(name), values) for name, values in stimulus.items()
        }
        lengths = {name: len(values) for name, values in inputs.items()}
        if len(set(lengths.values())) > 1:
            raise CircuitError(f"module {self.block.top}: inputs differ in cycles: {lengths}")
        cycles = next(iter(lengths.values()), 0)
        outputs = {p.name: empty(cycles, p.bits) for p in self.block.ports if not p.input}
        self.advance(cycles, inputs, outputs)
        return outputs

    def reset(self, cycles: int, generator: np.random.Generator) -> None:
        """Hold `rst` for some cycles while other inputs are random; after that all inputs are 0."""
        if all(port.name != RESET for port in self.block.ports):
            return
        values = {
            port.name: random_values(cycles, port.bits, generator)
            for port in self.block.ports
            if port.input and port.name != CLOCK
        }
        values[RESET] = np.ones(cycles, np.uint64)
        self.advance(cycles, values, {})
        self.hold(dict.fromkeys(values, 0))

    def hold(self, values: Mapping[str, int | Values]) -> None:
        """Give inputs one value each, which they keep: an int, or the words of a wide port."""
        for name, value in values.items():
            port = self._input(name)
            wide = port.bits > NUMBER
            given = as_words(value, port.bits) if wide and isinstance(value, int) else value
            one = self._carried(port, np.asarray(given)[None])
            self.block.library.block_hold(self.handle, self.block.index(name), one.ctypes.data)

    def advance(
        self,
        cycles: int,
        inputs: Mapping[str, Values],
        outputs: Mapping[str, Values],
        streams: ctypes.Array[Any] | None = None,
        linger: int = 1,
    ) -> int:
        """Run arrays that have the shape and type of their ports, and return how many cycles ran.

        `streams` are described in `stream.py` and `harness/block.cpp`.
        """
        ran: int = self.block.library.block_advance(
            self.handle,
            cycles,
            self._table(inputs),
            self._table(outputs),
            streams,
            len(streams) if streams else 0,
            linger,
        )
        if ran < 0:
            said = self.block.library.block_said(self.handle).decode(errors="replace")
            raise CircuitError(f"module {self.block.top} stopped: {said}")
        return ran

    def _table(self, arrays: Mapping[str, Values]) -> ctypes.Array[ctypes.c_void_p]:
        addresses = [
            arrays[port.name].ctypes.data if port.name in arrays else None
            for port in self.block.ports
        ]
        return (ctypes.c_void_p * len(addresses))(*addresses)

    def _input(self, name: str) -> Port:
        port = self.block.port(name)
        if not port.input or name == CLOCK:
            what = "the clock runs by itself" if port.input else "an output"
            raise CircuitError(f"{self._where(port)}: {what}")
        return port

    def _carried(self, port: Port, values: ArrayLike) -> Values:
        return carried(values, port.bits, self._where(port))

    def _where(self, port: Port) -> str:
        return f"module {self.block.top}, port {port.name}"


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, size = ctypes.c_void_p, ctypes.c_uint64
    library.block_ports.restype = ctypes.c_char_p
    library.block_open.argtypes, library.block_open.restype = [ctypes.c_int], pointer
    library.block_close.argtypes, library.block_close.restype = [pointer], None
    library.block_hold.argtypes = [pointer, ctypes.c_int, pointer]
    library.block_hold.restype = None
    library.block_trace.argtypes = [pointer, ctypes.c_char_p]
    library.block_said.argtypes, library.block_said.restype = [pointer], ctypes.c_char_p
    library.block_advance.restype = ctypes.c_int64
    library.block_advance.argtypes = [
        *(pointer, size, pointer, pointer),
        *(pointer, ctypes.c_int, size),
    ]
    return library
