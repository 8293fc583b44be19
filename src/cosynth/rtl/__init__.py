"""The circuit of a chip: its blocks in SystemVerilog, simulated bit by bit and synthesised."""

from cosynth.rtl.arrange import agreed
from cosynth.rtl.bench import Bench, BusTraffic, Dram, Powered
from cosynth.rtl.bits import as_signed, packed, unpacked
from cosynth.rtl.chip import PARAMETER_BITS, Chip, chip, container, equipped
from cosynth.rtl.choose import chosen, refitted
from cosynth.rtl.drive import Block, Running
from cosynth.rtl.equal import Equality, equal_readings
from cosynth.rtl.faulted import Answer
from cosynth.rtl.floats import checked_inputs, run_floats, sampled, seeded
from cosynth.rtl.folder import layout_table, write_folder
from cosynth.rtl.grid import to_grid
from cosynth.rtl.harden import harden
from cosynth.rtl.inject import Campaign, Vulnerable, inject, ranked
from cosynth.rtl.instructions import EVERY_SECOND, LOWEST, UNITS, Command, commands, decode
from cosynth.rtl.liberty import OWN as OWN_CELLS
from cosynth.rtl.lint import Finding, assert_clean, lint
from cosynth.rtl.lowered import Lowered, lowered
from cosynth.rtl.machine import EVENTS, Measured, Run, run
from cosynth.rtl.maxima import nests as maxima_nests
from cosynth.rtl.network import Host, Layer, Network, looks_up, quantised
from cosynth.rtl.outcome import (
    DETECTED,
    FAILURES,
    OUTCOMES,
    Fault,
    Flip,
    Share,
    Stratum,
    combined,
    wilson,
)
from cosynth.rtl.place import Placement, place
from cosynth.rtl.program import Program, Section, compiled
from cosynth.rtl.protect import (
    Option,
    Protection,
    chosen_protection,
    options,
    silicon_area,
    with_parity,
)
from cosynth.rtl.reference import run as expected
from cosynth.rtl.sites import KINDS
from cosynth.rtl.source import blocks, sources
from cosynth.rtl.stream import Passed, Stream, Traffic, exchange
from cosynth.rtl.synthesise import Macro, Part, Synthesis, synthesise
from cosynth.rtl.tools import needed
from cosynth.rtl.verilate import Port
from cosynth.rtl.weights import folded

__all__ = [
    "DETECTED",
    "EVENTS",
    "EVERY_SECOND",
    "FAILURES",
    "KINDS",
    "LOWEST",
    "OUTCOMES",
    "OWN_CELLS",
    "PARAMETER_BITS",
    "UNITS",
    "Answer",
    "Bench",
    "Block",
    "BusTraffic",
    "Campaign",
    "Chip",
    "Command",
    "Dram",
    "Equality",
    "Fault",
    "Finding",
    "Flip",
    "Host",
    "Layer",
    "Lowered",
    "Macro",
    "Measured",
    "Network",
    "Option",
    "Part",
    "Passed",
    "Placement",
    "Port",
    "Powered",
    "Program",
    "Protection",
    "Run",
    "Running",
    "Section",
    "Share",
    "Stratum",
    "Stream",
    "Synthesis",
    "Traffic",
    "Vulnerable",
    "agreed",
    "as_signed",
    "assert_clean",
    "blocks",
    "checked_inputs",
    "chip",
    "chosen",
    "chosen_protection",
    "combined",
    "commands",
    "compiled",
    "container",
    "decode",
    "equal_readings",
    "equipped",
    "exchange",
    "expected",
    "folded",
    "harden",
    "inject",
    "layout_table",
    "lint",
    "looks_up",
    "lowered",
    "maxima_nests",
    "needed",
    "options",
    "packed",
    "place",
    "quantised",
    "ranked",
    "refitted",
    "run",
    "run_floats",
    "sampled",
    "seeded",
    "silicon_area",
    "sources",
    "synthesise",
    "to_grid",
    "unpacked",
    "wilson",
    "with_parity",
    "write_folder",
]
