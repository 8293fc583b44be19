"""Samples that errors are measured on: a user's file, or drawn at random."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from cosynth.compress.network import Network
from cosynth.errors import SpecError, did_you_mean

Feeds = Mapping[str, NDArray[Any]]
LABELS = "labels"
_BATCH = 32  # samples at once, where the model leaves it open
# sizes of dimensions that a model leaves open, for random samples: sides of an image, and others
_SIDE, _OPEN = 64, 8
_MOST_DRAWN = 1 << 30  # numbers of one input
_WHOLE = 2  # whole numbers are drawn below it, where they look nothing up


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Samples:
    """Inputs by name in batches, their labels if there are any, and where they come from.

    `count` samples are used; what does not fill a batch of the model's fixed size is left out.
    """

    feeds: tuple[Feeds, ...]
    labels: NDArray[Any] | None = None
    count: int
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Input:
    """What a model takes under a name; a size of 0 is open, and may have a symbol."""

    name: str
    shape: tuple[int, ...]
    symbols: tuple[str, ...]
    kind: np.dtype[Any]


def load_samples(path: Path, network: Network, most: int, dims: Mapping[str, int]) -> Samples:
    """Read up to `most` samples from an .npz file of arrays by input name, samples first.

    With one axis more than the model's inputs, arrays hold one whole run a sample. A file of one
    array feeds a model of one input whatever its name; an array `labels` goes with them.
    SpecError, naming file and array, where they do not fit the model.
    """
    arrays = _arrays(path)
    labels = arrays.pop(LABELS, None) if LABELS not in network.inputs else None
    if len(arrays) == len(network.inputs) == 1:
        arrays = dict(zip(network.inputs, arrays.values(), strict=True))
    for name in network.inputs:
        if name not in arrays:
            near = did_you_mean(name, arrays) or f"; it holds {', '.join(arrays) or 'nothing'}"
            raise SpecError(f"{path}: no array for input {name!r}{near}")
    inputs = _inputs(network, dims)
    kept = {one.name: _numbers(arrays[one.name], one, str(path)) for one in inputs}
    runs = all(kept[one.name].ndim == len(one.shape) + 1 for one in inputs)
    for one in inputs:
        _fits(kept[one.name], one, str(path), runs=runs)
    counts = {name: len(values) for name, values in kept.items() if values.ndim}
    if len(set(counts.values())) != 1 or not all(counts.values()):
        said = ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"
        raise SpecError(f"{path}: arrays hold different numbers of samples: {said}")
    whole = next(iter(counts.values()))
    feeds, count = _batches(kept, inputs, min(most, whole), str(path), runs=runs)
    if labels is not None:
        labels = _labels(labels, whole, str(path))[:count]
    return Samples(feeds=feeds, labels=labels, count=count, said=path.name)


def random_samples(network: Network, count: int, seed: int, dims: Mapping[str, int]) -> Samples:
    """Draw samples: Gaussian for real inputs, whole numbers below the rows of what they look up.

    Other whole numbers are 0 or 1, flags are set. Sizes that the model leaves open are 64 for the
    sides of an image and 8 for others; `dims` gives those with a name theirs.
    """
    rng = np.random.default_rng(seed)
    inputs = _inputs(network, dims)
    runs = _differ(inputs)
    fixed = max((one.shape[0] for one in inputs if one.shape), default=1)
    whole = count if runs or not fixed else -(-count // fixed) * fixed
    values = {}
    for one in inputs:
        shape = _filled(one, inputs[0].symbols[:1])
        sizes = (whole, *shape) if runs else (whole, *shape[1:])
        values[one.name] = _drawn(rng, one, sizes, network)
    feeds, used = _batches(values, inputs, whole, network.source, runs=runs)
    guessed = {
        symbol: size
        for one in inputs
        for size, known, symbol in zip(_filled(one, ()), one.shape, one.symbols, strict=True)
        if symbol and not known and symbol not in inputs[0].symbols[:1]
    }
    said = ", ".join([f"random, seed {seed}", *(f"{n}={size}" for n, size in guessed.items())])
    return Samples(feeds=feeds, count=used, said=said)


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with path.open("rb") as opened:
            file = np.load(opened, allow_pickle=False)
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise SpecError(f"{path}: one bare array; save it with numpy.savez")
            return {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise SpecError(f"{path}: no such file") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, KeyError) as error:
        if "allow_pickle" in str(error):
            raise SpecError(
                f"{path}: holds Python objects or is no .npz file; save plain arrays of numbers"
                " with numpy.savez"
            ) from None
        raise SpecError(f"{path}: not a readable .npz file: {error}") from None


def _inputs(network: Network, dims: Mapping[str, int]) -> tuple[_Input, ...]:
    found = []
    for value in network.model.graph.input:
        if value.name in network.inputs:
            kind = value.type.tensor_type
            if not kind.elem_type:
                raise SpecError(f"{network.source}: input {value.name!r} is no tensor")
            sizes = tuple(dims.get(d.dim_param, max(d.dim_value, 0)) for d in kind.shape.dim)
            symbols = tuple(d.dim_param for d in kind.shape.dim)
            held = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type))
            found.append(_Input(name=value.name, shape=sizes, symbols=symbols, kind=held))
    return tuple(found)


def _numbers(values: NDArray[Any], one: _Input, where: str) -> NDArray[Any]:
    where = f"{where}: {one.name}"
    if values.dtype.kind not in "fiub":
        raise SpecError(f"{where}: holds {values.dtype}, not numbers")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise SpecError(f"{where}: holds infinity or NaN")
    if one.kind.kind in "iu" and values.dtype.kind == "f":
        if (values != np.trunc(values)).any():
            raise SpecError(f"{where}: holds fractions; the model takes whole numbers")
        return values.astype(np.int64)
    return values


def _fits(values: NDArray[Any], one: _Input, where: str, *, runs: bool) -> None:
    own = values.shape[1:] if runs else values.shape
    first = 0 if runs else 1
    if len(own) != len(one.shape) or any(
        size and size != each for size, each in zip(one.shape[first:], own[first:], strict=True)
    ):
        said = " x ".join(map(str, values.shape)) or "one number"
        wanted = " x ".join(str(size or "?") for size in one.shape) or "one number"
        raise SpecError(f"{where}: {one.name}: is {said}; the model takes {wanted}")


def _labels(labels: NDArray[Any], count: int, where: str) -> NDArray[Any]:
    if labels.dtype.kind not in "iu" or labels.ndim < 1 or len(labels) != count:
        said = " x ".join(map(str, labels.shape)) or "one value"
        raise SpecError(
            f"{where}: labels: {labels.dtype} {said}; expected whole numbers for {count} samples"
        )
    return labels


def _filled(one: _Input, samples: tuple[str, ...]) -> tuple[int, ...]:
    """Sizes of one run: open ones by what they are likely to be; `samples` is their axis's name."""
    others = _SIDE if len(one.shape) > 3 else _OPEN
    return tuple(
        size or (1 if at == 0 or symbol in samples else _OPEN if at == 1 else others)
        for at, (size, symbol) in enumerate(zip(one.shape, one.symbols, strict=True))
    )


def _differ(inputs: tuple[_Input, ...]) -> bool:
    """Whether the first axes of the inputs cannot all be that of the samples."""
    fixed = {one.shape[0] for one in inputs if one.shape and one.shape[0]}
    inner = {name for one in inputs for name in one.symbols[1:] if name}
    outer = {one.symbols[0] for one in inputs if one.shape and not one.shape[0]}
    return len(fixed) > 1 or bool(inner & outer) or not all(one.shape for one in inputs)


def _batches(
    values: Feeds, inputs: tuple[_Input, ...], count: int, where: str, *, runs: bool
) -> tuple[tuple[Feeds, ...], int]:
    """Samples in batches of the model's own size, or of a moderate one, and how many there are."""
    if runs:
        return tuple({n: each[at] for n, each in values.items()} for at in range(count)), count
    if _differ(tuple(one for one in inputs if one.shape)):
        said = ", ".join(f"{one.name} {one.shape[0] or 'any'}" for one in inputs if one.shape)
        raise SpecError(
            f"{where}: the first sizes of the inputs differ ({said}): give each array another axis"
            " in front, one whole run a sample"
        )
    fixed = max((one.shape[0] for one in inputs if one.shape), default=0)
    if count < fixed:
        raise SpecError(f"{where}: {count} samples; the model takes {fixed} at once")
    step = fixed or _BATCH
    used = count - count % fixed if fixed else count
    feeds = tuple(
        {
            name: each[start : min(start + step, used)] if each.ndim else each
            for name, each in values.items()
        }
        for start in range(0, used, step)
    )
    return feeds, used


def _drawn(
    rng: np.random.Generator, one: _Input, sizes: tuple[int, ...], network: Network
) -> NDArray[Any]:
    if math.prod(sizes) > _MOST_DRAWN:
        shape = " x ".join(map(str, sizes))
        raise SpecError(f"input {one.name!r}: {shape} numbers are too many to be drawn")
    match one.kind.kind:
        case "f":
            return rng.standard_normal(sizes).astype(one.kind)
        case "b":
            return np.ones(sizes, dtype=bool)
        case "i" | "u":
            return rng.integers(0, _table(network, one.name), sizes).astype(one.kind)
        case _:
            raise SpecError(f"input {one.name!r} holds {one.kind}: give samples with --data")


def _table(network: Network, name: str) -> int:
    """How many rows the table has that an input looks up in."""
    seen, pending = {name}, [name]
    while pending:
        here = pending.pop()
        for node in network.model.graph.node:
            if here not in node.input:
                continue
            table = network.constants.get(node.input[0])
            if node.op_type == "Gather" and node.input[1] == here and table is not None:
                axis = next((each.i for each in node.attribute if each.name == "axis"), 0)
                return int(table.shape[axis])
            if node.op_type in {"Cast", "Reshape", "Unsqueeze", "Squeeze", "Flatten", "Slice"}:
                pending += [each for each in node.output if each not in seen]
                seen.update(node.output)
    return _WHOLE
