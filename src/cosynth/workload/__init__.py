"""What is computed: einsums, graphs of them, and readers of model files."""

from cosynth.workload.builder import Builder
from cosynth.workload.einsum import Access, Apply, Constant, Einsum, Index, Term
from cosynth.workload.graph import ROLES, Tensor, Workload, checked
from cosynth.workload.notation import parse

__all__ = [
    "ROLES", "Access", "Apply", "Builder", "Constant", "Einsum", "Index", "Tensor", "Term",
    "Workload", "checked", "parse",
]  # fmt: skip
