"""A model file with its weights, and the proof that what was read is what the file computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosynth import rtl
from cosynth.errors import SpecError, WorkloadError
from cosynth.workload import Workload

Floats = NDArray[np.float64]
# of the largest magnitude of a tensor: float32 over some thousand additions
CLOSE = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stored:
    """A model and the values of its weights by the names of its tensors.

    `witness` names what else ran the file, and found the same.
    """

    model: Workload
    weights: dict[str, Floats]
    witness: str


def stored(path: Path, dims: Mapping[str, int] | None = None, seed: int = 0) -> Stored:
    """Read an ONNX file with its weights and run it, on inputs drawn by `seed`, in two ways.

    WorkloadError names the first tensor in which ONNX Runtime, or ONNX's own evaluator, differs:
    readers count what operators do, and some of what they leave out matters here.
    """
    from cosynth.workload.readers import onnx

    model = onnx.exact(path, dims)
    weights = onnx.weights(path, dims)
    inputs = rtl.sampled(model, seed)
    witness = _compared(path, rtl.run_floats(model, weights, inputs), inputs)
    return Stored(model=model, weights=weights, witness=witness)


def arrays(path: Path) -> dict[str, Floats]:
    """Return the arrays of an .npz file by name; SpecError if it is none."""
    try:
        with np.load(path) as file:
            return {name: np.asarray(file[name], dtype=np.float64) for name in file.files}
    except FileNotFoundError:
        raise SpecError(f"{path}: no such file") from None
    except Exception as error:  # noqa: BLE001 - NumPy raises many kinds for a broken file
        raise SpecError(f"{path}: not an .npz file of numbers: {error}") from None


def _compared(path: Path, values: Mapping[str, Floats], inputs: Mapping[str, Floats]) -> str:
    """Run the file, compare all values that both have, in order; return what ran it."""
    import onnx

    from cosynth.compress.engine import opened
    from cosynth.workload.readers.onnx.file import parsed
    from cosynth.workload.readers.onnx.node import clean

    file = parsed(path)
    try:
        onnx.load_external_data_for_model(file, str(path.parent))
    except (OSError, ValueError, onnx.checker.ValidationError) as error:
        raise SpecError(f"{path}: its external data cannot be read: {error}") from None
    outputs = [one.name for one in file.graph.output]
    names = [name for node in file.graph.node for name in node.output if name]
    for name in names:
        if name not in outputs:
            file.graph.output.append(onnx.ValueInfoProto(name=name))
    session, engine = opened(file, str(path))
    found = dict(zip(names, session.run(names, _feeds(file, inputs)), strict=True))
    for name in names:
        theirs, ours = np.asarray(found[name]), values.get(clean(name))
        if ours is None or theirs.dtype.kind not in "fiu":
            continue
        far = _distance(theirs.astype(np.float64), ours)
        if not far <= CLOSE:
            raise WorkloadError(
                f"{path}: {name!r} is not what {engine} computes (off by {far:.1e} of its largest"
                " value): something in its operator is read for its cost alone; --drawn makes a"
                " circuit with drawn weights"
            )
    return engine


def _distance(theirs: Floats, ours: Floats) -> float:
    if theirs.size != ours.size:
        return float("inf")
    size = max(float(np.abs(theirs).max(initial=0.0)), 1e-12)
    return float(np.abs(theirs.reshape(-1) - ours.reshape(-1)).max(initial=0.0)) / size


def _feeds(file: Any, inputs: Mapping[str, Floats]) -> dict[str, NDArray[Any]]:
    import onnx

    from cosynth.workload.readers.onnx.node import clean

    kinds = {one.name: one.type.tensor_type.elem_type for one in file.graph.input}
    return {
        name: inputs[clean(name)].astype(onnx.helper.tensor_dtype_to_np_dtype(kind))
        for name, kind in kinds.items()
        if clean(name) in inputs
    }
