"""The network's twin: every tensor in whole numbers, as the circuit must find it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from cosynth.rtl.evaluate import evaluate
from cosynth.rtl.floats import make_view
from cosynth.rtl.grid import grid, to_grid
from cosynth.rtl.network import Host, Layer, Network, Whole, root
from cosynth.rtl.operands import operand, rounding
from cosynth.rtl.twin.decode import decode
from cosynth.rtl.twin.encode import encode
from cosynth.rtl.twin.rescale import Rescale, rescale
from cosynth.rtl.words import codes_of, whole_of
from cosynth.workload import Access, Einsum

# whole numbers below this are exact in float64; parts of so many bits keep a million terms below it
EXACT, LIMB = 1 << 53, 16


def run(network: Network, inputs: Mapping[str, Whole], accumulator: int) -> dict[str, Whole]:
    """Return every tensor that an operation writes, in whole numbers of its element's step."""
    values: dict[str, Whole] = dict(inputs)
    for operation in network.operations:
        if isinstance(operation, Layer):
            values[operation.out] = layer(network, operation, values, accumulator)
        else:
            values |= host(network, operation, values)
    return values


def layer(network: Network, one: Layer, values: Mapping[str, Whole], accumulator: int) -> Whole:
    """The output of a layer: sums that wrap, then post-processing with one rounding."""
    known: dict[str, Whole] = dict(values)
    for access in (one.data, one.weight):
        if access.tensor in network.weights:
            known[access.tensor] = network.weights[access.tensor]
        make_view(network.graph, access.tensor, known)
    shape = network.graph.tensor(one.einsum.output.tensor).shape
    sums = _sums(network, one, known, shape)
    half = 1 << accumulator - 1
    sums = ((sums + half) & (2 * half - 1)) - half
    dim = next(d for d, index in enumerate(one.einsum.output.indices) if index.name == one.channel)
    spread = [1] * sums.ndim
    spread[dim] = -1
    post = one.post
    how = Rescale(
        multiplier=np.array(post.multiplier).reshape(spread),
        shift=np.array(post.shift),
        negative_multiplier=np.array(post.negative).reshape(spread) if post.negative else None,
        low=post.low,
        high=post.high,
        residual_multiplier=np.array(post.residual_multiplier),
        residual_shift=post.residual_shift,
        odd=operand(network.activation_format).float,
    )
    residual = None
    if post.residual is not None:
        residual = evaluate(_spread(one, post.residual), values, shape).astype(np.int64)
    found = rescale(sums, np.array(post.bias).reshape(spread), how, residual)
    format = network.activation_format
    if how.odd:
        found = decode(encode(found, rounding(format)), operand(format))
    if not post.table:
        return found
    index = codes_of(found, format) if how.odd else found & len(post.table) - 1
    return whole_of(np.array(post.table, np.uint64)[index], format)


def _spread(one: Layer, residual: Access) -> Einsum:
    """What is added, as large as the sum."""
    ranks = {rank: one.einsum.sizes[rank] for rank in one.einsum.output.ranks}
    return replace(one.einsum, expression=residual, reduction=None, bounds=tuple(ranks.items()))


def _sums(
    network: Network, one: Layer, values: Mapping[str, Whole], shape: tuple[int, ...]
) -> Whole:
    """Sums of products modulo 2^64: by parts of the factors where floats would not be exact.

    Of maxima the greatest product; what is not there is the lowest activation.
    """
    x, y = values[one.data.tensor], values[one.weight.tensor]
    if one.maxima:
        lowest = -grid(network.activation_format)[1]
        return np.maximum(evaluate(one.einsum, values, shape), lowest).astype(np.int64)
    terms = one.einsum.points // max(math.prod(shape), 1) + 1
    size = int(np.abs(x).max(initial=0)) * int(np.abs(y).max(initial=0)) * terms
    if size < EXACT or one.data.tensor == one.weight.tensor:
        return np.rint(evaluate(one.einsum, values, shape)).astype(np.int64)
    total: Whole = np.zeros(shape, dtype=np.int64)
    for shift, low in _parts(x):
        for further, other in _parts(y):
            parts = {**values, one.data.tensor: low, one.weight.tensor: other}
            found = np.rint(evaluate(one.einsum, parts, shape)).astype(np.int64)
            total += found << shift + further
    return total


def _parts(value: Whole) -> list[tuple[int, Whole]]:
    """Parts of `LIMB` bits and where each begins; the last has the sign."""
    found = []
    for shift in range(0, 3 * LIMB, LIMB):
        rest = value >> shift
        found.append((shift, rest if shift == 2 * LIMB else rest & (1 << LIMB) - 1))
    return found


def host(network: Network, one: Host, values: Mapping[str, Whole]) -> dict[str, Whole]:
    """What the host writes: floats in between, whole numbers at the end."""
    graph = network.graph
    made = {einsum.output.tensor for einsum in one.einsums}
    known: dict[str, Any] = dict(network.constants)
    for einsum in one.einsums:
        for access in einsum.inputs:
            base = root(graph, access.tensor)
            if base not in known and base not in made:
                known[base] = values[base] * network.units[base]
    for einsum in one.einsums:
        for access in einsum.inputs:
            make_view(graph, access.tensor, known)
        shape = graph.tensor(einsum.output.tensor).shape
        known[einsum.output.tensor] = evaluate(einsum, known, shape)
    return {
        name: to_grid(known[name], network.units[name], network.activation_format)
        for name in one.writes
    }
