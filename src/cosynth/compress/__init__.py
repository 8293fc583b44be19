"""What number formats and pruning do to a model: its error, and which format each layer takes."""

from cosynth.compress.network import Network, Operand, Site, read
from cosynth.compress.storage import scaled, stored, stored_bits

__all__ = ["Network", "Operand", "Site", "read", "scaled", "stored", "stored_bits"]
