"""The network's twin: every tensor in whole numbers, as the circuit must find it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cosynth.rtl.evaluate import evaluate
from cosynth.rtl.network import Host, Layer, Network, Whole, make_view, to_grid
from cosynth.rtl.operands import operand, rounding
from cosynth.rtl.twin.decode import decode
from cosynth.rtl.twin.encode import encode
from cosynth.rtl.twin.rescale import Rescale, rescale


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
    sums = np.rint(evaluate(one.einsum, known, shape)).astype(np.int64)
    half = 1 << accumulator - 1
    sums = ((sums + half) & (2 * half - 1)) - half
    dim = next(d for d, index in enumerate(one.einsum.output.indices) if index.name == one.channel)
    spread = [1] * sums.ndim
    spread[dim] = -1
    post = one.post
    how = Rescale(
        multiplier=np.array(post.multiplier).reshape(spread),
        shift=np.array(post.shift),
        low=post.low,
        high=post.high,
        residual_multiplier=np.array(post.residual_multiplier),
        residual_shift=post.residual_shift,
        odd=operand(network.activation_format).float,
    )
    residual = values[post.residual] if post.residual else None
    found = rescale(sums, np.array(post.bias).reshape(spread), how, residual)
    if not how.odd:
        return found
    code = encode(found, rounding(network.activation_format))
    return decode(code, operand(network.activation_format))


def host(network: Network, one: Host, values: Mapping[str, Whole]) -> dict[str, Whole]:
    """What the host writes: floats in between, whole numbers at the end."""
    graph = network.graph
    made = {einsum.output.tensor for einsum in one.einsums}
    known: dict[str, Any] = dict(network.constants)
    for einsum in one.einsums:
        for access in einsum.inputs:
            root = _root(network, access.tensor)
            if root not in known and root not in made:
                known[root] = values[root] * network.units[root]
    found = {}
    for einsum in one.einsums:
        for access in einsum.inputs:
            make_view(graph, access.tensor, known)
        shape = graph.tensor(einsum.output.tensor).shape
        known[einsum.output.tensor] = evaluate(einsum, known, shape)
    name = one.einsums[-1].output.tensor
    found[name] = to_grid(known[name], network.units[name], network.activation_format)
    return found


def _root(network: Network, name: str) -> str:
    tensor = network.graph.tensor(name)
    return _root(network, tensor.view_of[0]) if tensor.view_of else name
