"""Errors as a person reads them, and the exit codes they stand for."""

from __future__ import annotations

import errno
import os
import traceback

import click

from cosynth.errors import CosynthError

EXIT_INPUT, EXIT_INTERRUPTED, EXIT_PIPE, EXIT_BUG = 2, 130, 141, 70
TRACE = "COSYNTH_TRACEBACK"

_REASONS = {
    errno.ENOSPC: "no space left on the disk; make room and try again",
    errno.EDQUOT: "the disk quota is used up; make room and try again",
    errno.EACCES: "permission denied; choose another place or change its permissions",
    errno.EPERM: "not permitted; choose another place or change its permissions",
    errno.EROFS: "the file system is read-only; choose another place",
    errno.EISDIR: "is a folder; give a file",
    errno.ENOTDIR: "is a file or stands below one; give a folder",
    errno.ENOENT: "no such file or folder",
}


def explain(error: Exception) -> tuple[str, int]:
    """Return the message for an error and the exit code: 2 bad input, 3 infeasible, 70 our bug.

    >>> from cosynth.errors import InfeasibleError
    >>> explain(InfeasibleError("area <= 2 mm² is never met"))
    ('infeasible: area <= 2 mm² is never met', 3)
    """
    match error:
        case CosynthError(exit_code=code):
            kind = "infeasible" if code == 3 else "error"
            return f"{kind}: {plain(str(error))}", code
        case click.UsageError():
            return _usage(error), EXIT_INPUT
        case click.ClickException():
            return f"error: {plain(error.format_message())}", EXIT_INPUT
        case click.Abort():
            return "interrupted", EXIT_INTERRUPTED
        case OSError():
            return f"error: {_of_system(error)}", EXIT_INPUT
        case MemoryError():
            return "error: not enough memory for this; try a smaller model or batch", EXIT_INPUT
    if os.environ.get(TRACE):
        traceback.print_exception(error)
    said = f"{type(error).__name__}: {plain(str(error))}"
    hint = f"this is a mistake of Cosynth; {TRACE}=1 shows where, please report it"
    return f"internal error: {said}\n{hint}", EXIT_BUG


def plain(text: str) -> str:
    """Return text that cannot steer a terminal; lines stay lines."""
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in text)


def _usage(error: click.UsageError) -> str:
    said = plain(error.format_message()).rstrip(".")
    verb = error.ctx.command_path if error.ctx else "cosynth"
    return f"error: {said[:1].lower()}{said[1:]}\ntry '{verb} --help'"


def _of_system(error: OSError) -> str:
    reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
    return f"{plain(str(error.filename))}: {reason}" if error.filename else reason
