"""Results on the terminal: tables that fit 80 columns, and more where there is room."""

from cosynth.report.terminal.chip import chip_view
from cosynth.report.terminal.circuit import simulate_view, synthesize_view
from cosynth.report.terminal.estimate import estimate_view
from cosynth.report.terminal.faults import harden_view, inject_view
from cosynth.report.terminal.format import format_view
from cosynth.report.terminal.front import front_view
from cosynth.report.terminal.listing import list_view
from cosynth.report.terminal.mapping import mapping_view
from cosynth.report.terminal.model import model_view
from cosynth.report.terminal.verification import verification_view

__all__ = [
    "chip_view", "estimate_view", "format_view", "front_view", "harden_view", "inject_view",
    "list_view", "mapping_view", "model_view", "simulate_view", "synthesize_view",
    "verification_view",
]  # fmt: skip
