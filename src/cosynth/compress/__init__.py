"""What number formats and pruning do to a model: its error, and which format each layer takes."""

from cosynth.compress.calibrate import Seen, watched
from cosynth.compress.choices import Choice
from cosynth.compress.data import Samples, load_samples, random_samples
from cosynth.compress.metrics import METRICS, Metric, metric
from cosynth.compress.network import Network, Operand, Site, network, read
from cosynth.compress.prune import Pruned, prune_channels, prune_pattern, prune_weights, thinned
from cosynth.compress.run import Runner, Trace
from cosynth.compress.step import Step, step, step_names, stepped
from cosynth.compress.storage import scaled, stored, stored_bits
from cosynth.compress.tensor_errors import TensorError, tensor_errors

__all__ = [
    "METRICS",
    "Choice",
    "Metric",
    "Network",
    "Operand",
    "Pruned",
    "Runner",
    "Samples",
    "Seen",
    "Site",
    "Step",
    "TensorError",
    "Trace",
    "load_samples",
    "metric",
    "network",
    "prune_channels",
    "prune_pattern",
    "prune_weights",
    "random_samples",
    "read",
    "scaled",
    "step",
    "step_names",
    "stepped",
    "stored",
    "stored_bits",
    "tensor_errors",
    "thinned",
    "watched",
]
