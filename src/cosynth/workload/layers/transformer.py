"""Blocks of mixers and feed-forward layers, and the language models that are stacks of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from cosynth.workload.builder import Builder
from cosynth.workload.graph import Workload
from cosynth.workload.layers.attention import (
    Attention,
    LatentAttention,
    attention,
    latent_attention,
)
from cosynth.workload.layers.experts import Experts, experts
from cosynth.workload.layers.linear import FeedForward, feed_forward, linear
from cosynth.workload.layers.normalisation import NORMS
from cosynth.workload.layers.scope import Scope
from cosynth.workload.layers.state_space import Mamba, Mamba2, mamba, mamba2

Mixer = Attention | LatentAttention | Mamba | Mamba2
Feed = FeedForward | Experts


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Mixers of positions, side by side, then a feed-forward layer, each added to its input.

    `placed` says where the norms stand: `before` each layer, `after` each sum, `around` each layer
    (before it and on its result), or `behind` (on its result alone).
    """

    mixers: tuple[Mixer, ...]
    feed: Feed | None = None
    norm: str = "rms"
    placed: str = "before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoder:
    """A language model: embedding, blocks in order, final norm, head.

    `positions` rows of learned position embeddings are added when there are any. A `tied` head
    uses the embedding's weights. `cap` bounds the scores by a tanh.
    """

    vocabulary: int
    width: int
    blocks: tuple[Block, ...]
    tied: bool = False
    norm: str = "rms"
    positions: int = 0
    head_bias: bool = False
    cap: float = 0.0


def decoder(
    spec: Decoder, *, name: str, source: str, batch: int, phase: str | None, length: int
) -> Workload:
    """Build a language model for a phase.

    `prefill` reads `length` tokens, keeps what later steps need and scores the last position;
    `decode` adds one token to a sequence that then has `length`; otherwise the whole sequence is
    read and scored, and nothing kept.
    """
    net = Builder(name, source=source)
    resumes = phase == "decode"
    tokens = 1 if resumes else length
    keeps = phase in {"prefill", "decode"}
    scope = Scope(net=net, batch=batch, tokens=tokens, reach=length, keeps=keeps, resumes=resumes)
    x = embedded(scope, spec.vocabulary, spec.width, spec.positions)
    x = stacked(scope.below("layers"), x, spec.blocks)
    if phase == "prefill" and tokens > 1:
        seen = scope.view("last.seen", x, batch, tokens, spec.width)
        text = f"[b,d] = {{0}}[b,{tokens - 1},d]"
        x = scope.make("last", text, seen, shape=(batch, spec.width), operator="Slice")
    x = NORMS[spec.norm](scope, "norm", x)
    net.output(scored(scope, x, spec))
    return net.build()


def embedded(scope: Scope, vocabulary: int, width: int, positions: int = 0) -> str:
    """Rows of a table picked by token, plus learned positions: [m,d]."""
    b, t = scope.batch, scope.tokens
    ids = scope.net.input(scope.name("tokens"), (b, t))
    table = scope.weight("embedding.weight", vocabulary, width)
    x = scope.make(
        "embedding", "[b,t,d] = {0}[{1}[b,t],d]", table, ids, shape=(b, t, width),
        operator="Embedding",
    )  # fmt: skip
    if positions:
        learned = scope.weight("position.weight", positions, width)
        at = f"t+{scope.reach - 1}" if scope.resumes else "t"
        x = scope.make(
            "position", f"[b,t,d] = {{0}}[b,t,d] + {{1}}[{at},d]", x, learned, shape=(b, t, width),
            operator="Embedding",
        )  # fmt: skip
    return scope.view("rows", x, b * t, width)


def stacked(scope: Scope, x: str, blocks: Iterable[Block]) -> str:
    """Blocks one after the other; equal ones become one with repeats, wherever they stand."""
    counts = Counter(blocks)
    for at, (spec, repeat) in enumerate(counts.items()):
        inside = scope if len(counts) == 1 else scope.below(str(at))
        x = block(replace(inside, repeat=repeat), x, spec)
    return x


def block(scope: Scope, x: str, spec: Block) -> str:
    """One block: its mixers' results are added to the rows, then its feed-forward layer's."""
    seen = _normed(scope, "mixer", x, spec, before=True)
    made = [_mixed(scope, seen, mixer) for mixer in spec.mixers]
    for more in made[1:]:
        made[0] = _sum(scope, "mixers", made[0], more)
    x = _added(scope, "mixer", x, made[0], spec)
    if spec.feed is None:
        return x
    seen = _normed(scope, "feed", x, spec, before=True)
    inside = scope.below("feed")
    match spec.feed:
        case Experts():
            y = experts(inside, seen, spec.feed)
        case FeedForward():
            y = feed_forward(inside, seen, spec.feed)
    return _added(scope, "feed", x, y, spec)


def scored(scope: Scope, x: str, spec: Decoder) -> str:
    """Scores of the whole vocabulary for each row."""
    rows = scope.net.shape(x)[0]
    made = (rows, spec.vocabulary)
    if spec.tied:
        y = scope.make(
            "scores", "[m,n] += {0}[m,k] * {1}[n,k]", x, "embedding.weight", shape=made,
            operator="Linear",
        )  # fmt: skip
    else:
        y = linear(scope, "scores", x, spec.vocabulary, bias=spec.head_bias)
    if spec.cap:
        text = f"[m,n] = tanh({{0}}[m,n] / {spec.cap:g}) * {spec.cap:g}"
        y = scope.make("scores.capped", text, y, shape=made, operator="Activation")
    return y


def _mixed(scope: Scope, x: str, mixer: Mixer) -> str:
    match mixer:
        case Attention():
            return attention(scope.below("attention"), x, mixer)
        case LatentAttention():
            return latent_attention(scope.below("attention"), x, mixer)
        case Mamba():
            return mamba(scope.below("scan"), x, mixer)
        case Mamba2():
            return mamba2(scope.below("scan"), x, mixer)


def _normed(scope: Scope, part: str, x: str, spec: Block, *, before: bool) -> str:
    where = {"before", "around"} if before else {"around", "behind"}
    if spec.placed not in where:
        return x
    return NORMS[spec.norm](scope, f"{part}.norm" if before else f"{part}.after", x)


def _added(scope: Scope, part: str, x: str, y: str, spec: Block) -> str:
    y = _normed(scope, part, y, spec, before=False)
    y = _sum(scope, f"{part}.sum", x, y)
    return NORMS[spec.norm](scope, f"{part}.norm", y) if spec.placed == "after" else y


def _sum(scope: Scope, name: str, a: str, b: str) -> str:
    shape = scope.net.shape(a)
    return scope.make(name, "[m,d] = {0}[m,d] + {1}[m,d]", a, b, shape=shape, operator="Add")
