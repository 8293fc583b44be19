"""A graph in floating point: weights and inputs drawn for it, and every tensor computed."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cosynth.errors import SpecError, WorkloadError, did_you_mean
from cosynth.rtl.evaluate import evaluate
from cosynth.workload import Einsum, Workload

Floats = NDArray[np.float64]


def seeded(graph: Workload, seed: int) -> dict[str, Floats]:
    """Weights drawn for a model that has none, with the spread that keeps signals (He)."""
    rng = np.random.default_rng(seed)
    found = {}
    for tensor in graph.tensors:
        if tensor.role == "weight" and not tensor.view_of:
            fan = max(tensor.size // tensor.shape[0], 1) if len(tensor.shape) > 1 else 0
            spread = math.sqrt(2.0 / fan) if fan else 0.1
            found[tensor.name] = rng.normal(0.0, spread, tensor.shape)
    return found


def sampled(graph: Workload, seed: int) -> dict[str, Floats]:
    """Inputs drawn for a model that came without any."""
    rng = np.random.default_rng(seed + 1)
    rows = looked_up(graph)
    return {
        t.name: rng.integers(0, rows[t.name], t.shape).astype(np.float64)
        if t.name in rows
        else rng.normal(0.0, 1.0, t.shape)
        for t in graph.tensors
        if t.role == "input" and not t.view_of
    }


def checked_inputs(graph: Workload, inputs: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return the inputs of a graph; SpecError where one is missing or does not fit."""
    found = {}
    for tensor in graph.tensors:
        if tensor.role != "input" or tensor.view_of:
            continue
        name = tensor.name
        if name not in inputs:
            near = did_you_mean(name, inputs)
            raise SpecError(f"input {name!r} is missing{near}; given: {', '.join(inputs)}")
        value = np.asarray(inputs[name], dtype=np.float64)
        if value.shape != tensor.shape:
            raise SpecError(f"input {name!r} has shape {value.shape}; it must be {tensor.shape}")
        if not np.isfinite(value).all():
            raise SpecError(f"input {name!r} has values that are not finite")
        found[name] = value
    return found


def looked_up(graph: Workload) -> dict[str, int]:
    """Tensors whose elements choose rows of others, and how many rows there are to choose from."""
    found: dict[str, int] = {}
    for einsum in graph.einsums:
        for access in einsum.inputs:
            for index, size in zip(access.indices, graph.tensor(access.tensor).shape, strict=True):
                for name in graph.sources(index.lookup.tensor) if index.lookup else ():
                    found[name] = min(size, found.get(name, size))
    return found


def run_floats(
    graph: Workload, constants: Mapping[str, Floats], inputs: Mapping[str, Floats]
) -> dict[str, Floats]:
    """Every tensor of a graph in float64."""
    values: dict[str, Floats] = {**constants, **inputs}
    for einsum in graph.einsums:
        _views(graph, einsum, values)
        shape = graph.tensor(einsum.output.tensor).shape
        values[einsum.output.tensor] = evaluate(einsum, values, shape)
    return values


def _views(graph: Workload, einsum: Einsum, values: dict[str, Floats]) -> None:
    """Make what an einsum reads of other tensors under another shape."""
    for access in einsum.inputs:
        make_view(graph, access.tensor, values)


def make_view(graph: Workload, name: str, values: dict[str, NDArray]) -> None:  # type: ignore[type-arg]
    """Add a tensor seen under another shape; WorkloadError where it is more than a reshape."""
    if name in values:
        return
    tensor = graph.tensor(name)
    if len(tensor.view_of) != 1:
        raise WorkloadError(f"{name}: no values for it, and it is no reshape of one tensor")
    base = tensor.view_of[0]
    make_view(graph, base, values)
    if graph.tensor(base).size != tensor.size:
        raise WorkloadError(f"{name}: a part of {base}, which circuits cannot read yet")
    values[name] = values[base].reshape(tensor.shape)
