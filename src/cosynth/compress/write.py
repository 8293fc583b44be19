"""A network in its chosen formats as standard ONNX: what it stores is what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import onnx
from onnx import TensorProto, version_converter

from cosynth.compress.choices import Choice
from cosynth.compress.network import Network, Site
from cosynth.compress.nodes import Nodes
from cosynth.compress.rounded import rounded
from cosynth.compress.spelling import spelling
from cosynth.compress.storage import scaled
from cosynth.compress.stored_weight import stored_weight
from cosynth.errors import CosynthError, SpecError
from cosynth.format import known

PLAIN = "fp32"
_MOST_INSIDE = 1_500_000_000  # bytes of constants; protobuf ends at 2 GiB
# the file format that goes with a version of the operators
_IR = {19: 9, 20: 9, 21: 10, 22: 10, 23: 11, 24: 12, 25: 13}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Written:
    """A model, and remarks on where it takes more room than the formats do."""

    model: onnx.ModelProto
    notes: tuple[str, ...]


def written(network: Network, choices: Mapping[str, Choice]) -> Written:
    """Return the network with its weights stored, and its activations rounded, as chosen.

    Weights are codes with DequantizeLinear behind them; activations pass QuantizeLinear and
    DequantizeLinear. SpecError, naming the layer, for a format that ONNX cannot spell.
    """
    taken = [site for site in network.sites if choices.get(site.name, Choice()) != Choice()]
    version = max([19, *(_version(network, site, choices[site.name]) for site in taken)])
    model = _converted(network, version)
    graph = model.graph
    names = {name for node in graph.node for name in (*node.input, *node.output, node.name)}
    names |= {one.name for one in (*graph.initializer, *graph.input)}
    made: dict[tuple[str, int, str, bool], str] = {}
    ranks = {v.name: len(v.type.tensor_type.shape.dim) for v in _values(model)}
    sizes = {v.name: v.type.tensor_type.shape.dim for v in _values(model)}
    before: dict[int, list[onnx.NodeProto]] = {}
    nodes = Nodes(taken=names)
    where = {node.output[0]: at for at, node in enumerate(graph.node)}
    for site in taken:
        choice = choices[site.name]
        at = where[network.model.graph.node[site.node].output[0]]
        for one in site.operands:
            form = choice.weights if one.constant else choice.activations
            if form == PLAIN:
                continue
            key = (one.tensor, one.axis, form, one.window)
            try:
                if key not in made and one.constant:
                    values = network.constants[one.tensor]
                    made[key] = stored_weight(values, known(form), one, one.tensor, nodes)
                elif key not in made:
                    dims = sizes.get(one.tensor)
                    made[key] = rounded(
                        one, known(form), ranks.get(one.tensor), dims, site.name, nodes
                    )
            except CosynthError as error:
                raise SpecError(f"{network.source}: layer {site.name!r}: {error}") from None
            graph.node[at].input[one.at] = made[key]
        before[at] = nodes.nodes
        nodes.nodes = []
    _assembled(graph, before, nodes.constants)
    _described(model, choices)
    onnx.checker.check_model(model, full_check=_small(model))
    return Written(model=model, notes=tuple(_notes(taken, choices)))


def save(model: onnx.ModelProto, path: Path) -> int:
    """Write a model whole or not at all; return its bytes. Large constants go beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    data = path.with_name(f"{path.name}.data")
    try:
        if _small(model):
            part.write_bytes(model.SerializeToString())
        else:
            data.unlink(missing_ok=True)
            onnx.save(model, part, save_as_external_data=True, location=data.name)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        error.filename = str(path)
        raise
    return path.stat().st_size + (0 if _small(model) else data.stat().st_size)


def _small(model: onnx.ModelProto) -> bool:
    return sum(len(one.raw_data) for one in model.graph.initializer) < _MOST_INSIDE


def _version(network: Network, site: Site, choice: Choice) -> int:
    """Version of the operators that a layer's formats need."""
    found = []
    for one in site.operands:
        form = choice.weights if one.constant else choice.activations
        if form != PLAIN:
            try:
                found.append(spelling(scaled(known(form), one)).version)
            except CosynthError as error:
                raise SpecError(f"{network.source}: layer {site.name!r}: {error}") from None
    return max(found, default=0)


def _converted(network: Network, version: int) -> onnx.ModelProto:
    """The model in a version of the operators, its own if that is newer."""
    own = next((o.version for o in network.model.opset_import if o.domain in {"", "ai.onnx"}), 1)
    model = onnx.ModelProto()
    model.CopyFrom(network.model)
    if own < version:
        if all(_unchanged(node, own, version) for node in _all(model.graph)):
            for each in model.opset_import:
                if each.domain in {"", "ai.onnx"}:
                    each.version = version
        else:
            try:
                model = version_converter.convert_version(model, version)
            except (RuntimeError, onnx.checker.ValidationError) as error:
                said = " ".join(str(error).split())
                raise SpecError(
                    f"{network.source}: cannot be brought from version {own} of the operators to"
                    f" {version}, which these formats need: {said}"
                ) from None
    model.ir_version = max(model.ir_version, _IR.get(max(own, version), onnx.IR_VERSION))
    return model


def _all(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    inner = [g for node in graph.node for a in node.attribute for g in (a.g, *a.graphs)]
    return [*graph.node, *(node for one in inner for node in _all(one))]


def _unchanged(node: onnx.NodeProto, own: int, version: int) -> bool:
    if node.domain not in {"", "ai.onnx"}:
        return True
    schemas = [onnx.defs.get_schema(node.op_type, each, "") for each in (own, version)]
    return bool(schemas[0].since_version == schemas[1].since_version)


def _values(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    graph = model.graph
    every = (*graph.input, *graph.value_info, *graph.output)
    return [v for v in every if v.type.tensor_type.HasField("shape")]


def _assembled(
    graph: onnx.GraphProto,
    before: Mapping[int, list[onnx.NodeProto]],
    constants: list[onnx.TensorProto],
) -> None:
    """Put new nodes in front of those that need them, and leave out what nothing reads."""
    nodes = []
    for at, node in enumerate(graph.node):
        nodes += [*before.get(at, []), node]
    del graph.node[:]
    graph.node.extend(nodes)
    read = {name for node in _all(graph) for name in node.input}
    read |= {each.name for each in graph.output}
    kept = [one for one in (*graph.initializer, *constants) if one.name in read]
    fed = [each for each in graph.input if each.name in read or not _constant(each, graph)]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    if len(fed) < len(graph.input):
        del graph.input[:]
        graph.input.extend(fed)


def _constant(value: onnx.ValueInfoProto, graph: onnx.GraphProto) -> bool:
    return any(one.name == value.name for one in graph.initializer)


def _described(model: onnx.ModelProto, choices: Mapping[str, Choice]) -> None:
    """Say in the file who made it, and each layer's formats."""
    model.producer_name = "cosynth"
    kept = [each for each in model.metadata_props if not each.key.startswith("cosynth.")]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    for name, choice in choices.items():
        text = f"{choice.weights} x {choice.activations}"
        model.metadata_props.append(
            onnx.StringStringEntryProto(key=f"cosynth.formats.{name}", value=text)
        )


def _notes(sites: list[Site], choices: Mapping[str, Choice]) -> list[str]:
    """Where ONNX has no type as narrow as the format's."""
    wider: dict[str, int] = {}
    for site in sites:
        one = site.weight
        form = choices[site.name].weights
        if one is None or form == PLAIN:
            continue
        spelt = spelling(scaled(known(form), one))
        if spelt.wider or spelt.looked_up:
            wider[form] = wider.get(form, 0) + 1
    found = []
    for form, count in wider.items():
        spelt = spelling(known(form))
        kind = TensorProto.DataType.Name(spelt.element)
        through = ", through a table of their values" if spelt.looked_up else ""
        layers = "1 layer" if count == 1 else f"{count} layers"
        found.append(f"ONNX has no type for {form}: {layers} stored as {kind}{through}")
    return found
