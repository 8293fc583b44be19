"""How numbers are stored: an element, and a scale that a block of elements shares."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

from cosynth import spec
from cosynth.errors import SpecError, did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A number format. `element_bits` are stored per element, `scale_bits` once per `block`.

    `kind` is integer, float, ternary or binary; floats have `exponent` and `mantissa` bits.
    `precision` is the width of an operand inside a multiplier, in bits.
    """

    name: str
    kind: str
    element_bits: int
    precision: float
    exponent: int = 0
    mantissa: int = 0
    block: int = 1
    scale_bits: int = 0

    @property
    def bits(self) -> float:
        """Bits stored per element, the scale's share included.

        >>> known("mxfp4").bits
        4.25
        """
        return self.element_bits + self.scale_bits / self.block

    def size(self, elements: int) -> int:
        """Whole bytes of a packed tensor of so many elements; the last block has a scale too.

        >>> known("mxfp4").size(33)
        19
        """
        blocks = -(-elements // self.block)
        return -(-(elements * self.element_bits + blocks * self.scale_bits) // 8)


_FIELDS = (
    spec.Field(name="kind", kind="text", doc="how elements are read", default="",
               choices=("integer", "float", "ternary", "binary")),
    spec.Field(name="bits", kind="integer", doc="bits of an element", default=0, minimum=1),
    spec.Field(name="precision", kind="integer", doc="multiplier operand width", default=0),
    spec.Field(name="exponent", kind="integer", doc="exponent bits", default=0),
    spec.Field(name="mantissa", kind="integer", doc="stored mantissa bits", default=0),
    spec.Field(name="element", kind="text", doc="format of the elements of a block", default=""),
    spec.Field(name="block", kind="integer", doc="elements that share a scale", default=1,
          minimum=1),
    spec.Field(name="scale_bits", kind="integer", doc="bits of that scale", default=0),
)  # fmt: skip


@cache
def names() -> tuple[str, ...]:
    """Names of all formats: one file each in `format/table`."""
    files = resources.files("cosynth.format").joinpath("table").iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if ".toml" in file.name))


@cache
def known(name: str) -> Format:
    """Return a format by name; SpecError with the nearest names otherwise."""
    if name not in names():
        near = did_you_mean(name, names())
        raise SpecError(f"unknown format {name!r}{near or '; known: ' + ', '.join(names())}")
    with resources.as_file(
        resources.files("cosynth.format").joinpath("table", f"{name}.toml")
    ) as at:
        values, problems = spec.read(spec.load_toml(at), _FIELDS, f"{at.name}: ")
    if problems:
        raise SpecError(*problems)
    if values["element"]:
        inner = known(values["element"])
        return Format(
            name=name,
            kind=inner.kind,
            element_bits=inner.element_bits,
            precision=inner.precision,
            exponent=inner.exponent,
            mantissa=inner.mantissa,
            block=values["block"],
            scale_bits=values["scale_bits"],
        )
    # a ternary or binary factor only selects or negates: half a bit in the multiplier law
    width = {"float": values["mantissa"] + 1, "ternary": 0.5, "binary": 0.5}
    return Format(
        name=name,
        kind=values["kind"],
        element_bits=values["bits"],
        precision=values["precision"] or width.get(values["kind"], values["bits"]),
        exponent=values["exponent"],
        mantissa=values["mantissa"],
    )


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
