"""Operators with graphs inside: If, Loop, Scan."""

from __future__ import annotations

import onnx

from cosynth.errors import WorkloadError
from cosynth.workload.readers.onnx.graph import Scope, scaled, walk
from cosynth.workload.readers.onnx.node import Node, Value, operator


def _inside(node: Node, graph: onnx.GraphProto, given: dict[str, Value | tuple[str, int]]) -> Scope:
    """Walk a subgraph whose inputs are values, or tensors of this scope with their types."""
    scope = node.scope.inner()
    for name, what in given.items():
        if isinstance(what, Value):
            scope.values[name] = what
            scope.tensors.pop(name, None)
        else:
            scope.bind(name, *what)
    walk(scope, graph)
    # what the body read from outside is the same tensor outside
    for name, value in node.scope.values.items():
        if scope.values.get(name) is value and name in scope.tensors:
            node.scope.tensors.setdefault(name, scope.tensors[name])
    return scope


@operator("If")
def branch(node: Node) -> list[str]:
    """The branch that is taken; where only data knows, the one with more operations."""
    graphs = [node.graph("else_branch"), node.graph("then_branch")]
    known = node.value(0).data
    if known is not None:
        return _branch(node, graphs[bool(known.ravel()[0])])
    net, scope = node.net, node.scope
    tensors, einsums = dict(net.tensors), list(net.einsums)
    values, named = dict(scope.values), dict(scope.tensors)
    made = []
    for graph in graphs:
        net.tensors, net.einsums = dict(tensors), list(einsums)
        scope.values, scope.tensors = dict(values), dict(named)
        results = _branch(node, graph)
        added = net.einsums[len(einsums) :]
        work = sum(e.operations + e.vector_operations for e in added)
        after = net.tensors, net.einsums, scope.values, scope.tensors
        made.append((work, results, [net.shape(r) for r in results], after))
    if made[0][2] != made[1][2]:
        raise WorkloadError(f"its branches give {made[1][2]} and {made[0][2]}: shapes must agree")
    _, results, _, after = max(made, key=lambda option: option[0])
    net.tensors, net.einsums, scope.values, scope.tensors = after
    return results


def _branch(node: Node, graph: onnx.GraphProto) -> list[str]:
    scope = _inside(node, graph, {})
    outputs = list(zip(node.outputs, graph.output, strict=True))
    return [_outward(node, scope, name, made.name) for name, made in outputs]


def _outward(node: Node, scope: Scope, name: str, inner: str) -> str:
    tensor = scope.tensor(inner)
    made = node.net.view(node.scope.free(name or inner), node.net.shape(tensor), tensor)
    if name:
        node.scope.bind(name, made, scope.value(inner).type)
    return made


@operator("Loop")
def loop(node: Node) -> list[str]:
    """A body that repeats a known number of times."""
    graph = node.graph("body")
    trips = node.value(0).data if node.has(0) else None
    if trips is None or not 0 < int(trips.ravel()[0]) < 2**31:
        raise WorkloadError("the number of its rounds must be a constant, and at least 1")
    times, start = int(trips.ravel()[0]), len(node.net.einsums)
    carried = [node.tensor(at) for at in range(2, len(node.inputs))]
    if len(graph.input) != 2 + len(carried) or not graph.output:
        raise WorkloadError(f"its body takes {len(graph.input)} values, gets {2 + len(carried)}")
    first = {
        graph.input[0].name: Value(name=graph.input[0].name, shape=(), type=7),
        graph.input[1].name: Value(name=graph.input[1].name, shape=(), type=9),
    }
    names = [value.name for value in graph.input[2:]]
    kinds = [node.value(at).type for at in range(2, len(node.inputs))]
    kept = dict(zip(names, zip(carried, kinds, strict=True), strict=True))
    scope = _inside(node, graph, {**first, **kept})
    results = [scope.tensor(output.name) for output in graph.output[1:]]
    for name, old, new in zip(names, carried, results, strict=False):
        if node.net.shape(old) != node.net.shape(new):
            shapes = f"{list(node.net.shape(old))} to {list(node.net.shape(new))}"
            raise WorkloadError(f"{name!r} changes its shape from {shapes} between rounds")
    scaled(node.net, start, times)
    ends = [output.name for output in graph.output[1:]]
    return _collected(node, scope, ends, len(carried), times)


def _collected(node: Node, scope: Scope, ends: list[str], carried: int, times: int) -> list[str]:
    """Carried values as they end; the others once per round, side by side."""
    axes = node.integers("scan_output_axes", [0] * max(0, len(ends) - carried))
    made = []
    for at, (name, end) in enumerate(zip(node.outputs, ends, strict=False)):
        tensor = scope.tensor(end)
        shape = list(node.net.shape(tensor))
        if at >= carried:
            axis = axes[at - carried]
            shape.insert(axis if axis >= 0 else len(shape) + 1 + axis, times)
        made.append(node.net.view(node.scope.free(name), shape, tensor) if name else "")
        if name:
            node.scope.bind(name, made[-1], scope.value(end).type)
    return made


@operator("Scan")
def scan(node: Node) -> list[str]:
    """A body that runs once per slice of its inputs."""
    graph, slices = node.graph("body"), node.integer("num_scan_inputs")
    carried = len(node.inputs) - slices
    if slices < 1 or carried < 0 or node.version < 9 or len(graph.input) != len(node.inputs):
        raise WorkloadError(f"{slices} of its {len(node.inputs)} inputs are slices")
    axes = node.integers("scan_input_axes", [0] * slices)
    start, times = len(node.net.einsums), 0
    given: dict[str, Value | tuple[str, int]] = {}
    for at, value in enumerate(graph.input):
        tensor = node.tensor(at)
        if at >= carried:
            shape = list(node.net.shape(tensor))
            times = shape.pop(axes[at - carried])
            tensor = node.net.view(node.scope.free(f"{value.name}.slice"), shape, tensor)
        given[value.name] = tensor, node.value(at).type
    scope = _inside(node, graph, given)
    ends = [output.name for output in graph.output]
    for end in ends:
        scope.tensor(end)
    scaled(node.net, start, times)
    return _collected(node, scope, ends, carried, times)
