"""Readers: model files of other projects, and our own, as workloads."""
