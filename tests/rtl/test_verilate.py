import ctypes
import time

import numpy as np
import pytest
from tests.rtl.modules import module

from cosynth.errors import CircuitError
from cosynth.rtl.tools import compiler
from cosynth.rtl.verilate import LITERAL, Port, build, read_ports


def test_a_library_is_kept_by_what_made_it():
    one = build(module("add"), "add", {"N": 8})
    start = time.process_time()
    again = build(module("add"), "add", {"N": 8})
    assert time.process_time() - start < 0.1
    assert one == again
    assert build(module("add"), "add", {"N": 9}) != one


def test_a_changed_source_is_built_anew(tmp_path):
    text = module("add")[0].read_text()
    file = tmp_path / "add.sv"
    file.write_text(text)
    one = build([file], "add")
    assert one == build(module("add"), "add")  # where it lies does not matter
    file.write_text(text.replace("sum + a", "sum - a"))
    assert build([file], "add") != one


def test_large_models_are_compiled_in_parts(monkeypatch):
    monkeypatch.setattr("cosynth.rtl.verilate._SMALL", 0)
    assert build(module("add"), "add").stat().st_size


def test_what_verilator_refuses_is_told_wrong(tmp_path):
    file = tmp_path / "bad.sv"
    file.write_text(
        "module bad (input wire logic a, output logic q);\n  assign q = b;\nendmodule\n"
    )
    with pytest.raises(CircuitError, match=r"Verilator cannot read module bad .*\n.*bad.sv:2:14"):
        build([file], "bad")
    with pytest.raises(CircuitError, match=r"none.sv: cannot be read: No such file or directory"):
        build([tmp_path / "none.sv"], "none")


def test_ports_are_read_and_strange_ones_refused_wrong():
    header = "    VL_IN8(&clk,0,0);\n    VL_OUTW(&q,99,0,4);\n    VL_IN64(&a,40,1);\n"
    assert read_ports(header, "m") == (
        Port(name="clk", bits=1, input=True),
        Port(name="q", bits=100, input=False),
        Port(name="a", bits=40, input=True),
    )
    with pytest.raises(CircuitError, match=r"module m: port z is an inout; split it in two"):
        read_ports("  VL_INOUT8(&z,0,0);\n", "m")
    with pytest.raises(CircuitError, match=r"module m: a port is an unpacked array"):
        read_ports("  VL_IN8((&a)[4],7,0);\n", "m")


def test_literal_blocks_are_of_the_format_of_lz4(tmp_path):
    """Read back by the format's own rules: token, more of its length, bytes."""
    source, library = tmp_path / "literal.cpp", tmp_path / "literal.so"
    source.write_text(
        '#include "lz4.h"\nextern "C" int pack(const char* from, char* to, int size, int room) {\n'
        "    return LZ4_compress_default(from, to, size, room);\n}\n"
        'extern "C" int bound(int size) { return LZ4_compressBound(size); }\n'
    )
    compiler().run(["-shared", "-fPIC", f"-I{LITERAL}", source, "-o", library]).checked("build")
    built = ctypes.CDLL(str(library))
    rng = np.random.default_rng(4)
    for size in (0, 1, 14, 15, 16, 269, 270, 271, 524, 525, 526, 100_000):
        data = rng.bytes(size)
        packed = ctypes.create_string_buffer(built.bound(size))
        count = built.pack(data, packed, size, len(packed))
        block = packed.raw[:count]
        length, at = block[0] >> 4, 1
        if length == 15:
            while True:
                length, at = length + block[at], at + 1
                if block[at - 1] != 255:
                    break
        assert (length, block[at:]) == (size, data), size
        assert block[0] & 15 == 0
        assert built.pack(data, packed, size, len(packed) - 1) == 0


def test_waves_in_compact_form_name_what_they_need_wrong(monkeypatch):
    monkeypatch.setattr("cosynth.rtl.verilate._has", lambda header: header != "zlib.h")
    with pytest.raises(CircuitError, match=r"need zlib with its header .*ends in \.vcd"):
        build(module("add"), "add", {"N": 5}, trace="fst")
