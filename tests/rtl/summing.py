"""The chip of `modules/summing.sv`, opened for faults."""

from functools import cache

import numpy as np
from tests.rtl.modules import module

from cosynth.rtl.bench import Dram
from cosynth.rtl.injector import Injectable
from cosynth.rtl.source import sources

BASE, WORDS = 12345, 40
DRAM = Dram(latency=5, write_latency=5)


def files():
    return (*module("summing"), *sources("registers", "sram_1r1w"))


@cache
def opened():
    return Injectable.open(files(), "summing")


def memory():
    return np.zeros(4096, dtype=np.uint8)


def site(name):
    """Number of the site with this register."""
    found = [at for at, one in enumerate(opened().sites.sites) if one.register == name]
    assert len(found) == 1, name
    return found[0]


def total(data):
    """What was written to address 0."""
    return int(data[:4].view(np.uint32)[0])
