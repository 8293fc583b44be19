"""Vision transformer: patches of an image as tokens, a class token, a linear classifier."""

from __future__ import annotations

from cosynth.errors import SpecError
from cosynth.workload.builder import Builder
from cosynth.workload.graph import Workload
from cosynth.workload.layers.linear import linear
from cosynth.workload.layers.normalisation import layer_norm
from cosynth.workload.layers.scope import Scope
from cosynth.workload.layers.transformer import stacked
from cosynth.workload.readers.huggingface.bert import encoder_block
from cosynth.workload.readers.huggingface.config import Config
from cosynth.workload.readers.huggingface.family import Build, Request, encoder_only, layer_count

MODEL_TYPES = ("vit",)


def read(config: Config) -> Build:
    """Classes are counted in `id2label`, else `num_labels`."""
    block = encoder_block(config, placed="before")
    layers, width = layer_count(config), config.size("hidden_size")
    image, patch = config.size("image_size", 224), config.size("patch_size", 16)
    channels = config.size("num_channels", 3)
    config.check(image >= patch, "patch_size", f"{patch} is more than the image's {image}")
    labels = len(config.part("id2label").table) or config.size("num_labels", 2)
    side = image // patch

    def build(request: Request) -> Workload:
        encoder_only(request)
        if request.length is not None or request.image not in {None, image}:
            raise SpecError(
                f"{request.name}: its {side * side + 1} positions are learned for images of "
                f"{image}; leave out length and other sizes"
            )
        batch, tokens = request.batch, side * side + 1
        net = Builder(request.name, source=request.source)
        scope = Scope(net=net, batch=batch, tokens=tokens, reach=tokens)
        pixels = net.input("pixels", (batch, channels, image, image))
        cut = scope.make(
            "patches.sum",
            f"[n,p,q,k] += {{0}}[n,c,p*{patch}+r,q*{patch}+s] * {{1}}[k,c,r,s]",
            pixels, scope.weight("patches.weight", width, channels, patch, patch),
            shape=(batch, side, side, width), operator="Conv",
        )  # fmt: skip
        cut = scope.make(
            "patches", "[n,p,q,k] = {0}[n,p,q,k] + {1}[k]", cut,
            scope.weight("patches.bias", width), shape=(batch, side, side, width), operator="Conv",
        )  # fmt: skip
        first = scope.weight("class", 1, 1, width)
        x = scope.view("all", (cut, first), batch, tokens, width)
        learned = scope.weight("position.weight", tokens, width)
        x = scope.make(
            "position", "[b,t,d] = {0}[b,t,d] + {1}[t,d]", x, learned,
            shape=(batch, tokens, width), operator="Embedding",
        )  # fmt: skip
        x = scope.view("rows", x, batch * tokens, width)
        x = stacked(scope.below("layers"), x, [block] * layers)
        x = scope.view("seen", layer_norm(scope, "norm", x), batch, tokens, width)
        x = scope.make("first", "[b,d] = {0}[b,0,d]", x, shape=(batch, width), operator="Slice")
        net.output(linear(scope, "scores", x, labels, bias=True))
        return net.build()

    return build
