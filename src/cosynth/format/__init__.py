"""How numbers are stored and multiplied."""

from cosynth.format.accumulator import ACCUMULATORS, Accumulator, accumulator, holding
from cosynth.format.assignment import Assignment, assignment, widest
from cosynth.format.catalogue import known, names
from cosynth.format.codec import Codes, decode, encode, quantised
from cosynth.format.dot import Dot, dot
from cosynth.format.element import Element, table
from cosynth.format.gaussian import gaussian_qsnr
from cosynth.format.law import CORRECTED, PUBLISHED, SPREAD, Constants, crossover, qsnr
from cosynth.format.noise import Noise, crest, decibels, noise
from cosynth.format.number import Format
from cosynth.format.pack import pack, plane_weights, planes, unpack
from cosynth.format.price import (
    UNITS,
    Price,
    cycles,
    mac_gates,
    multiply_gates,
    planes_of,
    price,
    takes,
)
from cosynth.format.sparsity import largest_mask, sparse_bits

__all__ = [
    "ACCUMULATORS", "CORRECTED", "PUBLISHED", "SPREAD", "UNITS", "Accumulator", "Assignment",
    "Codes", "Constants", "Dot", "Element", "Format", "Noise", "Price", "accumulator",
    "assignment", "crest", "crossover", "cycles", "decibels", "decode", "dot", "encode",
    "gaussian_qsnr", "holding", "known", "largest_mask", "mac_gates", "multiply_gates",
    "names", "noise", "pack", "plane_weights", "planes", "planes_of", "price", "qsnr",
    "quantised", "sparse_bits", "table", "takes", "unpack", "widest",
]  # fmt: skip
