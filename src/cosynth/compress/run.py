"""Runs a network under formats: by ONNX Runtime where it can, else by ONNX's own evaluator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import onnx
from numpy.typing import NDArray

from cosynth.compress.choices import Choice
from cosynth.compress.network import Network, Site
from cosynth.compress.storage import stored
from cosynth.errors import SpecError, WorkloadError, did_you_mean
from cosynth.format import known

Tensors = Mapping[str, NDArray[Any]]
Values = dict[str, NDArray[Any]]
_PLAIN = "fp32"


class Session(Protocol):
    """What runs a model: the two engines look alike."""

    def run(self, outputs: Sequence[str], feeds: Values) -> list[NDArray[Any]]:
        """Return the named outputs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Nodes in a row, as a model of their own that begins with the factors of `site`."""

    session: Session
    engine: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    site: Site | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Runner:
    """A network and its sessions; they are made once and serve all choices of formats."""

    network: Network
    _stored: dict[tuple[str, int, str], NDArray[Any]] = field(default_factory=dict, init=False)

    @cached_property
    def _whole(self) -> tuple[Segment, ...]:
        return tuple(_segments(self.network, []))

    @cached_property
    def _cut(self) -> tuple[Segment, ...]:
        return tuple(_segments(self.network, self.network.sites))

    @property
    def engines(self) -> tuple[str, ...]:
        """What has run the network so far."""
        made = [each for name in ("_whole", "_cut") for each in self.__dict__.get(name, ())]
        return tuple(dict.fromkeys(each.engine for each in made))

    def run(self, feeds: Tensors, choices: Mapping[str, Choice]) -> Values:
        """Return the outputs by name; layers that `choices` does not name are left alone."""
        for name in choices:
            self.network.site(name)
        computed = any(choice.activations != _PLAIN for choice in choices.values())
        values = {**checked_feeds(self.network, feeds)}
        for each in self.network.sites:
            if each.weight:
                chosen = choices.get(each.name, Choice())
                values[_own(each, each.weight.at)] = self._weight(each, chosen.weights)
        last = _last_use(segments := self._cut if computed else self._whole)
        for at, segment in enumerate(segments):
            site = segment.site
            if site is not None:
                form = choices.get(site.name, Choice()).activations
                for one in site.activations:
                    values[_own(site, one.at)] = stored(values[one.tensor], known(form), one)
            fed = {name: values[name] for name in segment.inputs}
            try:
                found = segment.session.run(list(segment.outputs), fed)
            except Exception as error:  # noqa: BLE001 whatever an engine raises, the model is at fault
                where = f"{self.network.source}: at {site.name!r}" if site else self.network.source
                raise WorkloadError(f"{where}: cannot be run: {_sentence(error)}") from None
            values.update(zip(segment.outputs, found, strict=True))
            for name in [name for name in values if last.get(name, len(segments)) <= at]:
                del values[name]
        return {name: values[name] for name in self.network.outputs}

    def _weight(self, site: Site, form: str) -> NDArray[Any]:
        weight = site.weight
        assert weight is not None
        key = (weight.tensor, weight.axis, form)
        if key not in self._stored:
            values = self.network.constants[weight.tensor]
            if form != _PLAIN:
                kept = stored(values.astype(np.float32), known(form), weight)
                values = kept.astype(values.dtype)
            self._stored[key] = values
        return self._stored[key]


def checked_feeds(network: Network, feeds: Tensors) -> Tensors:
    """Return the feeds in the inputs' types; SpecError where one is absent or unknown."""
    absent = [name for name in network.inputs if name not in feeds]
    unknown = [name for name in feeds if name not in network.inputs]
    if absent or unknown:
        wrong = unknown[0] if unknown else absent[0]
        near = did_you_mean(wrong, network.inputs if unknown else feeds)
        said = f"no input {wrong!r}" if unknown else f"no values for input {wrong!r}"
        raise SpecError(
            f"{network.source}: {said}{near or '; inputs: ' + ', '.join(network.inputs)}"
        )
    kinds = {each.name: each.type.tensor_type.elem_type for each in network.model.graph.input}
    return {
        name: np.asarray(values, dtype=onnx.helper.tensor_dtype_to_np_dtype(kinds[name]))
        for name, values in feeds.items()
    }


def _own(site: Site, at: int) -> str:
    """Name of a factor as one site alone sees it."""
    return f"{site.name}\0{at}"


def _last_use(segments: Sequence[Segment]) -> dict[str, int]:
    """Tensor -> the last segment that reads it, itself or as the origin of a factor."""
    last: dict[str, int] = {}
    for at, segment in enumerate(segments):
        origins = [one.tensor for one in segment.site.activations] if segment.site else []
        last |= dict.fromkeys([*segment.inputs, *origins], at)
    return last


def _segments(network: Network, cuts: Sequence[Site]) -> Iterator[Segment]:
    """The network cut before every one of some sites, in order."""
    graph = network.model.graph
    sites = {site.node: site for site in network.sites}
    starts = sorted({0, *(site.node for site in cuts)})
    parts = [list(range(a, b)) for a, b in zip(starts, [*starts[1:], len(graph.node)], strict=True)]
    reads = [
        {n for at in part for n in _read(graph.node[at])}
        | {one.tensor for at in part if at in sites for one in sites[at].activations}
        for part in parts
    ]
    kinds = {v.name: v for v in (*graph.input, *graph.value_info, *graph.output)}
    wanted = set(network.outputs)
    for at, part in enumerate(parts):
        later = set().union(*reads[at + 1 :]) | wanted
        cut = sites[part[0]] if part[0] in {site.node for site in cuts} else None
        yield _segment(network, part, sites, cut, later, kinds)


def _segment(
    network: Network,
    part: Sequence[int],
    sites: Mapping[int, Site],
    cut: Site | None,
    later: set[str],
    kinds: Mapping[str, onnx.ValueInfoProto],
) -> Segment:
    """One part of the graph as a session; weights of its sites are inputs of it."""
    graph, constants = network.model.graph, network.constants
    nodes, inputs = [], {}
    made = {name for at in part for name in graph.node[at].output}
    for at in part:
        node = onnx.NodeProto()
        node.CopyFrom(graph.node[at])
        site = sites.get(at)
        for one in site.operands if site else ():
            if site and (one.constant or site is cut):
                node.input[one.at] = _own(site, one.at)
                inputs[node.input[one.at]] = _described(
                    node.input[one.at], one.tensor, network, kinds
                )
        nodes.append(node)
        for name in _read(node):
            if name not in made and name not in constants and name not in inputs:
                inputs[name] = _described(name, name, network, kinds)
    outputs = [name for at in part for name in graph.node[at].output if name in later]
    inner = onnx.helper.make_graph(
        nodes,
        "segment",
        list(inputs.values()),
        [onnx.ValueInfoProto(name=name) for name in outputs],
        [one for one in graph.initializer if any(one.name in _read(node) for node in nodes)],
    )
    model = onnx.helper.make_model(
        inner, opset_imports=network.model.opset_import, ir_version=network.model.ir_version
    )
    session, engine = _opened(model, network.source)
    return Segment(
        session=session, engine=engine, inputs=tuple(inputs), outputs=tuple(outputs), site=cut
    )


def _described(
    name: str, origin: str, network: Network, kinds: Mapping[str, onnx.ValueInfoProto]
) -> onnx.ValueInfoProto:
    """An input of a segment: its type as inferred, its shape left open."""
    if origin in network.constants:
        kind = onnx.helper.np_dtype_to_tensor_dtype(network.constants[origin].dtype)
    elif origin in kinds:
        kind = kinds[origin].type.tensor_type.elem_type
    else:
        raise SpecError(f"{network.source}: the type of {origin!r} is not known")
    return onnx.helper.make_tensor_value_info(name, kind, None)


def _read(node: onnx.NodeProto) -> set[str]:
    """Names that a node reads, those that its subgraphs take from outside included."""
    names = {name for name in node.input if name}
    for each in node.attribute:
        for graph in (each.g, *each.graphs):
            inner = {name for one in graph.node for name in _read(one)}
            own = {one.name for one in (*graph.input, *graph.initializer)}
            names |= inner - own - {name for one in graph.node for name in one.output}
            made = {name for one in graph.node for name in one.output}
            names |= {one.name for one in graph.output if one.name not in made | own}
    return names


def _opened(model: onnx.ModelProto, source: str) -> tuple[Session, str]:
    """A session of ONNX Runtime if there is one that takes the model, else the evaluator."""
    content = model.SerializeToString()
    try:
        import onnxruntime
    except ImportError:
        return _reference(model, source)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 0
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception:  # noqa: BLE001 whatever it lacks, the evaluator may have
        return _reference(model, source)
    return session, f"onnxruntime {onnxruntime.__version__}"


def _reference(model: onnx.ModelProto, source: str) -> tuple[Session, str]:
    from onnx.reference import ReferenceEvaluator

    try:
        return ReferenceEvaluator(model), f"onnx.reference {onnx.__version__}"
    except Exception as error:  # noqa: BLE001 an operator that neither of them knows
        raise WorkloadError(f"{source}: cannot be run: {_sentence(error)}") from None


def _sentence(error: Exception) -> str:
    """What an engine says, on one line."""
    return " ".join(str(error).split())[:300] or type(error).__name__
