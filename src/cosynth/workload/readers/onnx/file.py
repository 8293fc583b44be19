"""From an ONNX file on disk to a workload: parsing, checks of its references, sizes, functions."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from cosynth.errors import CosynthError, SpecError, WorkloadError
from cosynth.workload.builder import Builder
from cosynth.workload.graph import Workload

if TYPE_CHECKING:
    import onnx

    from cosynth.workload.readers.onnx.graph import Scope

_LARGEST = 1_000_000  # nodes after functions are written out


def read(path: Path, dims: Mapping[str, int] | None = None) -> Workload:
    """Return the workload of an ONNX file; `dims` gives symbolic dimensions their sizes.

    Weights are never loaded: shapes suffice. Raises SpecError for a file that cannot be parsed and
    WorkloadError, naming the node, for what cannot be expressed.
    """
    model = parsed(path)
    try:
        return _read(model, path, dims or {})
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise SpecError(f"{path}: malformed: {error}") from None


def _read(model: onnx.ModelProto, path: Path, dims: Mapping[str, int]) -> Workload:
    return walked(model, path, dims).net.build()


def walked(model: onnx.ModelProto, path: Path, dims: Mapping[str, int]) -> Scope:
    """Return all names of a file's graph with the tensors made for them, its outputs marked."""
    import onnx

    from cosynth.workload.readers.onnx.graph import Scope, graph_inputs, walk

    _register()
    opsets = {("" if o.domain == "ai.onnx" else o.domain): o.version for o in model.opset_import}
    newest = onnx.defs.onnx_opset_version()
    if not 1 <= opsets.setdefault("", 1) <= newest:
        raise SpecError(
            f"{path}: operators of version {opsets['']}; this onnx package knows 1 to {newest}"
        )
    net = Builder(path.stem, source=str(path))
    scope = Scope(net=net, where=str(path), opsets=opsets)
    graph_inputs(scope, model.graph, dims)
    walk(scope, model.graph)
    for output in model.graph.output:
        try:
            net.output(scope.tensor(output.name))
        except CosynthError as error:
            raise WorkloadError(f"{path}: output {output.name!r}: {error}") from None
    if not net.einsums:
        raise WorkloadError(f"{path}: the graph computes nothing")
    return scope


def parsed(path: Path) -> onnx.ModelProto:
    """Return the model of a file, its functions written out; external data are not loaded.

    Raises SpecError for what is no ONNX file, or refers to data outside its folder.
    """
    model = _parsed(path)
    try:
        _check_references(model, path)
        return _inlined(model, path)
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise SpecError(f"{path}: malformed: {error}") from None


def _parsed(path: Path) -> onnx.ModelProto:
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        model = onnx.load(str(path), load_external_data=False)
    except FileNotFoundError:
        raise SpecError(f"{path}: no such file") from None
    except (DecodeError, ValueError, OSError, RecursionError) as error:
        raise SpecError(f"{path}: not a valid ONNX file: {error}") from None
    if not model.HasField("graph") or not model.graph.node:
        raise SpecError(f"{path}: not a valid ONNX file: it holds no graph")
    return model


def _check_references(model: onnx.ModelProto, path: Path) -> None:
    """External weights stay unread, but must lie in the model's folder and exist."""
    import onnx

    problems = []
    for constant in model.graph.initializer:
        if constant.data_location != onnx.TensorProto.EXTERNAL:
            continue
        entries = {entry.key: entry.value for entry in constant.external_data}
        place = entries.get("location", "")
        where = f"{path}: constant {constant.name!r}: external data"
        steps = PurePosixPath(place.replace("\\", "/"))
        if not place:
            problems.append(f"{where} has no location")
        elif ".." in steps.parts or steps.is_absolute() or PureWindowsPath(place).is_absolute():
            problems.append(f"{where} lies outside the model's folder: {place!r}")
        elif not _inside(path.parent, place):
            problems.append(f"{where} is absent or leads out of the model's folder: {place!r}")
    if problems:
        raise SpecError(*dict.fromkeys(problems))


def _inside(folder: Path, place: str) -> bool:
    try:
        target = (folder / place).resolve(strict=True)
        return target.is_file() and target.is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):
        return False


def _inlined(model: onnx.ModelProto, path: Path) -> onnx.ModelProto:
    """The model with its functions written out where they are called."""
    if not model.functions:
        return model
    from onnx import inliner

    _check_functions(model, path)
    try:
        return inliner.inline_local_functions(model)
    except (RuntimeError, ValueError, TypeError) as error:
        raise SpecError(f"{path}: its functions cannot be written out: {error}") from None


def _check_functions(model: onnx.ModelProto, path: Path) -> None:
    """Refuse functions that call themselves or grow beyond reason."""
    bodies = {(f.domain, f.name): f.node for f in model.functions}
    sizes: dict[tuple[str, str], int] = {}

    def size(key: tuple[str, str], above: tuple[tuple[str, str], ...]) -> int:
        if key in above or len(above) > 200:
            raise SpecError(f"{path}: function {key[1]!r} calls itself, or too deep")
        if key not in sizes:
            sizes[key] = sum(weight(node, (*above, key)) for node in bodies[key])
        return sizes[key]

    def weight(node: onnx.NodeProto, above: tuple[tuple[str, str], ...]) -> int:
        inside = sum(weight(n, above) for a in node.attribute for n in a.g.node)
        key = (node.domain, node.op_type)
        return 1 + inside + (size(key, above) if key in bodies else 0)

    if sum(weight(node, ()) for node in model.graph.node) > _LARGEST:
        raise SpecError(f"{path}: more than {_LARGEST} nodes once its functions are written out")


def _register() -> None:
    """Import every file beside this one, so that its operators are known."""
    package = importlib.import_module(__package__)
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{__package__}.{module.name}")
