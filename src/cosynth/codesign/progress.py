"""Who hears of progress: of one stage as (done, total), of many with what is being done."""

from __future__ import annotations

from collections.abc import Callable

OnPart = Callable[[int, int], None]
OnStep = Callable[[str, int, int], None]


def stage(what: str, on_step: OnStep | None) -> OnPart | None:
    """Return what hears of one stage for a listener of many; None if nobody listens."""
    if on_step is None:
        return None
    return lambda done, total: on_step(what, done, total)
