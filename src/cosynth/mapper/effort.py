"""How long to look for a better mapping, and for the proof that there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cosynth.mapper.search import QUICK, Beam


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """At most `nodes` bounds and `seconds` s for one problem, after a quick search by `beam`.

    Up to `priced` mappings are priced one by one where their bound is below the best price.
    """

    nodes: int = 80_000
    seconds: float = math.inf
    priced: int = 2_000
    beam: Beam = QUICK


FAST = Effort(nodes=0, beam=QUICK)
PROVE = Effort(nodes=1 << 60, priced=200_000)
