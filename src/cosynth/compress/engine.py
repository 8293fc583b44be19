"""What computes a model: ONNX Runtime where it is installed and able, else ONNX's own evaluator."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Protocol

import onnx

from cosynth.errors import WorkloadError

_FATAL = 4  # what ONNX Runtime prints at all: its errors come as exceptions
_LONGEST = 300  # characters of what an engine says


class Session(Protocol):
    """A model ready to run."""

    def run(self, outputs: Sequence[str], feeds: dict[str, Any]) -> list[Any]:
        """Return the named outputs."""


def opened(model: onnx.ModelProto, where: str) -> tuple[Session, str]:
    """Return a session and the name of its engine; WorkloadError if neither takes the model."""
    refused = ""
    try:
        import onnxruntime
    except ImportError:
        refused = "onnxruntime is not installed"
    else:
        try:
            return _runtime(model), f"onnxruntime {onnxruntime.__version__}"
        except Exception as error:  # noqa: BLE001 whatever it lacks, the evaluator may have
            refused = f"onnxruntime: {sentence(error)}"
    from onnx.reference import ReferenceEvaluator

    try:
        return ReferenceEvaluator(model), f"onnx.reference {onnx.__version__}"
    except Exception as error:  # noqa: BLE001 an operator that neither of them knows
        said = f"onnx.reference: {sentence(error)}"
        raise WorkloadError(f"{where}: cannot be run: {refused}; {said}") from None


def _runtime(model: onnx.ModelProto) -> Session:
    import onnxruntime

    onnxruntime.set_default_logger_severity(_FATAL)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL
    options.intra_op_num_threads = _cores()
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    # one of many sessions: its threads must not turn in wait while another works
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # nothing fused nor folded, so that a node computes the same whatever stands beside it
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session: Session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session


def _cores() -> int:
    """Cores that this process may use; not every system tells."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def sentence(error: Exception) -> str:
    """Return what an engine says, on one line of moderate length."""
    return " ".join(str(error).split())[:_LONGEST] or type(error).__name__
