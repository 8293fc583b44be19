"""Weights of a graph in which normalisation was folded, from those of the model as it was written.

What was folded is a scale and a shift by channel. Both are found by running it: on zeros it gives
the shift, on ones the scale as well.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cosynth.errors import WorkloadError
from cosynth.rtl.evaluate import evaluate
from cosynth.rtl.floats import make_view
from cosynth.workload import Access, Einsum, Workload
from cosynth.workload.passes.rewrite import consumers

Floats = NDArray[np.float64]


def folded(model: Workload, graph: Workload, constants: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return the weights of `graph`, which is `model` folded, as far as `constants` tell them.

    WorkloadError if a weight that a scale goes into is read by several layers.
    """
    found = {t.name: constants[t.name] for t in graph.tensors if t.name in constants}
    written = {einsum.name: einsum for einsum in model.einsums}
    own = {tensor.name for tensor in model.tensors}
    readers = consumers(graph)
    for head in graph.einsums:
        before = written.get(head.name)
        if before is None or not head.contraction:
            continue
        last, bias = _last(graph, readers, before, head, own)
        if not last:
            continue
        weight = next((a for a in head.inputs if graph.tensor(a.tensor).role == "weight"), None)
        names = [] if weight is None else graph.sources(weight.tensor)
        if weight is None or any(name not in constants for name in names):
            continue
        if len(readers[names[0]]) > 1:
            raise WorkloadError(
                f"{head.name}: its weights {names[0]!r} are read by {len(readers[names[0]])} layers"
                " of which each would have a scale of its own"
            )
        shift, scale = _probed(model, before, last, constants)
        found[names[0]] = _scaled(graph, head, weight, scale, constants)
        if bias:
            ranks = next(a for e in graph.einsums for a in e.inputs if a.tensor == bias).ranks
            found[bias] = _along(shift, before, ranks)
    return found


def _last(
    graph: Workload,
    readers: Mapping[str, tuple[int, ...]],
    before: Einsum,
    head: Einsum,
    own: set[str],
) -> tuple[str, str]:
    """The tensor that ends what was folded into a head, and its new bias; empty if nothing was."""
    out = head.output.tensor
    if out != before.output.tensor:
        return out, ""
    for place in readers.get(out, ()):
        after = graph.einsums[place]
        new = [a.tensor for a in after.inputs if a.tensor not in own]
        if after.operator == "Bias" and new == [f"{after.output.tensor}.bias"]:
            return after.output.tensor, new[0]
    return "", ""


def _probed(
    model: Workload, head: Einsum, last: str, constants: Mapping[str, Floats]
) -> tuple[Floats, Floats]:
    """Shift and scale between a head's sum and `last`, at every element."""
    shape = model.tensor(head.output.tensor).shape
    readers = consumers(model)
    found = []
    for start in (np.zeros(shape), np.ones(shape)):
        values: dict[str, Floats] = {**constants, head.output.tensor: start}
        at = head.output.tensor
        while at != last:
            (place,) = readers[at]
            one = model.einsums[place]
            for access in one.inputs:
                make_view(model, access.tensor, values)
            at = one.output.tensor
            values[at] = evaluate(one, values, model.tensor(at).shape)
        found.append(values[last].reshape(shape))
    return found[0], found[1] - found[0]


def _along(values: Floats, head: Einsum, ranks: tuple[str, ...]) -> Floats:
    """What differs along some ranks of an output alone, by those ranks in their order."""
    dims = [next(d for d, i in enumerate(head.output.indices) if i.name == r) for r in ranks]
    rest = [dim for dim in range(values.ndim) if dim not in dims]
    moved = values.transpose(*dims, *rest)
    return np.asarray(moved.reshape(*moved.shape[: len(dims)], -1)[..., 0])


def _scaled(
    graph: Workload,
    head: Einsum,
    weight: Access,
    scale: Floats,
    constants: Mapping[str, Floats],
) -> Floats:
    """Weights times the scale of each channel, in the shape in which they are stored."""
    values = dict(constants)
    make_view(graph, weight.tensor, values)
    written = {index.name for index in head.output.indices if index.plain}
    ranks = tuple(i.name for i in weight.indices if i.plain and i.name in written)
    factor = _along(scale, head, ranks)
    spread = [
        head.sizes[index.name] if index.plain and index.name in ranks else 1
        for index in weight.indices
    ]
    scaled = values[weight.tensor] * factor.reshape(spread)
    (owner,) = graph.sources(weight.tensor)
    return np.asarray(scaled.reshape(graph.tensor(owner).shape))
