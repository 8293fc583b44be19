"""Changes of a whole graph: grouping, merging, folding, batch, training."""

from cosynth.workload.passes.backward import OPTIMISERS, train
from cosynth.workload.passes.batch import with_batch
from cosynth.workload.passes.fold import fold, prune
from cosynth.workload.passes.fuse import groups
from cosynth.workload.passes.merge import classes, merge

__all__ = ["OPTIMISERS", "classes", "fold", "groups", "merge", "prune", "train", "with_batch"]
