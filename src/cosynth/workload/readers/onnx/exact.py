"""A file's graph in which every element is where the file puts it, for those who compute with it.

To count, elements in another order are the same elements under another shape. Here a transpose and
a split are copies, and what only has another shape is a view of its own input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import onnx

from cosynth.workload.einsum import Access, Einsum, Index, Term
from cosynth.workload.graph import Tensor, Workload, checked
from cosynth.workload.layers.elementwise import ranks
from cosynth.workload.readers.onnx.file import parsed, walked

_RESHAPES = {"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout"}


def exact(path: Path, dims: Mapping[str, int] | None = None) -> Workload:
    """Return `read(path, dims)` with copies in place of views that move elements.

    Transposes and splits of the graph itself are seen, those in branches and loops are not.
    """
    model = parsed(path)
    scope = walked(model, path, dims or {})
    tensors = dict(scope.net.tensors)
    copies: list[Einsum] = []
    for node in model.graph.node:
        if not node.input or node.input[0] not in scope.tensors:
            continue
        given = scope.tensors[node.input[0]]
        start = 0
        for name in node.output:
            made = tensors.get(scope.tensors.get(name, ""))
            if made is None or not made.view_of or made.name == given:
                continue
            if node.op_type in _RESHAPES:
                tensors[made.name] = replace(made, view_of=(given,))
            elif made.role != "weight" and (indices := _read(node, tensors[given], start)):
                role = "output" if made.role == "output" else "activation"
                tensors[made.name] = replace(made, view_of=(), role=role)
                copies.append(_copy(made, given, indices, node.op_type))
                start += made.shape[_axis(node)] if node.op_type == "Split" else 0
    graph = replace(scope.net.build(), tensors=tuple(tensors.values()))
    return checked(replace(graph, einsums=_ordered(graph, copies)))


def _read(node: onnx.NodeProto, given: Tensor, start: int) -> tuple[Index, ...]:
    """Where an output's element lies in the input; nothing if the operator moves none."""
    names = ranks(len(given.shape))
    if node.op_type == "Transpose":
        order = _attribute(node, "perm", list(reversed(range(len(names)))))
        assert isinstance(order, list)
        found = {axis: names[at] for at, axis in enumerate(order)}
        return tuple(_index(found[axis], 0) for axis in range(len(names)))
    if node.op_type == "Split":
        axis = _axis(node) % len(names)
        return tuple(_index(name, start * (at == axis)) for at, name in enumerate(names))
    return ()


def _axis(node: onnx.NodeProto) -> int:
    found = _attribute(node, "axis", 0)
    assert isinstance(found, int)
    return found


def _attribute(node: onnx.NodeProto, name: str, default: object) -> object:
    for one in node.attribute:
        if one.name == name:
            return onnx.helper.get_attribute_value(one)
    return default


def _index(rank: str, offset: int) -> Index:
    return Index(terms=(Term(rank=rank),), offset=offset)


def _copy(made: Tensor, given: str, indices: tuple[Index, ...], operator: str) -> Einsum:
    names = ranks(len(made.shape))
    return Einsum(
        name=made.name,
        output=Access(tensor=made.name, indices=tuple(_index(name, 0) for name in names)),
        expression=Access(tensor=given, indices=indices),
        bounds=tuple(zip(names, made.shape, strict=True)),
        operator=operator,
    )


def _ordered(graph: Workload, copies: list[Einsum]) -> tuple[Einsum, ...]:
    """All einsums, each behind those whose results it reads."""
    waiting = [*graph.einsums, *copies]
    ready = {t.name for t in graph.tensors if t.role in {"input", "weight", "state"}}
    written = {einsum.output.tensor for einsum in waiting}
    found: list[Einsum] = []
    while waiting:
        for einsum in waiting:
            needs = {s for access in einsum.inputs for s in graph.sources(access.tensor)}
            if needs & written <= ready:
                break
        waiting.remove(einsum)
        ready.add(einsum.output.tensor)
        found.append(einsum)
    return tuple(found)
