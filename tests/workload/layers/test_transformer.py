"""Stacks of blocks."""

from __future__ import annotations

import pytest

from cosynth.workload import Workload
from cosynth.workload.layers.attention import Attention
from cosynth.workload.layers.linear import FeedForward
from cosynth.workload.layers.transformer import Block, Decoder, decoder

SEES_ALL = Attention(width=8, heads=2, groups=1, size=4)
WINDOWED = Attention(width=8, heads=2, groups=1, size=4, window=3)
FEED = FeedForward(width=8, inner=16)


def built(*blocks: Block, phase: str | None = None, length: int = 6, **changes: object) -> Workload:
    spec = Decoder(vocabulary=11, width=8, blocks=blocks, **changes)  # type: ignore[arg-type]
    return decoder(spec, name="m", source="", batch=1, phase=phase, length=length)


def test_equal_blocks_are_one_wherever_they_stand() -> None:
    a, b = Block(mixers=(SEES_ALL,), feed=FEED), Block(mixers=(WINDOWED,), feed=FEED)
    mixed, sorted_ = built(a, b, a, b, a), built(a, a, a, b, b)
    assert mixed == sorted_
    assert {e.repeat for e in mixed.einsums} == {1, 2, 3}


@pytest.mark.parametrize(
    ("placed", "norms"), [("before", 2), ("after", 2), ("behind", 2), ("around", 4)]
)
def test_norms_stand_where_they_are_placed(placed: str, norms: int) -> None:
    workload = built(Block(mixers=(SEES_ALL,), feed=FEED, placed=placed))
    scales = [t for t in workload.tensors if t.name.endswith(".scale")]
    assert len(scales) == norms + 1  # and the one before the head


def test_a_tied_head_has_no_weights_of_its_own() -> None:
    block = Block(mixers=(SEES_ALL,))
    assert built(block).parameters - built(block, tied=True).parameters == 11 * 8
    assert built(block).operations == built(block, tied=True).operations


def test_a_bound_on_scores_is_no_matrix_product() -> None:
    block = Block(mixers=(SEES_ALL,))
    assert built(block, cap=30.0).operations == built(block).operations
    assert built(block, cap=30.0).vector_operations > built(block).vector_operations


def test_learned_positions_are_read_at_the_place_of_the_token() -> None:
    step = built(Block(mixers=(SEES_ALL,)), phase="decode", length=6, positions=10)
    assert "`position.weight`[t+5,d]" in str(next(e for e in step.einsums if e.name == "position"))


def test_residuals_join_the_product_before_them() -> None:
    from cosynth.workload.passes import groups

    workload = built(Block(mixers=(SEES_ALL,), feed=FEED))
    joined = [[workload.einsums[at].name for at in g] for g in groups(workload) if len(g) > 1]
    assert ["layers.attention.output", "layers.mixer.sum"] in joined
    assert ["layers.feed.down", "layers.feed.sum"] in joined
