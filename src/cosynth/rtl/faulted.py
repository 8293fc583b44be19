"""A network on a circuit with flips: recorded without a fault, then run with one to its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosynth.errors import CircuitError
from cosynth.rtl import outcome as oc
from cosynth.rtl import reference
from cosynth.rtl.bench import Dram
from cosynth.rtl.chip import Chip
from cosynth.rtl.injector import ALARMED, BROKE, ENDED, LATE, SAME, Injected
from cosynth.rtl.machine import MOST_CYCLES
from cosynth.rtl.network import Host, Layer, Network, Whole
from cosynth.rtl.outcome import Fault, Flip
from cosynth.rtl.program import Program, Section, read_codes, write_tensor
from cosynth.rtl.words import codes_of, whole_of

# a program with a fault has hung after so many times its own cycles
HANGS = 2
SPARE = 2000  # cycles that a short program has on top
# bytes that all recorded states may take
KEPT = 1 << 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """When an output that differs is still tolerable: the same greatest element (`top1`), or an
    error relative to the output's norm of at most `error`.
    """

    top1: bool
    error: float = 0.05


def likely_answer(network: Network) -> Answer:
    """A network that ends in a softmax classifies: its answer is the greatest element."""
    outs = set(_outputs(network))
    last = [
        einsum
        for one in network.operations
        if isinstance(one, Host) and one.einsums[-1].output.tensor in outs
        for einsum in one.einsums
    ]
    # an exponential that stands right behind a sum is looked up on the array
    last += [one for one in network.graph.einsums if one.output.tensor in outs]
    return Answer(top1=any("exp(" in str(einsum) for einsum in last))


def _outputs(network: Network) -> tuple[str, ...]:
    made = {
        one.out if isinstance(one, Layer) else one.einsums[-1].output.tensor
        for one in network.operations
    }
    graph = network.graph
    return tuple(t.name for t in graph.tensors if t.role == "output" and t.name in made)


class Case:
    """A network with its inputs, run with faults and without."""

    def __init__(
        self, program: Program, network: Network, chip: Chip, inputs: Mapping[str, Whole],
        answer: Answer, dram: Dram,
    ) -> None:  # fmt: skip
        self.program, self.network, self.chip, self.inputs = program, network, chip, inputs
        self.answer, self.dram = answer, dram
        self.expected = reference.run(network, inputs, chip.accumulator)
        self.outs = {one.name: one.out for one in network.operations if isinstance(one, Layer)}
        self.outputs = _outputs(network)

    def memory(self) -> NDArray[np.uint8]:
        """DRAM before the first program."""
        memory = self.program.image.copy()
        for name, values in self.inputs.items():
            write_tensor(self.program, self.network, name, values, memory)
        return memory

    def record(self, running: Injected, every: int) -> list[int]:
        """Run the network without faults; cycles of each program."""
        number = 0
        for one in self.program.order:
            if isinstance(one, Host):
                self._host(running, one, self.expected)
                continue
            running.record(one.address, one.words, every, MOST_CYCLES)
            number += 1
            out = self.outs[one.layer]
            wanted = codes_of(self.expected[out], self.network.activation_format)
            if not np.array_equal(read_codes(self.program, out, running.memory), wanted):
                raise CircuitError(f"layer {one.layer}: the chip is wrong without any fault")
        running.recorded()
        return [running.cycles(at) for at in range(number)]

    def fault(self, running: Injected, lengths: Sequence[int], flip: Flip) -> Fault:
        """Flip one bit and see what becomes of it."""
        ended, cycles = SAME, 0
        moment = used(running, flip, lengths)
        if moment:
            bits = running.chip.sites.sites[flip.site].bits[flip.bit]
            ended = running.fault(*moment, bits, _limit(lengths[moment[0]]))
            cycles = running.simulated()
            if ended == ENDED:
                ended = self._rest(running, moment[0], lengths)
                cycles = running.simulated()
        return Fault(
            flip=flip,
            outcome=self._class(running, ended),
            said=running.said() if ended == BROKE else "",
            cycles=cycles,
        )

    def _rest(self, running: Injected, section: int, lengths: Sequence[int]) -> int:
        """Run what comes after a program, with what the fault left."""
        at = -1
        for one in self.program.order:
            at += isinstance(one, Section)
            if at < section or (at == section and isinstance(one, Section)):
                continue
            if isinstance(one, Host):
                self._host(running, one, self._read(running))
                continue
            ended = running.go_on(at, _limit(lengths[at]))
            if ended != ENDED:
                return ended
        return ENDED

    def _class(self, running: Injected, ended: int) -> str:
        if ended == SAME:
            return oc.MASKED
        if ended == ALARMED:
            return oc.DETECTED
        if ended in {LATE, BROKE}:
            return oc.HANG
        found = {name: read_codes(self.program, name, running.memory) for name in self.outputs}
        same = near = True
        for name, codes in found.items():
            wanted = self.expected[name]
            value = whole_of(codes, self.network.activation_format)
            same &= bool(np.array_equal(value, wanted))
            near &= tolerable(value, wanted, self.answer)
        return oc.MASKED if same else oc.TOLERABLE if near else oc.WRONG

    def _read(self, running: Injected) -> dict[str, Whole]:
        """Values as they lie in DRAM, of all that a host's operation may read."""
        found: dict[str, Whole] = dict(self.expected)
        for name in self.program.places:
            codes = read_codes(self.program, name, running.memory)
            found[name] = whole_of(codes, self.network.activation_format)
        return found

    def _host(self, running: Injected, one: Host, values: Mapping[str, Whole]) -> None:
        for name, value in reference.host(self.network, one, values).items():
            write_tensor(self.program, self.network, name, value, running.memory)
            place = self.program.places[name]
            running.changed(place.address, place.bytes)


def spacing(cycles: int, size: int, workers: int) -> int:
    """Cycles between two recorded states of `size` bytes, for those of all workers to fit."""
    return max(64, -(-cycles * size * workers // KEPT))


def used(running: Injected, flip: Flip, lengths: Sequence[int]) -> tuple[int, int] | None:
    """Program and cycle from which on a flip can be seen; None if it never is.

    A word of a memory keeps its flip until it is read, and loses it if it is written before.
    """
    site, section, cycle = running.chip.sites.sites[flip.site], flip.section, flip.cycle
    if site.memory < 0:
        return section, cycle
    ends = np.cumsum(lengths)
    time = int(ends[section]) - lengths[section] + cycle
    word, place = divmod(flip.bit, site.width)
    read = running.next_read(site.memory, word, place, time)
    if read < 0:
        return None
    at = int(np.searchsorted(ends, read, side="right"))
    return at, read - int(ends[at]) + lengths[at]


def _limit(cycles: int) -> int:
    return HANGS * cycles + SPARE


def tolerable(found: Whole, wanted: Whole, answer: Answer) -> bool:
    """Whether an output, in whole numbers, still is the answer."""
    if answer.top1:
        same = np.argmax(found, axis=-1) == np.argmax(wanted, axis=-1)
        return bool(same.all())
    distance = float(np.linalg.norm((found - wanted).astype(np.float64)))
    return distance <= answer.error * float(np.linalg.norm(wanted.astype(np.float64)))
