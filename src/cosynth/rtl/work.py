"""What the array is given to do: a contraction, what follows, where data lie."""

from __future__ import annotations

from dataclasses import dataclass, field

import cosynth.mapping as mp
from cosynth.workload import Access, Einsum


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A tensor in DRAM: `address` B, dimensions innermost first, bits of an element."""

    name: str
    shape: tuple[int, ...]
    order: tuple[int, ...]
    bits: int
    address: int = 0

    @property
    def bytes(self) -> int:
        """Bytes it takes."""
        total = self.bits
        for size in self.shape:
            total *= size
        return -(-total // 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Post-processing: per channel `bias` and `multiplier`, then a shift, a residual, and limits.

    y = limit(round(((sum + bias) multiplier + (residual 2^residual_shift) residual_multiplier)
    2^-shift)), rounded once, to the nearest, ties to even. Where there is a multiplier `negative`,
    it is that of sum + bias < 0. A residual is read at ranks of the sum, each alone; where it lacks
    one it is the same all along it. A `table` gives the code of a function by the code of y;
    without one, y is written.
    """

    bias: tuple[int, ...]
    multiplier: tuple[int, ...]
    shift: int
    low: int
    high: int
    residual: Access | None = None
    residual_multiplier: int = 0
    residual_shift: int = 0
    negative: tuple[int, ...] = ()
    table: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One layer on the array. `data` and `weight` are the two factors, `out` the final tensor.

    `out` has the ranks of the sum, dimension by dimension. A `packed` weight is
    known now and laid out as the array wants it; another lies in DRAM like any tensor.
    """

    name: str
    einsum: Einsum
    mapping: mp.Mapping
    data: Access
    weight: Access
    out: str
    post: Post
    packed: bool = True
    channel: str = ""  # the rank that biases and multipliers follow
    # the rank along which what is multiplied is shifted, and how many neighbours have one shift
    blocks: tuple[str, int] | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def output(self) -> Access:
        """The sum's own access; the tensor that is written has the same dimensions."""
        return self.einsum.output

    @property
    def maxima(self) -> bool:
        """Whether the greatest of the products is kept instead of their sum."""
        return self.einsum.reduction == "max"
