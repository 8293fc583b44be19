"""What a family of architectures offers, and the parts that many language models share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from cosynth.errors import SpecError
from cosynth.workload.graph import Workload
from cosynth.workload.layers.attention import Attention
from cosynth.workload.layers.linear import FORMULAS, FeedForward
from cosynth.workload.layers.transformer import Decoder, decoder
from cosynth.workload.readers.huggingface.config import MOST_LAYERS, Config

ACTIVATIONS = tuple(FORMULAS)
USUAL_LENGTH = 2048  # tokens, where a request gives none and the model allows as many
KINDS = ("full_attention", "sliding_attention", "chunked_attention")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to build of a model; `phase` is None for the whole sequence, read and scored."""

    name: str
    source: str
    batch: int
    phase: str | None
    length: int | None
    image: int | None


Build = Callable[[Request], Workload]


class Family(Protocol):
    """A module that reads some architectures."""

    MODEL_TYPES: tuple[str, ...]

    def read(self, config: Config) -> Build:
        """Note the config's mistakes and return what builds the model."""


def language_model(spec: Decoder, longest: int) -> Build:
    """A decoder; `longest` is its usual length limit, a hard one if positions are learned."""

    def build(request: Request) -> Workload:
        length = length_of(request, longest, hard=bool(spec.positions))
        return decoder(
            spec,
            name=request.name,
            source=request.source,
            batch=request.batch,
            phase=request.phase,
            length=length,
        )

    return build


def length_of(request: Request, longest: int, *, hard: bool) -> int:
    """Tokens asked for, or a usual number; `hard` refuses more than the model has positions."""
    no_image(request)
    length = request.length or min(longest, USUAL_LENGTH)
    if hard and length > longest:
        raise SpecError(
            f"{request.name}: {length} tokens do not fit: it has {longest} learned positions"
        )
    return length


def no_image(request: Request) -> None:
    """Refuse a picture's size where there are no pictures."""
    if request.image is not None:
        raise SpecError(f"{request.name}: reads no images; leave out image:{request.image}")


def encoder_only(request: Request) -> None:
    """Refuse to decode where nothing is generated."""
    if request.phase == "decode":
        raise SpecError(
            f"{request.name}: an encoder reads everything at once and has no decode phase"
        )


def layer_count(config: Config, key: str = "num_hidden_layers", default: int | None = None) -> int:
    """Number of layers."""
    return config.size(key, default, most=MOST_LAYERS)


def attention_of(config: Config, width: int, *, bias: bool, out_bias: bool) -> Attention:
    """Attention with the usual keys: grouped heads, full rotary positions."""
    heads = config.size("num_attention_heads")
    groups = config.size("num_key_value_heads", heads)
    if not config.has("head_dim"):
        config.check(
            width % heads == 0, "num_attention_heads", f"{heads} heads do not divide {width}"
        )
    size = config.size("head_dim", max(1, width // heads))
    config.check(
        heads % groups == 0, "num_key_value_heads", f"{groups} groups do not divide {heads} heads"
    )
    factor = config.part("rope_parameters").number(
        "partial_rotary_factor", config.number("partial_rotary_factor", 1.0)
    )
    turned = int(size * factor)
    config.check(
        turned % 2 == 0 and 0 < turned <= size,
        "head_dim",
        f"rotates {turned} of {size} features of a head: an even number of them is needed",
    )
    return Attention(
        width=width,
        heads=heads,
        groups=groups,
        size=size,
        bias=bias,
        out_bias=out_bias,
        rotary=turned,
    )


def feed_of(config: Config, width: int, *, bias: bool = False) -> FeedForward:
    """A gated feed-forward layer with the usual keys."""
    return FeedForward(
        width=width,
        inner=config.size("intermediate_size"),
        activation=config.text("hidden_act", ACTIVATIONS, "silu"),
        bias=bias,
    )


def by_kind(spec: Attention, kinds: tuple[str, ...], window: int) -> tuple[Attention, ...]:
    """One attention a layer: `sliding_attention` sees a window, the others everything."""
    sliding = replace(spec, window=window)
    return tuple(sliding if kind == "sliding_attention" and window else spec for kind in kinds)


def kinds_of(config: Config, layers: int, usual: Callable[[int], bool]) -> tuple[str, ...]:
    """`layer_types`, or by rule which layers slide."""
    stated = config.texts("layer_types", layers, KINDS)
    return stated or tuple(KINDS[usual(at)] for at in range(layers))
