"""Changes of a whole graph: grouping, merging, folding, batch, training."""

from cosynth.workload.passes.fuse import groups
from cosynth.workload.passes.merge import classes, merge

__all__ = ["classes", "groups", "merge"]
