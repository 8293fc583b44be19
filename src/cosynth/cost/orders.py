"""What the units of an engine's circuit are told to do, as far as it takes time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Numbers of a circuit that time depends on; times in cycles.

    `delay` passes from a step to its line of sums, `post` from a line to its codes in the buffer.
    `latency` and `write_latency` are DRAM's, `beats` what it moves in a cycle, `words` those of a
    program in a beat, `parts` the lines of the buffer that a spilled line of sums takes.
    """

    kept: bool  # sums stay in the units (output-stationary); else an operand does
    delay: int
    post: int
    latency: int
    write_latency: int
    beats: float
    words: int
    parts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A box between DRAM and the buffer: `moves` counts the pieces that pass a cycle each.

    In `touches` of these cycles it needs the port of the buffer.
    """

    beats: float
    runs: int
    bursts: float
    moves: float
    touches: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Vectors out of the buffer: cycles and reads of each on average, were the port free.

    Where it takes turns with another reader, it goes on in a share of cycles, `beside`.
    """

    vectors: int
    cycles: float
    reads: float
    beside: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """Banks of registers, and vectors of each."""

    vectors: int
    banks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Steps of the array, or lines that leave it, in chunks within one bank and one half of sums.

    `bank` and `half` count chunks; `begins` and `ends` say whether a half does so here. `period`
    is cycles of a step, `fetches` the share of steps that read the sums, for each chunk of a half.
    """

    chunk: int
    chunks: int
    bank: int
    half: int
    begins: bool
    ends: bool
    loaded: bool
    fetches: tuple[float, ...]
    period: float = 1.0
    reads: float = 0.0  # of the buffer, in a step


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """Finished halves on their way to the buffer: `lines` of each, `width` cycles to write one."""

    lines: int
    halves: int
    begins: bool
    ends: bool
    spills: bool
    width: float
    params: int  # vectors of parameters in a half
    residual: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reload:
    """Halves that come back from the buffer, or begin as zeros."""

    lines: int
    halves: int
    zero: bool


Work = Copy | Read | Fill | Walk | Drain | Reload


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A command: `early` says of each word before its start whether it may come while another runs.

    It waits for the tokens it `takes`, and when it is done gives others.
    """

    unit: str
    early: tuple[bool, ...]
    takes: tuple[int, ...]
    gives: tuple[int, ...]
    work: Work
