"""Parameters: their values, and where these stand."""

import numpy as np
import pytest

from cosynth.search import Parameter, Space, category, integer, power, real
from cosynth.search.parameter import table


def test_log_draws_each_octave_equally_often() -> None:
    space = Space.of(integer("rows", 1, 255, scale="log"))
    drawn = space.sample(np.random.default_rng(0), 20_000).column("rows").astype(float)
    octaves = np.bincount(np.log2(drawn).astype(int))
    assert octaves[1:].min() > 0.8 * octaves[1:].max()


@pytest.mark.parametrize(
    "parameter",
    [
        integer("n", 3, 20, step=4),
        integer("n", 3, 20, scale="log"),
        power("n", 4, 64),
        real("n", 0.1, 10, scale="log", levels=9),
        category("n", [1, 2, 8]),
    ],
)
def test_positions_and_edges_rise_from_0_to_1(parameter: Parameter) -> None:
    found = table(parameter)
    assert (found.positions[0], found.positions[-1], found.edges[-1]) == (0.0, 1.0, 1.0)
    assert np.all(np.diff(found.positions) > 0)
    assert np.all(np.diff(found.edges) > 0)
    assert parameter.ordered


def test_one_value_is_enough() -> None:
    assert Space.of(power("n", 4, 4), category("order", ["row"])).size == 1
