"""Trains the nets of `bench.nets` for minutes, on data that packages ship, and keeps the weights.

The graph itself is what PyTorch runs, node by node, so that what is trained is what is exported.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from bench import nets

Values = NDArray[Any]
_FIXED = ("later", "share", "split", "join")  # constants that are no weights
_SIDE = 64  # of a digit as ResNet-18 sees it
_LENGTH = 64  # characters that the transformer sees
_WINDOWS = 256  # of text that it is tested on


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """Samples to train on and to test on, with labels; `said` names them."""

    train: tuple[Values, Values]
    test: tuple[Values, Values]
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A net, its data, and how long it is trained."""

    model: Callable[[Data, int], onnx.ModelProto]
    data: Callable[[], Data]
    steps: int
    batch: int
    rate: float


def digits() -> Data:
    """1,797 digits of 8 x 8 that scikit-learn ships; every fifth is for the test."""
    from sklearn.datasets import load_digits

    found = load_digits()
    x = (found.images[:, None] / 8 - 1).astype(np.float32)
    y = found.target.astype(np.int64)
    kept = np.arange(len(x)) % 5 == 0
    return Data(train=(x[~kept], y[~kept]), test=(x[kept], y[kept]), said="digits of scikit-learn")


def large_digits() -> Data:
    """The same, drawn larger by linear interpolation."""
    import torch
    from torch.nn.functional import interpolate

    def larger(x: Values) -> Values:
        shape = (_SIDE, _SIDE)
        given = torch.from_numpy(x)
        return interpolate(given, shape, mode="bilinear", align_corners=False).numpy()

    small = digits()
    return Data(
        train=(larger(small.train[0]), small.train[1]),
        test=(larger(small.test[0]), small.test[1]),
        said=f"{small.said} at {_SIDE} x {_SIDE}",
    )


def text() -> Data:
    """Help pages that Python ships, as characters; the last tenth is for the test."""
    from pydoc_data.topics import topics

    whole = "".join(topics[name] for name in sorted(topics))
    known = sorted(set(whole))
    codes = np.searchsorted(known, list(whole)).astype(np.int64)
    cut = len(codes) * 9 // 10
    starts = np.arange(cut, len(codes) - _LENGTH - 1, _LENGTH)[:_WINDOWS]
    windows = codes[starts[:, None] + np.arange(_LENGTH + 1)]
    return Data(
        train=(codes[:cut], np.array(known)),
        test=(windows[:, :-1], windows[:, 1:]),
        said=f"help pages of Python {sys.version_info.major}.{sys.version_info.minor}",
    )


RECIPES = {
    "cnn": Recipe(
        model=lambda _, seed: nets.digits(seed, fold=False), data=digits,
        steps=600, batch=64, rate=3e-3,
    ),
    "resnet18": Recipe(
        model=lambda _, seed: nets.resnet18(10, _SIDE, 1, seed, fold=False), data=large_digits,
        steps=150, batch=32, rate=1e-3,
    ),
    "transformer": Recipe(
        model=lambda data, seed: nets.transformer(len(data.train[1]), _LENGTH, seed=seed),
        data=text, steps=1500, batch=32, rate=2e-3,
    ),
}  # fmt: skip


def trained(net: str, seed: int, data: Data, cache: Path) -> onnx.ModelProto:
    """Return a net with trained weights, normalisations folded in; from the cache if it can."""
    recipe = RECIPES[net]
    model = recipe.model(data, seed)
    about = (recipe.steps, recipe.batch, recipe.rate, data.said, model.SerializeToString())
    mark = hashlib.sha256(repr(about).encode()).hexdigest()[:12]
    path = cache / f"{net}-{seed}-{mark}.npz"
    if not path.exists():
        weights = _train(model, recipe, data, seed)
        cache.mkdir(parents=True, exist_ok=True)
        np.savez(path, **weights)
    with np.load(path) as file:
        return nets.folded(nets.with_weights(model, dict(file)))


def _train(model: onnx.ModelProto, recipe: Recipe, data: Data, seed: int) -> dict[str, Values]:
    """Adam with a rate that falls to nothing along a cosine."""
    import torch
    from torch.nn.functional import cross_entropy

    torch.manual_seed(seed)
    values = {n: torch.from_numpy(v.copy()) for n, v in nets.weights_of(model).items()}
    moving = [n for n in values if n.endswith((".mean", ".variance")) or n in _FIXED]
    weights = [v.requires_grad_() for n, v in values.items() if n not in moving]
    optimiser = torch.optim.AdamW(weights, recipe.rate, weight_decay=0.01)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, recipe.steps)
    for at, (x, y) in enumerate(_batches(data, recipe, seed)):
        scores = forward(model, values, torch.from_numpy(x), training=True)
        loss = cross_entropy(scores.flatten(0, -2), torch.from_numpy(y).flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        falling.step()
        if at % 50 == 49:
            print(f"  step {at + 1} of {recipe.steps}: loss {loss.item():.3f}", file=sys.stderr)
    return {name: value.detach().numpy() for name, value in values.items()}


def _batches(data: Data, recipe: Recipe, seed: int) -> Iterator[tuple[Values, Values]]:
    rng = np.random.default_rng(seed)
    x, y = data.train
    for _ in range(recipe.steps):
        if x.ndim == 1:  # a text: windows from anywhere
            starts = rng.integers(0, len(x) - _LENGTH - 1, recipe.batch)
            windows = x[starts[:, None] + np.arange(_LENGTH + 1)]
            yield windows[:, :-1], windows[:, 1:]
        else:
            chosen = rng.integers(0, len(x), recipe.batch)
            yield x[chosen], y[chosen]


def forward(
    model: onnx.ModelProto, values: dict[str, Any], x: Any, *, training: bool = False
) -> Any:
    """Run the graph in PyTorch; `values` are its constants as tensors."""
    held = {**values, model.graph.input[0].name: x}
    for node in model.graph.node:
        flags = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        inputs = [held[name] for name in node.input]
        held[node.output[0]] = _computed(node.op_type, inputs, flags, training)
    return held[model.graph.output[0].name]


def _computed(kind: str, inputs: list[Any], flags: dict[str, Any], training: bool) -> Any:
    from torch.nn import functional

    x, *others = inputs
    match kind:
        case "Conv":
            return functional.conv2d(x, *others, stride=flags["strides"], padding=flags["pads"][:2])
        case "BatchNormalization":
            scale, shift, mean, variance = others
            return functional.batch_norm(
                x, mean, variance, scale, shift, training, eps=flags["epsilon"]
            )
        case "MaxPool":
            return functional.max_pool2d(
                x, flags["kernel_shape"], flags["strides"], flags["pads"][:2]
            )
        case "LayerNormalization":
            return functional.layer_norm(x, x.shape[-1:], *others)
        case "Gemm":
            return functional.linear(x, *others)
        case "Reshape":
            return x.reshape(
                *(x.shape[i] if n == 0 else n for i, n in enumerate(others[0].tolist()))
            )
        case "Transpose":
            return x.permute(*flags["perm"])
    simple: dict[str, Callable[[], Any]] = {
        "Add": lambda: x + others[0],
        "Flatten": lambda: x.flatten(1),
        "Gather": lambda: functional.embedding(others[0], x),
        "Gelu": lambda: functional.gelu(x),
        "GlobalAveragePool": lambda: x.mean((2, 3), keepdim=True),
        "MatMul": lambda: x @ others[0],
        "Mul": lambda: x * others[0],
        "Relu": lambda: functional.relu(x),
        "Softmax": lambda: x.softmax(flags["axis"]),
    }
    return simple[kind]()
