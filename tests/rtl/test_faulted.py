"""A network with a flip: what an answer is, and that every end is that of the whole run."""

import ctypes
import tempfile
from pathlib import Path

import numpy as np
import pytest
from tests.rtl.faulty import made
from tests.rtl.layers import network_of

from cosynth import rtl
from cosynth.rtl.bench import Bench, Powered
from cosynth.rtl.faulted import Answer, likely_answer, tolerable
from cosynth.rtl.machine import BASE, CONTROL, WORDS
from cosynth.rtl.outcome import HANG, MASKED
from cosynth.rtl.program import Section, read_codes
from cosynth.rtl.sites import settings
from cosynth.rtl.verilate import build
from cosynth.workload import Builder


def test_the_same_greatest_element_is_the_answer_of_a_classifier():
    answer = Answer(top1=True)
    wanted = np.array([[1, 5, 2], [9, 0, 0]])
    assert tolerable(np.array([[4, 5, -2], [1, 0, 0]]), wanted, answer)
    assert not tolerable(np.array([[4, 5, -2], [0, 1, 0]]), wanted, answer)


def test_an_error_is_relative_to_the_whole_output():
    answer = Answer(top1=False, error=0.1)
    wanted = np.array([30, -40])
    assert tolerable(np.array([30, -35]), wanted, answer)
    assert not tolerable(np.array([30, -34]), wanted, answer)
    assert tolerable(wanted * 0, wanted * 0, answer)


@pytest.mark.parametrize("last", ["exp", "relu"])
def test_what_ends_in_a_softmax_classifies(last):
    net = Builder("one")
    net.input("x", (2, 3))
    net.weight("w", (4, 3))
    net.einsum("y[m,n] += x[m,k] * w[n,k]", shape=(2, 4))
    net.output(net.einsum(f"o[m,n] = {last}(y[m,n])", shape=(2, 4)))
    assert likely_answer(network_of(net.build(), "int8", 0)).top1 == (last == "exp")


def _by_hand(circuit, library, place, section, cycle, bits):
    """The outputs of a whole run, its bits written by Verilator's own means; None if it hangs."""
    program, network = circuit.program, circuit.network
    inputs = circuit.whole(circuit.inputs())
    memory = program.image.copy()
    for name, values in inputs.items():
        rtl.program.write_tensor(program, network, name, values, memory)
    expected = circuit.reference()
    values = dict(expected)
    bench = Bench(top="chip", library=library)
    number = -1
    with bench.powered(memory, circuit.dram(), reset=2) as chip:
        assert isinstance(chip, Powered)
        for one in program.order:
            if not isinstance(one, Section):
                for name in program.places:
                    codes = read_codes(program, name, memory)
                    values[name] = rtl.words.whole_of(codes, network.activation_format)
                for name, value in rtl.reference.host(network, one, values).items():
                    rtl.program.write_tensor(program, network, name, value, memory)
                continue
            number += 1
            try:
                chip.write(BASE, one.address)
                chip.write(WORDS, one.words)
                chip.write(CONTROL, 1)
                if number == section:
                    chip.run(cycle)
                    for name, element, bit in bits:
                        *instance, member = place(name)
                        done = library.force_flip(chip.handle, *instance, member, element, bit)
                        assert done, name
                chip.until_interrupt(20_000)
            except rtl.bench.CircuitError:
                return None
        return {name: read_codes(program, name, memory) for name in ("o",)}


@pytest.mark.slow
def test_a_whole_run_with_a_bit_written_by_hand_ends_alike():
    """Another build of the model, where Verilator itself looks at what was written; no copies."""
    circuit = made()
    sources, parameters = rtl.sources("chip"), circuit.chip.parameters()
    with tempfile.TemporaryDirectory() as folder:
        control = Path(folder) / "registers.vlt"
        control.write_text(settings(sources).replace("flat_rd", "flat_rw"))
        built = build((*sources, control), "chip", parameters, Path(__file__).parent / "force.cpp")
    library = rtl.bench._declared(ctypes.CDLL(str(built)))
    library.force_flip.argtypes = [
        ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint64, ctypes.c_uint64,
    ]  # fmt: skip
    found = circuit.inject(400, seed=4, kinds=("flip-flop", "configuration"))
    state = {
        (".".join(one.path), one.name): one
        for one in rtl.state.state(sources, "chip", parameters).registers
    }
    reference = circuit.reference()["o"]
    masked = [fault for fault in found.faults if fault.outcome == MASKED][:15]
    others = [fault for fault in found.faults if fault.outcome != MASKED][:25]
    assert len(others) > 10
    for fault in (*masked, *others):
        site = found.sites.sites[fault.flip.site]
        register = state[site.path, site.name]
        bits = [
            ((*("chip", *register.path), bit.register), bit.element, bit.bit)
            for bit in register.bits[fault.flip.bit]
        ]
        out = _by_hand(circuit, library, _variable, fault.flip.section, fault.flip.cycle, bits)
        if out is None:
            assert fault.outcome == HANG, fault
            continue
        value = rtl.words.whole_of(out["o"], circuit.network.activation_format)
        assert (fault.outcome == MASKED) == bool((value == reference).all()), (fault, site.register)


def _variable(path):
    """Object and class.member of a variable in C++; every module that stays one is looked up."""
    encoded = [
        part.replace("__", "___05F").replace(".", "__DOT__").replace("[", "__BRA__")
        .replace("]", "__KET__") for part in path
    ]  # fmt: skip
    if encoded[-2].endswith("unit_held"):
        return (
            ("TOP__" + "__DOT__".join(encoded[:-1])).encode(),
            f"Vmodel_unit_held.{encoded[-1]}".encode(),
        )
    return b"TOP", f"Vmodel___024root.{'__DOT__'.join(encoded)}".encode()
