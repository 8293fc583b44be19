"""Where each piece runs: a loop nest over the levels of an engine."""

from __future__ import annotations

from dataclasses import dataclass

from cosynth.arrays import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """Steps of `tile` along `rank`; `tile` may be an array of candidates.

    With `dimension` the steps lie side by side on that array dimension, else one after the other.
    The last step is ragged where `tile` does not divide what the loops outside leave.
    """

    rank: str
    tile: Array
    dimension: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What one memory or array of the path does: tensors it keeps, then its loops, outermost first.

    A memory keeps the tiles that the loops of the levels above leave to it; its own loops walk over
    those tiles for the levels below.
    """

    name: str
    keep: tuple[str, ...] = ()
    loops: tuple[Loop, ...] = ()
    double_buffered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """One einsum on one engine: a level per memory and array, outermost first.

    Below the last loop every rank has tile 1: that is one multiply-accumulate.
    """

    einsum: str
    engine: str
    levels: tuple[Level, ...]

    @property
    def loops(self) -> tuple[Loop, ...]:
        """All loops, outermost first."""
        return tuple(loop for level in self.levels for loop in level.loops)

    def level(self, name: str) -> Level:
        """Return a level by name; KeyError if the mapping has none."""
        return {level.name: level for level in self.levels}[name]
