"""The optimiser `nsga2` keeps the contract."""

from cosynth.search.optimisers.nsga2 import Nsga2
from cosynth.testing.optimiser import OptimiserSuite


class TestNsga2(OptimiserSuite):
    make = Nsga2
