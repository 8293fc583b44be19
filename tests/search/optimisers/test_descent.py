"""The optimiser `descent` keeps the contract."""

from cosynth.search.optimisers.descent import Descent
from cosynth.testing.optimiser import OptimiserSuite


class TestDescent(OptimiserSuite):
    make = Descent
