"""Formats by name: one file each in `table`, a user's own file, and options behind the name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path

from cosynth import spec
from cosynth.errors import SpecError, did_you_mean
from cosynth.format.element import KINDS, SPECIALS, Element
from cosynth.format.number import RULES, Format, problems

_FIELDS = (
    spec.Field(name="about", kind="text", doc="one sentence", default=""),
    spec.Field(name="kind", kind="text", doc="how elements are read", default="", choices=KINDS),
    spec.Field(name="bits", kind="integer", doc="bits of an element", default=0, minimum=1),
    spec.Field(name="precision", kind="number", doc="multiplier operand width", default=0.0),
    spec.Field(name="exponent", kind="integer", doc="exponent bits", default=0),
    spec.Field(name="mantissa", kind="integer", doc="stored mantissa bits", default=0),
    spec.Field(name="bias", kind="integer", doc="exponent bias; the middle if absent", default=None,
          minimum=-1000),
    spec.Field(name="special", kind="text", doc="codes that are no numbers", default="none",
          choices=SPECIALS),
    spec.Field(name="signed", kind="flag", doc="whether values have a sign", default=True),
    spec.Field(name="full", kind="flag", doc="keeps the most negative integer", default=False),
    spec.Field(name="fraction", kind="integer", doc="bits of an integer behind the point",
          default=None),
    spec.Field(name="saturate", kind="flag", doc="clips what is too large", default=True),
    spec.Field(name="values", kind="table", doc="values of a lookup table, by code", default=None),
    spec.Field(name="element", kind="text", doc="format of the elements of a block", default=""),
    spec.Field(name="block", kind="integer", doc="elements that share a scale; 0: all", default=1),
    spec.Field(name="scale", kind="text", doc="format of that scale", default=""),
    spec.Field(name="rule", kind="text", doc="how the scale follows from the largest magnitude",
          default="amax", choices=RULES),
    spec.Field(name="tensor", kind="flag", doc="a float32 scale above the blocks", default=False),
    spec.Field(name="zero", kind="flag", doc="a zero point for each scale", default=False),
    spec.Field(name="pairs", kind="flag", doc="outliers take their neighbour's code",
          default=False),
    spec.Field(name="axis", kind="integer", doc="axis of the blocks", default=-1, minimum=-64),
)  # fmt: skip
_OF_ELEMENT = ("kind", "bits", "exponent", "mantissa", "bias", "special", "values")
SUFFIX = ".toml"


@cache
def names() -> tuple[str, ...]:
    """Names of all formats: one file each in `format/table`."""
    files = resources.files("cosynth.format").joinpath("table").iterdir()
    return tuple(sorted(file.name.removesuffix(SUFFIX) for file in files if SUFFIX in file.name))


@cache
def known(name: str) -> Format:
    """Return a format by name, options behind it, or from a TOML file of one's own.

    Options: a scale rule, `gN` for blocks of N, `axisN`, `full`, `saturate` or `overflow`.
    SpecError with the nearest names, or all mistakes of a file.

    >>> known("mxfp4-even-g16").bits
    4.5
    """
    if name.endswith(SUFFIX):
        return _from_file(Path(name), name)
    base, *options = name.split("-")
    if base not in names():
        near = did_you_mean(base, names())
        raise SpecError(f"unknown format {name!r}{near or '; known: ' + ', '.join(names())}")
    with resources.as_file(
        resources.files("cosynth.format").joinpath("table", f"{base}{SUFFIX}")
    ) as at:
        plain = _from_file(at, base)
    found = plain
    for option in options:
        found = _with(found, option, name)
    _checked(found, f"format {name!r}")
    return replace(found, name=base + _differences(plain, found))


def _with(format: Format, option: str, name: str) -> Format:
    if option in RULES:
        return replace(format, rule=option)
    if option in _FLAGS:
        return _FLAGS[option](format)
    word = option.rstrip("0123456789")
    number = option[len(word) :]
    if word == "g" and number:
        return replace(format, block=int(number))
    if word == "axis" and number:
        return replace(format, axis=int(number))
    options = (*RULES, *_FLAGS, "gN", "axisN")
    near = did_you_mean(option, options)
    raise SpecError(
        f"format {name!r}: unknown option {option!r}{near}; there are {', '.join(options)}"
    )


_FLAGS: dict[str, Callable[[Format], Format]] = {
    "full": lambda f: replace(f, element=replace(f.element, full=True)),
    "saturate": lambda f: replace(f, element=replace(f.element, saturate=True)),
    "overflow": lambda f: replace(f, element=replace(f.element, saturate=False)),
}


def _differences(plain: Format, found: Format) -> str:
    parts = []
    if found.rule != plain.rule:
        parts.append(found.rule)
    if found.block != plain.block:
        parts.append(f"g{found.block}")
    if found.axis != plain.axis:
        parts.append(f"axis{found.axis}")
    if found.element.full and not plain.element.full:
        parts.append("full")
    if found.element.saturate != plain.element.saturate:
        parts.append("saturate" if found.element.saturate else "overflow")
    return "".join(f"-{part}" for part in parts)


def _from_file(path: Path, name: str) -> Format:
    values, mistakes = spec.read(spec.load_toml(path), _FIELDS, f"{path.name}: ")
    if mistakes:
        raise SpecError(*mistakes)
    inner: Element
    if values["element"]:
        both = [key for key in _OF_ELEMENT if values[key] not in ("", 0, None, "none")]
        if both:
            raise SpecError(f"{path.name}: {', '.join(both)}: the element {values['element']!r} "
                            "says this; leave one out")  # fmt: skip
        inner = _inner(values["element"], f"{path.name}: element")
    else:
        inner = _element(values, name, path.name)
    if values["fraction"] is not None:
        inner = replace(inner, fraction=values["fraction"])
    format = Format(
        name=name,
        element=replace(inner, full=values["full"] or inner.full),
        block=values["block"],
        scale=_inner(values["scale"], f"{path.name}: scale") if values["scale"] else None,
        rule=values["rule"],
        tensor=values["tensor"],
        zero=values["zero"],
        pairs=values["pairs"],
        axis=values["axis"],
        about=values["about"],
    )
    return _checked(format, path.name)


def _inner(name: str, where: str) -> Element:
    if name.endswith(SUFFIX):
        raise SpecError(f"{where}: {name!r} must be the name of a format, not a file")
    try:
        return known(name).element
    except SpecError as error:
        raise SpecError(f"{where}: {error}") from None


def _element(values: dict[str, object], name: str, where: str) -> Element:
    kind, bits = str(values["kind"]), _whole(values["bits"])
    exponent, mantissa = _whole(values["exponent"]), _whole(values["mantissa"])
    listed = values["values"]
    if not kind:
        raise SpecError(f"{where}: kind: required, absent, unless `element` names a format")
    if not bits:
        raise SpecError(f"{where}: bits: required, absent (bits of an element)")
    entries: tuple[float, ...] = ()
    if listed is not None:
        right = isinstance(listed, list) and all(
            isinstance(v, (int, float)) and not isinstance(v, bool) and abs(v) < 2**127
            for v in listed
        )
        if not right:
            raise SpecError(f"{where}: values: expected a list of finite numbers")
        entries = tuple(float(v) for v in listed)  # type: ignore[attr-defined]
    bias = values["bias"]
    found = Element(
        name=Path(name).stem,
        kind=kind,
        bits=bits,
        exponent=exponent,
        mantissa=mantissa,
        bias=(1 << max(exponent - 1, 0)) - 1 if bias is None else _whole(bias),
        special=str(values["special"]),
        signed=bool(values["signed"]),
        full=bool(values["full"]),
        saturate=bool(values["saturate"]),
        values=entries,
        multiplier=float(str(values["precision"])),
    )
    mistakes = _of_element(found)
    if mistakes:
        raise SpecError(*(f"{where}: {mistake}" for mistake in mistakes))
    return found


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value


def _of_element(e: Element) -> list[str]:  # noqa: C901 one sentence a mistake
    """Sentences on what does not fit together in an element."""
    found = []
    if e.kind in {"float", "exponent"}:
        if not 1 <= e.exponent <= 8:
            found.append(f"exponent: {e.exponent} must be from 1 to 8")
        elif e.mantissa > 23 or e.width > e.bits:
            found.append(f"mantissa: {e.mantissa} bits do not fit {e.bits} bits")
        elif e.top < 1:
            found.append(f"special: {e.special!r} leaves no number in {e.bits} bits")
        elif e.low - e.grid < -149 or e.largest > 3.5e38:
            found.append("bias: values leave the range of float32")
        if e.kind == "exponent" and (e.mantissa or e.signed or e.width < e.bits):
            found.append("an exponent has no mantissa and no sign (signed = false)")
        if e.special == "fnuz" and not e.signed:
            found.append("special: 'fnuz' needs a sign")
    elif e.exponent or e.mantissa:
        found.append(f"exponent, mantissa: {e.kind} elements have none")
    if e.kind == "integer" and e.bits < 1 + e.signed:
        found.append(f"bits: {e.bits} leave no bit beside the sign")
    if (e.kind in {"lookup", "binary"}) != bool(e.values):
        found.append("values: lookup tables and binary elements have them, and nothing else does")
    elif e.values and (not 2 <= len(set(e.values)) == len(e.values) <= 1 << min(e.bits, 8)):
        found.append(f"values: expected 2 to {1 << min(e.bits, 8)} different values")
    elif e.values and min(abs(v) for v in e.values if v) < 2.0**-60:
        found.append("values: magnitudes below 2^-60 are not supported")
    return found


def _checked(format: Format, where: str) -> Format:
    mistakes = problems(format)
    if mistakes:
        raise SpecError(*(f"{where}: {mistake}" for mistake in mistakes))
    return format
