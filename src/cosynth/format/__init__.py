"""How numbers are stored and multiplied."""

from cosynth.format.accumulator import ACCUMULATORS, Accumulator, accumulator
from cosynth.format.assignment import Assignment, assignment, widest
from cosynth.format.catalogue import known, names
from cosynth.format.codec import Codes, decode, encode, quantised
from cosynth.format.dot import Dot, dot
from cosynth.format.element import Element, table
from cosynth.format.number import Format
from cosynth.format.pack import pack, plane_weights, planes, unpack
from cosynth.format.price import mac_gates, multiply_gates
from cosynth.format.sparsity import largest_mask, sparse_bits

__all__ = [
    "ACCUMULATORS", "Accumulator", "Assignment", "Codes", "Dot", "Element", "Format",
    "accumulator", "assignment", "decode", "dot", "encode", "known", "largest_mask",
    "mac_gates", "multiply_gates", "names", "pack", "plane_weights", "planes", "quantised",
    "sparse_bits", "table", "unpack", "widest",
]  # fmt: skip
