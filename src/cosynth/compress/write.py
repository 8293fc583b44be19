"""A network in its chosen formats as standard ONNX: what it stores is what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, version_converter

from cosynth.compress.choices import Choice
from cosynth.compress.network import Network, Operand, Site
from cosynth.compress.nodes import Nodes
from cosynth.compress.rounded import rounded
from cosynth.compress.run import Runner
from cosynth.compress.spelling import spelling
from cosynth.compress.storage import scaled
from cosynth.compress.stored_weight import stored_weight
from cosynth.errors import CosynthError, SpecError
from cosynth.format import known

PLAIN = "fp32"
_INVALID = (onnx.checker.ValidationError, RuntimeError, ValueError, TypeError)
_FIRST = 19  # of the operators: earlier ones onnx itself cannot run quantised
_MOST_INSIDE = 1_500_000_000  # bytes of constants; protobuf ends at 2 GiB
# the file format that goes with a version of the operators
_IR = {19: 9, 20: 9, 21: 10, 22: 10, 23: 11, 24: 12, 25: 13}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Written:
    """A model, and remarks on where it takes more room than the formats do."""

    model: onnx.ModelProto
    notes: tuple[str, ...]


def written(runner: Runner, choices: Mapping[str, Choice]) -> Written:
    """Return the network with its weights stored, and its activations rounded, as chosen.

    Weights are codes with DequantizeLinear behind them; activations pass QuantizeLinear and
    DequantizeLinear, after what the runner's steps do. SpecError, naming the layer, for a format
    that ONNX cannot spell.
    """
    network = runner.network
    taken = [site for site in network.sites if choices.get(site.name, Choice()) != Choice()]
    version = max([_FIRST, *(_version(network, site, choices[site.name]) for site in taken)])
    model = _converted(network, version)
    graph = model.graph
    names = {name for node in graph.node for name in (*node.input, *node.output, node.name)}
    names |= {one.name for one in (*graph.initializer, *graph.input)}
    shapes = {v.name: v.type.tensor_type.shape.dim for v in _values(network.model)}
    nodes = Nodes(taken=names, ranks={name: len(dims) for name, dims in shapes.items()})
    where = {node.output[0]: at for at, node in enumerate(graph.node)}
    writer = _Writer(runner=runner, shapes=shapes, nodes=nodes)
    before: dict[int, list[onnx.NodeProto]] = {}
    for site in taken:
        at = where[network.model.graph.node[site.node].output[0]]
        try:
            for one in site.operands:
                graph.node[at].input[one.at] = writer.factor(site, one, choices[site.name])
        except CosynthError as error:
            raise SpecError(f"{network.source}: layer {site.name!r}: {error}") from None
        before[at] = nodes.nodes
        nodes.nodes = []
    _assembled(graph, before, nodes.constants)
    _described(model, choices)
    try:
        onnx.checker.check_model(model, full_check=_small(model))
    except (onnx.shape_inference.InferenceError, *_INVALID) as error:
        said = " ".join(str(error).split())
        raise SpecError(f"{network.source}: is not valid once written: {said}") from None
    return Written(model=model, notes=tuple(_notes(taken, choices)))


def check_writable(network: Network, options: Iterable[Choice]) -> None:
    """Raise what `written` would for any of these options in any layer; nothing is encoded."""
    shapes = {v.name: v.type.tensor_type.shape.dim for v in _values(network.model)}
    for option in options:
        for site in network.sites:
            _version(network, site, option)
            if option.activations == PLAIN:
                continue
            nodes = Nodes(taken=set(), ranks={name: len(dims) for name, dims in shapes.items()})
            try:
                for one in site.activations:
                    rounded(one, known(option.activations), shapes.get(one.tensor), "", nodes)
            except CosynthError as error:
                raise SpecError(f"{network.source}: layer {site.name!r}: {error}") from None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Writer:
    """Adds the factors of one site after the other; what is shared is added once."""

    runner: Runner
    shapes: Mapping[str, Sequence[onnx.TensorShapeProto.Dimension]]
    nodes: Nodes
    made: dict[tuple[str, ...], str] = field(default_factory=dict)

    def factor(self, site: Site, one: Operand, choice: Choice) -> str:
        """Return what holds a factor as its site sees it."""
        form = choice.weights if one.constant else choice.activations
        changes = self.runner.changes.get(site.name, ())
        if form == PLAIN and not changes:
            return one.tensor
        own = site.name if changes else ""
        key = (one.tensor, str(one.axis), form, str(one.window), own)
        if key not in self.made:
            add = self._weight if one.constant else self._activation
            self.made[key] = add(site, one, form)
        return self.made[key]

    def _weight(self, site: Site, one: Operand, form: str) -> str:
        values = self.runner.changed_weight(site, form)
        kind = self.runner.network.constants[one.tensor].dtype
        if form == PLAIN:
            return self.nodes.constant(f"{one.tensor}.changed", values.astype(kind))
        held = stored_weight(values, known(form), one, one.tensor, self.nodes)
        return self._in(held, kind)

    def _activation(self, site: Site, one: Operand, form: str) -> str:
        format = None if form == PLAIN else known(form)
        held, kind = one.tensor, self._kind(one.tensor)
        held = self._in(held, np.dtype(np.float32), kind)
        for change in self.runner.changes.get(site.name, ()):
            held = change.spelt(held, one, format, self.nodes)
        if format is None:
            return self._in(held, kind)
        dims = self.shapes.get(one.tensor)
        scale = self.runner.given_scale(site, one, format)
        held = rounded(one, format, dims, site.name, self.nodes, x=held, scale=scale)
        return self._in(held, kind)

    def _kind(self, name: str) -> np.dtype[Any]:
        every = _values(self.runner.network.model)
        found = next((v.type.tensor_type.elem_type for v in every if v.name == name), 1)
        kind: np.dtype[Any] = np.dtype(helper.tensor_dtype_to_np_dtype(found))
        return kind

    def _in(self, name: str, kind: np.dtype[Any], own: np.dtype[Any] | None = None) -> str:
        """The same in another type of real numbers, if it is not in it already."""
        if kind == (np.dtype(np.float32) if own is None else own):
            return name
        to = helper.np_dtype_to_tensor_dtype(kind)
        made = self.nodes.add("Cast", [name], f"{name}.cast", to=to)
        if name in self.nodes.ranks:
            self.nodes.ranks[made] = self.nodes.ranks[name]
        return made


def save(model: onnx.ModelProto, path: Path) -> int:
    """Write a model whole or not at all; return its bytes. Large constants go beside it.

    They are then no longer in `model`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    data = path.with_name(f"{path.name}.data")
    alone = _small(model)  # afterwards the constants are no longer in it
    try:
        if alone:
            part.write_bytes(model.SerializeToString())
        else:
            data.unlink(missing_ok=True)
            onnx.save(model, part, save_as_external_data=True, location=data.name)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        error.filename = str(path)
        raise
    return path.stat().st_size + (0 if alone else data.stat().st_size)


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
            except (version_converter.ConvertError, *_INVALID) as error:
                said = " ".join(str(error).split())
                raise SpecError(
                    f"{network.source}: cannot be brought from version {own} of the operators to"
                    f" {version}, which these formats need: {said}"
                ) from None
        # they may have other types now
        del model.graph.value_info[:]
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
