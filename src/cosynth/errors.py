"""Errors a user can meet. Each says where, what is wrong, and what would be right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class CosynthError(Exception):
    """Base of every error Cosynth raises on purpose; the command line exits with `exit_code`."""

    exit_code = 2


class SpecError(CosynthError):
    """A file or argument is malformed. `problems` holds one sentence per mistake."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class NotationError(CosynthError):
    """An einsum text does not parse; `column` is 1-based."""

    def __init__(self, text: str, column: int, problem: str) -> None:
        self.text, self.column, self.problem = text, column, problem
        super().__init__(f"column {column}: {problem}\n  {text}\n  {' ' * (column - 1)}^")


class WorkloadError(CosynthError):
    """A model cannot be read or is inconsistent."""


class MappingError(CosynthError):
    """A mapping does not fit its einsum or its hardware."""


class StudyError(CosynthError):
    """A study on disk cannot be opened, continued or written."""


class CircuitError(CosynthError):
    """A circuit cannot be read, built, simulated or synthesised, or a tool for it is missing."""


class InfeasibleError(CosynthError):
    """The request is understood but nothing satisfies it; names the limit."""

    exit_code = 3


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `"; did you mean 'x'?"` for the nearest known word, or an empty string.

    >>> did_you_mean("resnet81", ["resnet18", "vgg16"])
    "; did you mean 'resnet18'?"
    """
    spelled = {name.lower(): name for name in sorted(known)}
    near = difflib.get_close_matches(word.lower(), list(spelled), n=1, cutoff=0.6)
    return f"; did you mean {spelled[near[0]]!r}?" if near else ""
