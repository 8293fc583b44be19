"""A graph cut before everything that multiplies, each piece a model of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from cosynth.compress.network import Network, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Nodes in a row; the factors of `site`, which is the first of them, are inputs of its own.

    `reads` are tensors computed before, `makes` those that are needed later.
    """

    nodes: range
    site: Site | None
    reads: tuple[str, ...]
    makes: tuple[str, ...]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of what the model of this segment is fed."""
        own = [factor(self.site, one.at) for one in self.site.operands] if self.site else []
        return (*self.reads, *own)


def factor(site: Site, at: int) -> str:
    """Name of a factor as one site alone sees it; no tensor of a model has such a name."""
    return f"{site.name}\0{at}"


def segments(network: Network) -> tuple[Segment, ...]:
    """Cut a network before each of its sites; nodes keep their order."""
    graph = network.model.graph
    sites = {site.node: site for site in network.sites}
    starts = sorted({0, *sites})
    pieces = [range(a, b) for a, b in zip(starts, [*starts[1:], len(graph.node)], strict=True)]
    found: list[Segment] = []
    later = set(network.outputs)
    for piece in reversed(pieces):
        site = sites.get(piece.start)
        made = {name for at in piece for name in graph.node[at].output if name}
        reads: dict[str, None] = {}
        for at in piece:
            names = _others(graph.node[at], site) if at in sites else read_by(graph.node[at])
            reads |= dict.fromkeys(names)
        outside = [n for n in reads if n not in made and n not in network.constants]
        makes = tuple(name for name in dict.fromkeys(_made(graph, piece)) if name in later)
        found.append(Segment(nodes=piece, site=site, reads=tuple(outside), makes=makes))
        later |= set(outside) | {one.tensor for one in (site.activations if site else ())}
    return tuple(reversed(found))


def live_before(network: Network, parts: tuple[Segment, ...]) -> tuple[frozenset[str], ...]:
    """Return which tensors are read in or after each segment, and by the outputs at the end."""
    needed = set(network.outputs)
    found = [frozenset(needed)]
    for part in reversed(parts):
        needed |= {
            *part.reads,
            *(one.tensor for one in (part.site.activations if part.site else ())),
        }
        found.append(frozenset(needed))
    return tuple(reversed(found))


def submodel(network: Network, part: Segment, values: Mapping[str, Any]) -> onnx.ModelProto:
    """Return a segment as a model; `values` of its inputs say their types, shapes stay open."""
    graph = network.model.graph
    nodes = []
    for at in part.nodes:
        node = onnx.NodeProto()
        node.CopyFrom(graph.node[at])
        if part.site is not None and at == part.site.node:
            for one in part.site.operands:
                node.input[one.at] = factor(part.site, one.at)
        node.name = node.name or node.output[0]
        nodes.append(node)
    wanted = {name for node in nodes for name in read_by(node)}
    inner = onnx.helper.make_graph(
        nodes,
        "segment",
        [onnx.ValueInfoProto(name=n, type=_type(values[n])) for n in part.inputs],
        [onnx.ValueInfoProto(name=name) for name in part.makes],
        [one for one in graph.initializer if one.name in wanted],
    )
    inner.sparse_initializer.extend(
        one for one in graph.sparse_initializer if one.values.name in wanted
    )
    return onnx.helper.make_model(
        inner, opset_imports=network.model.opset_import, ir_version=network.model.ir_version
    )


def read_by(node: onnx.NodeProto) -> tuple[str, ...]:
    """Return the names that a node reads, those its subgraphs take from outside included."""
    names = dict.fromkeys(name for name in node.input if name)
    for each in node.attribute:
        for graph in (each.g, *each.graphs):
            names |= dict.fromkeys(_from_outside(graph))
    return tuple(names)


def _from_outside(graph: onnx.GraphProto) -> list[str]:
    own = {one.name for one in (*graph.input, *graph.initializer)}
    own |= {one.values.name for one in graph.sparse_initializer}
    own |= {name for node in graph.node for name in node.output}
    read = [name for node in graph.node for name in read_by(node)]
    return [name for name in (*read, *(one.name for one in graph.output)) if name not in own]


def _others(node: onnx.NodeProto, site: Site | None) -> list[str]:
    """What a node reads beside the factors of its site, such as a bias."""
    assert site is not None
    factors = {one.at for one in site.operands}
    return [name for at, name in enumerate(node.input) if name and at not in factors]


def _made(graph: onnx.GraphProto, piece: range) -> list[str]:
    return [name for at in piece for name in graph.node[at].output if name]


def _type(value: Any) -> onnx.TypeProto:
    if isinstance(value, list):
        element = _type(value[0]) if value else _type(np.zeros(0, dtype=np.float32))
        return onnx.helper.make_sequence_type_proto(element)
    kind = onnx.helper.np_dtype_to_tensor_dtype(np.asarray(value).dtype)
    return onnx.helper.make_tensor_type_proto(kind, None)
