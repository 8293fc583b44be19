"""What an ONNX file stores: the values of a workload's weights, for those who run it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import numpy_helper

from cosynth.errors import SpecError, WorkloadError
from cosynth.workload.readers.onnx.file import parsed, walked


def weights(path: Path, dims: Mapping[str, int] | None = None) -> dict[str, NDArray[np.float64]]:
    """Return the values of all weights of `read(path, dims)` by the names of its tensors, float64.

    Constants that the reader computed are among them. WorkloadError names those without a value:
    in a branch or loop, sparse, or packed.
    """
    model = parsed(path)
    scope = walked(model, path, dims or {})
    stored = {constant.name: constant for constant in model.graph.initializer}
    found: dict[str, NDArray[np.float64]] = {}
    for name, made in scope.tensors.items():
        tensor, value = scope.net.tensors[made], scope.values.get(name)
        if tensor.role != "weight" or value is None:
            continue
        try:
            if name in stored and not tensor.view_of:
                values = numpy_helper.to_array(stored[name], base_dir=str(path.parent))
            elif value.data is not None:
                values = np.asarray(value.data)
            else:
                continue
            found[made] = np.asarray(values, dtype=np.float64)
        except (OSError, ValueError, TypeError) as error:
            raise SpecError(f"{path}: constant {name!r} cannot be read: {error}") from None
    absent = [
        name
        for name, tensor in scope.net.tensors.items()
        if tensor.role == "weight" and not tensor.view_of and name not in found
    ]
    if absent:
        raise WorkloadError(
            f"{path}: no values for weight {absent[0]!r}"
            + (f" and {len(absent) - 1} more" if len(absent) > 1 else "")
            + ": sparse, packed, or inside of a branch or loop"
        )
    return found
