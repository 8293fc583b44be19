"""The suite fails an optimiser that breaks the contract."""

import pytest

from cosynth.search import Optimiser, Points
from cosynth.testing.optimiser import OptimiserSuite


class Stubborn(Optimiser):
    """Asks for the first point of the space again and again."""

    def ask(self, count: int) -> Points:
        return self.space.points(self.space.sample(self.generator(), 1).codes * 0)


class Suite(OptimiserSuite):
    make = Stubborn


def test_asking_twice_for_a_point_fails() -> None:
    with pytest.raises(AssertionError):
        Suite().test_no_point_comes_twice()
