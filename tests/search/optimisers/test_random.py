"""The optimiser `random` keeps the contract."""

from cosynth.search.optimisers.random import Random
from cosynth.testing.optimiser import OptimiserSuite


class TestRandom(OptimiserSuite):
    make = Random
