"""Which format each tensor of a workload takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cosynth.errors import SpecError, did_you_mean
from cosynth.format.catalogue import known
from cosynth.format.number import Format

ROLES = ("weights", "activations")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Which format each tensor of a workload takes: by role, with exceptions by einsum name.

    States (a cache of keys and values) follow the activations unless `states` says otherwise.
    """

    weights: str = "int8"
    activations: str = "int8"
    states: str = ""
    layers: tuple[tuple[str, str, str], ...] = ()  # einsum, weights, activations

    def of(self, role: str, layer: str = "") -> Format:
        """Format of a tensor with this role, read or written by `layer`."""
        weights, activations = self.weights, self.activations
        for name, w, a in self.layers:
            if name == layer:
                weights, activations = w, a
        if role == "weight":
            return known(weights)
        return known(self.states if role == "state" and self.states else activations)


def assignment(text: str) -> Assignment:
    """Read `mxfp4` (everything) or `weights=int4,activations=int8,states=fp8_e4m3fn`.

    >>> assignment("weights=int4,activations=int8").of("weight").name
    'int4'
    """
    if "=" not in text:
        return Assignment(weights=known(text.strip()).name, activations=known(text.strip()).name)
    chosen: dict[str, str] = {}
    for item in text.split(","):
        role, _, name = (part.strip() for part in item.partition("="))
        if role not in (*ROLES, "states"):
            near = did_you_mean(role, (*ROLES, "states"))
            raise SpecError(f"format {text!r}: unknown role {role!r}{near}")
        chosen[role] = known(name).name
    default = Assignment()
    return Assignment(
        weights=chosen.get("weights", default.weights),
        activations=chosen.get("activations", default.activations),
        states=chosen.get("states", ""),
    )


def widest(formats: Iterable[Format]) -> Format:
    """The format that decides the rate of a unit: the one with the most bits."""
    return max(formats, key=lambda one: (one.element_bits, one.precision))
