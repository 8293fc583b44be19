"""Samples that errors are measured on: a user's file, or drawn at random."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from cosynth.compress.network import Network
from cosynth.errors import SpecError, did_you_mean

LABELS = "labels"
_BATCH = 32  # samples at once, where the model leaves it open
_OPEN = 8  # size of a dimension that the model leaves open, for random samples
_WORDS = 1000  # whole numbers are drawn below it, where nothing says how many there are


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Samples:
    """Inputs by name in batches, their labels if there are any, and where they come from."""

    feeds: tuple[Mapping[str, NDArray[Any]], ...]
    labels: NDArray[Any] | None = None
    count: int
    said: str


def load_samples(path: Path, network: Network, most: int, dims: Mapping[str, int]) -> Samples:
    """Read up to `most` samples from an .npz file of arrays by input name, samples first.

    A file of one array feeds a model of one input whatever its name; an array `labels` goes with
    them. SpecError, naming file and array, where they do not fit the model.
    """
    arrays = _arrays(path)
    labels = arrays.pop(LABELS, None) if LABELS not in network.inputs else None
    if len(arrays) == len(network.inputs) == 1:
        arrays = dict(zip(network.inputs, arrays.values(), strict=True))
    for name in network.inputs:
        if name not in arrays:
            near = did_you_mean(name, arrays) or f"; it holds {', '.join(arrays) or 'nothing'}"
            raise SpecError(f"{path}: no array for input {name!r}{near}")
    kept = {name: arrays[name] for name in network.inputs}
    counts = {name: len(values) if values.ndim else 0 for name, values in kept.items()}
    if len(set(counts.values())) != 1 or not all(counts.values()):
        said = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise SpecError(f"{path}: arrays hold different numbers of samples: {said}")
    for name, values in kept.items():
        _fits(values, name, path, network, dims)
    count = min(most, next(iter(counts.values())))
    if labels is not None and (labels.ndim != 1 or len(labels) < count):
        raise SpecError(f"{path}: labels: expected one whole number a sample")
    return Samples(
        feeds=tuple(_batches({n: v[:count] for n, v in kept.items()}, network, str(path))),
        labels=None if labels is None else labels[:count],
        count=count,
        said=path.name,
    )


def random_samples(network: Network, count: int, seed: int, dims: Mapping[str, int]) -> Samples:
    """Draw samples: Gaussian for real inputs, whole numbers below what they look up."""
    rng = np.random.default_rng(seed)
    feeds: dict[str, NDArray[Any]] = {}
    for name in network.inputs:
        shape, kind = _described(network, name, dims)
        sizes = (count, *(size or _OPEN for size in shape[1:]))
        if not shape:
            sizes = ()
        if kind.kind == "f":
            feeds[name] = rng.standard_normal(sizes).astype(kind)
        elif kind.kind == "b":
            feeds[name] = np.ones(sizes, dtype=bool)
        elif kind.kind in "iu":
            feeds[name] = rng.integers(0, _table(network, name), sizes).astype(kind)
        else:
            raise SpecError(f"input {name!r} holds {kind}: give samples with --data")
    batches = tuple(_batches(feeds, network, network.source))
    return Samples(feeds=batches, count=count, said=f"random, seed {seed}")


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise SpecError(f"{path}: one bare array; save it with numpy.savez")
            return {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise SpecError(f"{path}: no such file") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, KeyError) as error:
        raise SpecError(f"{path}: not a readable .npz file: {error}") from None


def _described(
    network: Network, name: str, dims: Mapping[str, int]
) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape of an input, 0 where it is open, and its type."""
    value = next(each for each in network.model.graph.input if each.name == name)
    kind = value.type.tensor_type
    sizes = tuple(dims.get(d.dim_param, 0) or d.dim_value for d in kind.shape.dim)
    return sizes, np.dtype(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type))


def _fits(
    values: NDArray[Any], name: str, path: Path, network: Network, dims: Mapping[str, int]
) -> None:
    shape, kind = _described(network, name, dims)
    wanted = " x ".join(str(size or "?") for size in shape)
    if values.dtype.kind not in "fiub":
        raise SpecError(f"{path}: {name}: holds {values.dtype}, not numbers")
    if values.ndim != len(shape) or any(
        size and size != own for size, own in zip(shape[1:], values.shape[1:], strict=True)
    ):
        own = " x ".join(map(str, values.shape))
        raise SpecError(f"{path}: {name}: is {own}; the model takes {wanted}")
    if kind.kind == "f" and not np.isfinite(values).all():
        raise SpecError(f"{path}: {name}: holds infinity or NaN")
    if kind.kind in "iu" and values.dtype.kind == "f" and (values != np.trunc(values)).any():
        raise SpecError(f"{path}: {name}: holds fractions; the model takes whole numbers")


def _batches(
    feeds: Mapping[str, NDArray[Any]], network: Network, where: str
) -> Iterator[dict[str, NDArray[Any]]]:
    """Cut samples into batches of the model's own size, or of a moderate one."""
    own = {name: _described(network, name, {})[0][:1] for name in feeds}
    fixed = {size[0] for size in own.values() if size and size[0]}
    count = max((len(values) for values in feeds.values() if values.ndim), default=1)
    if len(fixed) > 1:
        raise SpecError(f"{where}: inputs with batches of {sorted(fixed)}: give --dim")
    step = fixed.pop() if fixed else _BATCH
    if count < step and own and any(size and size[0] for size in own.values()):
        raise SpecError(f"{where}: {count} samples; the model takes {step} at once")
    whole = count - count % step if any(s and s[0] for s in own.values()) else count
    for start in range(0, whole, step):
        yield {
            name: values[start : start + step] if values.ndim else values
            for name, values in feeds.items()
        }


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
                return int(table.shape[0])
            if node.op_type in {"Cast", "Reshape", "Unsqueeze", "Squeeze", "Flatten", "Slice"}:
                pending += [each for each in node.output if each not in seen]
                seen.update(node.output)
    return _WORDS
