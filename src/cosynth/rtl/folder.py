"""The folder of a circuit: all to simulate, synthesise and drive the chip."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cosynth.rtl import reference
from cosynth.rtl.chip import Chip
from cosynth.rtl.instructions import decode
from cosynth.rtl.machine import BASE, CONTROL, COUNTERS, EVENTS, WORDS
from cosynth.rtl.network import Layer, Network, Whole
from cosynth.rtl.program import Program, Section, write_tensor
from cosynth.rtl.source import sources

_HERE = Path(__file__).parent


def layout_table(program: Program, network: Network) -> dict[str, Any]:
    """Where programs and tensors lie, and what is left to the host, for a JSON file."""
    return {
        "sections": [
            {"layer": one.layer, "address": one.address, "words": one.words}
            for one in program.order
            if isinstance(one, Section)
        ],
        "host": [
            {"name": one.name, "reason": one.reason}
            for one in program.order
            if not isinstance(one, Section)
        ],
        "tensors": {
            name: {
                "shape": list(place.shape), "order": list(place.order), "bits": place.bits,
                "address": place.address, "unit": _unit(network, name),
            }
            for name, place in program.places.items()
        },
    }  # fmt: skip


def _unit(network: Network, name: str) -> float | list[float]:
    """What a whole number counts: one number, or one for each channel."""
    unit = network.units[name]
    return float(unit) if unit.ndim == 0 else [float(one) for one in unit.reshape(-1)]


def write_folder(
    folder: Path,
    *,
    chip: Chip,
    program: Program,
    network: Network,
    inputs: Mapping[str, Whole],
    latency: int,
    model: str,
) -> None:
    """Write SystemVerilog, memory with inputs, expected outputs, bench and driver."""
    for name in ("rtl", "bench", "driver", "constraints"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for path in sources("chip"):
        shutil.copy(path, folder / "rtl" / path.name)
    (folder / "rtl" / "chip_top.sv").write_text(_top(chip), encoding="utf-8")
    (folder / "image.bin").write_bytes(program.image.tobytes())
    memory = program.image.copy()
    for name, values in inputs.items():
        write_tensor(program, network, name, values, memory)
    (folder / "bench" / "memory.bin").write_bytes(memory.tobytes())
    (folder / "bench" / "jobs.txt").write_text(
        _jobs(program, network, inputs, chip, folder), encoding="utf-8"
    )
    shutil.copy(_HERE / "harness" / "alone.cpp", folder / "bench" / "alone.cpp")
    for one in program.order:
        if isinstance(one, Section):
            words = memory[one.address : one.address + 8 * one.words].view(np.uint64)
            listing = "\n".join(str(word) for word in decode(words)) + "\n"
            path = folder / "program" / f"{one.layer.replace('/', '_')}.txt"
            path.parent.mkdir(exist_ok=True)
            path.write_text(listing, encoding="utf-8")
            path.with_suffix(".bin").write_bytes(words.astype("<u8").tobytes())
    (folder / "driver" / "chip.h").write_text(_driver(program), encoding="utf-8")
    (folder / "constraints" / "ecp5.lpf").write_text(_constraints(), encoding="utf-8")
    (folder / "Makefile").write_text(_makefile(chip, latency), encoding="utf-8")
    (folder / "README.md").write_text(_readme(chip, program, model), encoding="utf-8")


def _top(chip: Chip) -> str:
    """A top with this chip's parameters and the ports of `chip`."""
    text = (_HERE / "blocks" / "chip.sv").read_text(encoding="utf-8")
    ports = text[text.index(") (\n") + 2 : text.index(");\n") + 2]
    ports = ports.replace("ADDRESS-1", "31").replace("D/8-1", f"{chip.beat // 8 - 1}")
    ports = ports.replace("[D-1:0]", f"[{chip.beat - 1}:0]")
    values = ",\n".join(f"      .{name}({value})" for name, value in chip.parameters().items())
    return (
        f"// {chip.name}: {chip.rows} x {chip.columns}, {chip.flow}-stationary. Made by Cosynth.\n"
        f"`default_nettype none\nmodule chip_top {ports}\n  chip #(\n{values}\n  ) chip (.*);\n"
        "endmodule\n`default_nettype wire\n"
    )


def _jobs(
    program: Program, network: Network, inputs: Mapping[str, Whole], chip: Chip, folder: Path
) -> str:
    """What the bench does by itself: `run ADDRESS WORDS`, `put` what the host makes, `compare`."""
    expected = reference.run(network, inputs, chip.accumulator)
    outs = {one.name: one.out for one in network.operations if isinstance(one, Layer)}
    lines = []
    for number, one in enumerate(program.order):
        if isinstance(one, Section):
            lines.append(f"run {one.address} {one.words} {one.layer}")
            names, verb = [outs[one.layer]], "compare"
        else:
            names, verb = list(one.writes), "put"
        for at, name in enumerate(names):
            place = program.places[name]
            memory = np.zeros(place.address + place.bytes, dtype=np.uint8)
            write_tensor(program, network, name, expected[name], memory)
            file = f"{number}.bin" if len(names) == 1 else f"{number}-{at}.bin"
            (folder / "bench" / file).write_bytes(memory[place.address :].tobytes())
            lines.append(f"{verb} {place.address} {place.bytes} {file}")
    return "\n".join(lines) + "\n"


def _driver(program: Program) -> str:
    """Registers and addresses as a C header."""
    rows = [
        "/* Registers of the chip and addresses in its DRAM. Made by Cosynth. */",
        "#ifndef COSYNTH_CHIP_H",
        "#define COSYNTH_CHIP_H",
        "#include <stdint.h>",
        f"#define CHIP_CONTROL 0x{CONTROL:02x} /* write 1: start; read: 1 busy, 2 done, 4 error */",
        f"#define CHIP_PROGRAM 0x{BASE:02x}",
        f"#define CHIP_WORDS 0x{WORDS:02x}",
    ]
    rows += [
        f"#define CHIP_COUNT_{n.upper()} 0x{COUNTERS + 4 * at:02x}" for at, n in enumerate(EVENTS)
    ]
    rows.append(f"#define CHIP_MEMORY_BYTES {len(program.image)}")
    for name, place in program.places.items():
        word = "".join(c if c.isalnum() else "_" for c in name).upper()
        rows.append(f"#define TENSOR_{word} 0x{place.address:x} /* {place.bytes} bytes */")
    rows.append(
        "static const struct { uint32_t program, words; const char *layer; } chip_layers[] = {"
    )
    rows += [
        f'  {{0x{one.address:x}, {one.words}, "{one.layer}"}},'
        for one in program.order
        if isinstance(one, Section)
    ]
    rows += [
        "};",
        "/* Runs one layer; the caller maps the registers and keeps the tensors in DRAM. */",
        "static inline void chip_run(volatile uint32_t *registers, uint32_t program,",
        "                            uint32_t words) {",
        "  registers[CHIP_PROGRAM / 4] = program;",
        "  registers[CHIP_WORDS / 4] = words;",
        "  registers[CHIP_CONTROL / 4] = 1;",
        "  while (!(registers[CHIP_CONTROL / 4] & 2)) {}",
        "}",
        "#endif",
    ]
    return "\n".join(rows) + "\n"


def _constraints() -> str:
    return 'FREQUENCY PORT "clk" 25 MHZ;\n# LOCATE COMP "clk" SITE "..."; and so on, by board\n'


def _makefile(chip: Chip, latency: int) -> str:
    rate = round(chip.bytes_per_cycle * 1000)
    return (
        "# Simulates the chip with the system's Verilator: no Cosynth needed.\n"
        "sim: obj_dir/Vchip_top\n"
        f"\tcd bench && ../obj_dir/Vchip_top {latency} {rate} 1000\n\n"
        "obj_dir/Vchip_top: rtl/*.sv bench/alone.cpp\n"
        "\tverilator --cc --exe --build -O3 -Wno-fatal --top-module chip_top -CFLAGS -O2 rtl/*.sv"
        " $(CURDIR)/bench/alone.cpp\n\n"
        "clean:\n\trm -rf obj_dir\n\n.PHONY: sim clean\n"
    )


def _readme(chip: Chip, program: Program, model: str) -> str:
    parts = [one for one in program.order if isinstance(one, Section)]
    host = [one for one in program.order if not isinstance(one, Section)]
    left = "".join(f"\n- `{one.name}`: {one.reason}" for one in host) or "\n- nothing"
    size = math.ceil(len(program.image) / 1024)
    return f"""# {chip.name} running {model}

A {chip.rows} x {chip.columns} {chip.flow}-stationary array for {chip.weights.name} weights and
{chip.activations.name} activations, and {len(parts)} layers as programs in {size} KiB of DRAM.
Written by `cosynth generate`.

| path | what it is |
|---|---|
| `rtl/` | the SystemVerilog; `chip_top.sv` is this chip, `sram_1r1w.sv` stands for memory macros |
| `image.bin` | DRAM from address 0: programs, weights, parameters; tensors are at the bottom |
| `program/` | each layer's program, as text and as `cosynth show` reads it |
| `circuit.json` | hardware, mappings, addresses, predictions |
| `bench/` | a test bench that needs no Cosynth: `make sim` with Verilator 5 |
| `driver/chip.h` | registers and addresses for a driver in C |
| `constraints/` | a beginning for an ECP5 board |

    make sim                  # every bit of every layer, with the system's Verilator
    cosynth simulate .        # the same, with cycles beside the prediction
    cosynth synthesize .      # area by block beside the prediction

The host computes:{left}
"""
