"""The circuit of a chip: its blocks in SystemVerilog, simulated bit by bit and synthesised."""

from cosynth.rtl.bench import Bench, BusTraffic, Dram, Powered
from cosynth.rtl.bits import as_signed, packed, unpacked
from cosynth.rtl.drive import Block, Running
from cosynth.rtl.equal import Equality, equal_readings
from cosynth.rtl.lint import Finding, assert_clean, lint
from cosynth.rtl.place import Placement, place
from cosynth.rtl.source import blocks, sources
from cosynth.rtl.stream import Passed, Stream, Traffic, exchange
from cosynth.rtl.synthesise import Macro, Part, Synthesis, synthesise
from cosynth.rtl.verilate import Port

__all__ = [
    "Bench",
    "Block",
    "BusTraffic",
    "Dram",
    "Equality",
    "Finding",
    "Macro",
    "Part",
    "Passed",
    "Placement",
    "Port",
    "Powered",
    "Running",
    "Stream",
    "Synthesis",
    "Traffic",
    "as_signed",
    "assert_clean",
    "blocks",
    "equal_readings",
    "exchange",
    "lint",
    "packed",
    "place",
    "sources",
    "synthesise",
    "unpacked",
]
