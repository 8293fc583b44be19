"""The optimiser `exhaustive` keeps the contract."""

from cosynth.search.optimisers.exhaustive import Exhaustive
from cosynth.testing.optimiser import OptimiserSuite


class TestExhaustive(OptimiserSuite):
    make = Exhaustive
