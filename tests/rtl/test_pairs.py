"""Layers of every kind on designs of the space that `explore` searches, both drawn."""

import random

import pytest
from bench.rtl_networks import chip_of, points
from tests.rtl.kinds import layer
from tests.rtl.layers import small

from cosynth.codesign import circuit
from cosynth.format import assignment
from cosynth.rtl import Host

DESIGNS, EACH = 25, 8  # 200 pairs


def check(hardware, formats, rng, count, most):
    """Every product runs on the array, and every bit of it is right.

    Only what follows a grouped convolution is left to the host.
    """
    for number in range(count):
        model = layer(rng, most)
        said = f"pair {number}: {hardware.name}; {'; '.join(map(str, model.einsums))}"
        made = circuit.generate(model, hardware, formats, seed=number)
        hosts = [one for one in made.program.order if isinstance(one, Host)]
        left = [h.reason for h in hosts if any(einsum.contraction for einsum in h.einsums)]
        assert not left, f"{said}: {left}"
        run = made.simulate(seed=number)
        assert run.bits > 0, said
        assert run.wrong == 0, said


@pytest.mark.parametrize("flow", ["weight", "input", "output"])
def test_drawn_layers_are_right_under_the_mappings_that_are_found(flow):
    print("seed", 11)  # noqa: T201
    check(small(flow), assignment("int8"), random.Random(11), 3, 10_000)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(DESIGNS))
def test_drawn_layers_on_drawn_designs_are_right(number):
    drawn, _ = points(7, DESIGNS, most_units=256, most_buffer=256 * 1024)
    print("design", number, drawn[number])  # noqa: T201
    check(*chip_of(drawn[number]), random.Random(number), EACH, 1_500_000)
