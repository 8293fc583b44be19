"""What number formats and pruning do to a model: its error, and which format each layer takes."""

from cosynth.compress.choices import Choice
from cosynth.compress.metrics import Metric, metric
from cosynth.compress.network import Network, Operand, Site, read
from cosynth.compress.run import Runner
from cosynth.compress.storage import scaled, stored, stored_bits

__all__ = [
    "Choice",
    "Metric",
    "Network",
    "Operand",
    "Runner",
    "Site",
    "metric",
    "read",
    "scaled",
    "stored",
    "stored_bits",
]
