"""Reader of ONNX files: one small function per operator, in files by theme."""

from cosynth.workload.readers.onnx.exact import exact
from cosynth.workload.readers.onnx.file import read
from cosynth.workload.readers.onnx.weights import weights

__all__ = ["exact", "read", "weights"]
