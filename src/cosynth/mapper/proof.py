"""What is known of the optimum: the bound, whether it is met, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """No mapping of the space has an objective below `bound`.

    `nodes` bounds were computed; `cuts` says by which argument how much was not looked at;
    `left_out` names, in words, what the space does not hold.
    """

    bound: float
    nodes: int = 0
    cuts: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
