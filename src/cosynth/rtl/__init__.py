"""The circuit of a chip: its blocks in SystemVerilog, simulated bit by bit and synthesised."""

from cosynth.rtl.bits import as_signed, packed, unpacked
from cosynth.rtl.drive import Block, Running
from cosynth.rtl.source import blocks, sources
from cosynth.rtl.stream import Passed, Stream, Traffic, exchange
from cosynth.rtl.verilate import Port

__all__ = [
    "Block",
    "Passed",
    "Port",
    "Running",
    "Stream",
    "Traffic",
    "as_signed",
    "blocks",
    "exchange",
    "packed",
    "sources",
    "unpacked",
]
