"""Reader of ONNX files: one small function per operator, in files by theme."""

from cosynth.workload.readers.onnx.file import read

__all__ = ["read"]
