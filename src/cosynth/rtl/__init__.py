"""The circuit of a chip: its blocks in SystemVerilog, simulated bit by bit and synthesised."""

from cosynth.rtl.bits import as_signed, packed, unpacked
from cosynth.rtl.drive import Block, Running
from cosynth.rtl.source import blocks, sources
from cosynth.rtl.verilate import Port

__all__ = ["Block", "Port", "Running", "as_signed", "blocks", "packed", "sources", "unpacked"]
