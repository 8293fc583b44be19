"""Attention gives the numbers of attention, and counts what it should."""

from __future__ import annotations

import numpy as np
import pytest
from interpreter import run

from cosynth.workload import Builder, Workload
from cosynth.workload.layers.attention import (
    Attention,
    LatentAttention,
    attention,
    latent_attention,
)
from cosynth.workload.layers.scope import Scope

WIDTH, HEADS, GROUPS, SIZE, TOKENS = 6, 4, 2, 3, 5


def built(spec: Attention | LatentAttention, tokens: int = TOKENS, **scope: object) -> Workload:
    net = Builder("attention")
    place = Scope(net=net, batch=1, tokens=tokens, **({"reach": tokens} | scope))  # type: ignore[arg-type]
    x = net.input("x", (tokens, WIDTH))
    if isinstance(spec, LatentAttention):
        net.output(latent_attention(place, x, spec))
    else:
        net.output(attention(place, x, spec))
    return net.build()


def filled(workload: Workload) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        t.name: rng.normal(size=t.shape)
        for t in workload.tensors
        if t.role in {"input", "weight", "state"} and not t.view_of
    }


def expected(given: dict[str, np.ndarray], visible: np.ndarray, sinks: bool = False) -> np.ndarray:
    """Softmax attention by its definition; `visible[m, p]` is 1 where m may look at p."""
    q, k, v = (given["x"] @ given[f"{n}.weight"].T for n in ("query", "key", "value"))
    q = q.reshape(TOKENS, HEADS, SIZE)
    k, v = (np.repeat(y.reshape(TOKENS, GROUPS, SIZE), 2, axis=1) for y in (k, v))
    scores = np.einsum("mhe,phe->hmp", q, k)
    powers = np.exp(scores) * visible
    total = powers.sum(-1, keepdims=True)
    total += np.exp(given["sinks"])[:, None, None] if sinks else 0
    mixed = np.einsum("hmp,phe->mhe", powers / total, v).reshape(TOKENS, -1)
    return mixed @ given["output.weight"].T


SPEC = {"width": WIDTH, "heads": HEADS, "groups": GROUPS, "size": SIZE}


@pytest.mark.parametrize("sinks", [False, True])
def test_grouped_heads_and_sinks_give_the_numbers_of_the_definition(sinks: bool) -> None:
    workload = built(Attention(**SPEC, sinks=sinks))
    given = filled(workload)
    everything = np.ones((TOKENS, TOKENS))
    result = run(workload, given)["output"]
    assert result == pytest.approx(expected(given, everything, sinks))


def test_chunks_look_at_their_own_positions_alone() -> None:
    workload = built(Attention(**SPEC, chunk=2), tokens=TOKENS)
    scores = next(e for e in workload.einsums if e.name == "scores")
    assert scores.sizes["p"] == 2
    positions = np.arange(TOKENS)
    same = (positions[:, None] // 2 == positions[None, :] // 2).astype(float)
    given = filled(workload)
    result = run(workload, given)["output"]
    # the last chunk is half outside: its padding scores zero, and is left out of this comparison
    assert result[:4] == pytest.approx(expected(given, same)[:4])


def test_a_window_looks_back_and_never_forward() -> None:
    workload = built(Attention(**SPEC, window=2))
    positions = np.arange(TOKENS)
    back = positions[:, None] - positions[None, :]
    near = ((back >= 0) & (back < 2)).astype(float)
    given = filled(workload)
    result = run(workload, given)["output"]
    # the first position has padding before it
    assert result[1:] == pytest.approx(expected(given, near)[1:])


def test_operations_are_projections_and_two_products() -> None:
    projections = TOKENS * WIDTH * SIZE * (HEADS + GROUPS + GROUPS + HEADS)
    assert built(Attention(**SPEC)).operations == projections + 2 * TOKENS**2 * HEADS * SIZE


LATENT = LatentAttention(
    width=WIDTH, heads=HEADS, rank=5, query_rank=4, plain=3, rotary=2, value=7
)  # fmt: skip


def test_rebuilding_keys_and_moving_queries_need_the_same_weights() -> None:
    rebuilt = built(LATENT)
    moved = built(LATENT, tokens=1, reach=9, keeps=True, resumes=True)
    assert rebuilt.parameters == moved.parameters
    assert moved.elements("state") == 9 * (5 + 2)


def test_moving_queries_costs_what_the_paper_says() -> None:
    moved = built(LATENT, tokens=1, reach=9, keeps=True, resumes=True)
    down = WIDTH * (4 + 5 + 2) + 4 * HEADS * (3 + 2)
    absorbed = HEADS * 5 * (3 + 7)
    seen = 9 * HEADS * (5 + 2 + 5)
    assert moved.operations == down + absorbed + seen + HEADS * 7 * WIDTH


def test_a_partly_rotated_key_is_copied_whole_into_the_cache() -> None:
    spec = Attention(width=WIDTH, heads=2, groups=2, size=6, rotary=4)
    for scope in ({"keeps": True}, {"keeps": True, "resumes": True, "reach": TOKENS, "tokens": 1}):
        assert built(spec, **scope).elements("state") == 2 * TOKENS * 2 * 6
