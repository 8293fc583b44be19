"""The formats that a layer takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Formats of a layer's constant factor and of what it computes with; fp32: left alone."""

    weights: str = "fp32"
    activations: str = "fp32"
