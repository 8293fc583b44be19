"""State-space mixers: closed forms of their work and of what they keep."""

from __future__ import annotations

import pytest

from cosynth.workload import Builder, Workload
from cosynth.workload.layers.scope import Scope
from cosynth.workload.layers.state_space import Mamba, Mamba2, mamba, mamba2

FIRST = Mamba(width=6, inner=12, state=4, kernel=4, rank=3)
SECOND = Mamba2(width=6, heads=4, size=3, groups=2, state=5, kernel=4, chunk=8)


def built(
    spec: Mamba | Mamba2, tokens: int, *, keeps: bool = False, step: bool = False
) -> Workload:
    net = Builder("mixer")
    scope = Scope(net=net, batch=2, tokens=tokens, reach=tokens, keeps=keeps or step, resumes=step)
    x = net.input("x", (2 * tokens, 6))
    net.output(mamba(scope, x, spec) if isinstance(spec, Mamba) else mamba2(scope, x, spec))
    return net.build()


@pytest.mark.parametrize("tokens", [1, 7, 20])
def test_a_selective_scan_does_the_same_work_for_each_position(tokens: int) -> None:
    projections = 6 * 24 + 12 * (3 + 8) + 3 * 12 + 12 * 6
    each = projections + 12 * 4 + 12 * 4  # convolution, reading the state
    assert built(FIRST, tokens).operations == 2 * tokens * each


@pytest.mark.parametrize(
    ("tokens", "chunk", "chunks"), [(8, 8, 1), (24, 8, 3), (20, 8, 3), (5, 5, 1)]
)
def test_chunks_are_four_products_each(tokens: int, chunk: int, chunks: int) -> None:
    mixed = 12 + 2 * 2 * 5
    projections = 6 * (12 + mixed + 4) + mixed * 4 + 12 * 6
    scores = 2 * chunk * chunk * 5
    near = 4 * chunk * chunk * 3
    states, far = (4 * chunk * 3 * 5,) * 2
    expected = 2 * (tokens * projections + chunks * (scores + near + states + far))
    assert built(SECOND, tokens).operations == expected


def test_one_step_reads_its_state_once() -> None:
    mixed = 12 + 2 * 2 * 5
    projections = 6 * (12 + mixed + 4) + mixed * 4 + 12 * 6
    assert built(SECOND, 1, step=True).operations == 2 * (projections + 4 * 3 * 5)


@pytest.mark.parametrize(("spec", "held"), [(FIRST, 12 * 4 + 3 * 12), (SECOND, 60 + 3 * 32)])
def test_state_and_window_are_kept(spec: Mamba | Mamba2, held: int) -> None:
    for tokens in (1, 2, 20):
        assert built(spec, tokens, keeps=True).elements("state") == 2 * held
    assert built(spec, 1, step=True).elements("state") == 2 * held
    assert built(spec, 20).elements("state") == 0


def test_both_ways_have_the_same_weights() -> None:
    for spec in (FIRST, SECOND):
        assert built(spec, 20).parameters == built(spec, 1, step=True).parameters
