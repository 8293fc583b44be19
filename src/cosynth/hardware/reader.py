"""Hardware files: TOML to a tree, all mistakes at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cosynth import spec
from cosynth.errors import SpecError, did_you_mean
from cosynth.format import ACCUMULATORS, UNITS, names
from cosynth.hardware.laws import technology
from cosynth.hardware.tree import (
    PARTS,
    RANK_KINDS,
    Component,
    Compute,
    Dimension,
    Hardware,
    Link,
    Memory,
    Node,
    SpatialArray,
)
from cosynth.spec import Field

_LAWS = ("sram", "register")
_COMMON = (
    Field(name="kind", kind="text", doc="memory, array, link or compute"),
    Field(name="name", kind="text", doc="name, unique in the file"),
    Field(name="under", kind="text", doc="what it hangs under; the component before", default=""),
)
_MEMORY = (
    *_COMMON,
    Field(name="law", kind="text", doc="sram, register or dram:KIND: fills absent numbers",
          default="sram"),
    Field(name="size", kind="bytes", doc="capacity of one instance; none is unlimited",
          default=math.inf, positive=True),
    Field(name="bandwidth", kind="text", doc="bandwidth of reads and of writes", default=None),
    Field(name="read_bandwidth", kind="text", doc="reads: 4 GB/s or 16 B/cycle", default=None),
    Field(name="write_bandwidth", kind="text", doc="bandwidth of writes", default=None),
    Field(name="shared_port", kind="flag", doc="reads and writes share one port", default=False),
    Field(name="contiguous", kind="flag", doc="a read takes elements that lie side by side",
          default=False),
    Field(name="slides", kind="flag", doc="keeps what a window that moves still covers",
          default=True),
    Field(name="width", kind="bits", doc="bits that one access moves", default=64.0, positive=True),
    Field(name="keeps", kind="texts", doc="operands it may hold", default=PARTS, choices=PARTS),
    Field(name="double_buffered", kind="flag", doc="loads the next tile while this one is used",
          default=False),
    Field(name="bypass", kind="flag", doc="operands it may hold may also pass by it", default=True),
    Field(name="read_energy", kind="energy", doc="energy of one read access", default=None),
    Field(name="write_energy", kind="energy", doc="energy of one write access", default=None),
    Field(name="area", kind="area", doc="area of one instance", default=None),
    Field(name="leakage", kind="power", doc="static power of one instance", default=None),
)  # fmt: skip
_ARRAY = (*_COMMON, Field(name="dimensions", kind="table", doc="list of dimensions"))
_DIMENSION = (
    Field(name="name", kind="text", doc="name of the dimension"),
    Field(name="size", kind="integer", doc="instances side by side", minimum=1),
    Field(name="multicast", kind="texts", doc="operands read once for all", default=(),
          choices=PARTS[:2]),
    Field(name="reduce", kind="flag", doc="partial sums meet on their way up", default=False),
    Field(name="serial", kind="texts", doc="operands that pass one element a cycle to or from all",
          default=(), choices=PARTS),
    Field(name="ranks", kind="texts", doc="kinds of rank (or ranks) unrolled here", default=()),
)  # fmt: skip
_LINK = (
    *_COMMON,
    Field(name="bandwidth", kind="text", doc="bandwidth: 4 GB/s or 16 B/cycle", default=None),
    Field(name="energy", kind="energy", doc="energy per bit", default=None),
    Field(name="length", kind="length", doc="length, for the wire law", default=0.0),
)
_COMPUTE = (
    *_COMMON,
    Field(name="does", kind="text", doc="multiply-accumulates or vector operations", default="mac",
          choices=("mac", "vector")),
    Field(name="rates", kind="table", doc="operations a cycle by format; any serves the rest",
          default={"any": 1}),
    Field(name="accumulator", kind="text", doc="how sums are kept", default="int32",
          choices=tuple(ACCUMULATORS)),
    Field(name="unit", kind="text", doc="kind of circuit that multiplies", default=UNITS[0],
          choices=UNITS),
    Field(name="tree", kind="number", doc="units with one accumulator; absent: each has its own",
          default=None, positive=True),
    Field(name="energy", kind="energy", doc="energy of one operation", default=None),
    Field(name="area", kind="area", doc="area of one instance", default=None),
    Field(name="leakage", kind="power", doc="static power of one instance", default=None),
)  # fmt: skip
_TOP = (
    Field(name="name", kind="text", doc="name of the hardware"),
    Field(name="title", kind="text", doc="one line on what it is", default=""),
    Field(name="technology", kind="length", doc="process node", positive=True),
    Field(name="voltage", kind="voltage", doc="supply", default=None, positive=True),
    Field(name="frequency", kind="frequency", doc="clock", positive=True),
    Field(name="family", kind="text", doc="family that can generate it", default=""),
    Field(name="overhead_power", kind="power", doc="power drawn whatever runs", default=0.0),
    Field(name="overhead_area", kind="area", doc="area no component accounts for", default=0.0),
    Field(name="sources", kind="texts", doc="where the numbers come from", default=()),
    Field(name="assumed", kind="texts", doc="keys whose numbers have no source", default=()),
    Field(name="notes", kind="texts", doc="what a reader should know", default=()),
    Field(name="component", kind="table", doc="the tree, outermost first"),
)
_KINDS: dict[str, Sequence[Field]] = {
    "memory": _MEMORY, "array": _ARRAY, "link": _LINK, "compute": _COMPUTE,
}  # fmt: skip


def read(path: Path) -> Hardware:
    """Read a hardware file. SpecError lists every mistake with its key path."""
    return build(spec.load_toml(path), str(path))


def build(table: Mapping[str, Any], where: str) -> Hardware:
    """Build hardware from the tables of a file; `where` names it in errors."""
    values, problems = spec.read(table, _TOP, f"{where}: ")
    frequency = values.get("frequency", 1.0)
    nodes: list[Node] = []
    given = table.get("component", [])
    if not isinstance(given, list) or not given:
        problems.append(f"{where}: component: expected at least one [[component]] table")
        given = []
    above: list[str] = []
    for at, item in enumerate(given):
        node, wrong = _node(item, f"{where}: component[{at}]", above, frequency)
        problems += wrong
        if node is not None:
            nodes.append(node)
        # a component with a mistake is still there for those below it
        name = item.get("name") if isinstance(item, Mapping) else None
        above.append(name if isinstance(name, str) else "")
    if not problems:
        problems += [f"{where}: {problem}" for problem in _tree_problems(nodes, values["assumed"])]
    if problems:
        raise SpecError(*problems)
    del values["component"]
    return Hardware(nodes=tuple(nodes), **values)


def json_schema() -> dict[str, Any]:
    """JSON Schema of a hardware file, for editors and other programs."""
    dimension = spec.schema(_DIMENSION)
    kinds = []
    for kind, fields in _KINDS.items():
        shape = spec.schema(fields)
        shape["properties"]["kind"] = {"const": kind}
        if kind == "array":
            shape["properties"]["dimensions"] = {"type": "array", "items": dimension, "minItems": 1}
        if kind == "compute":
            shape["properties"]["rates"] = {
                "type": "object",
                "additionalProperties": {"type": "number", "exclusiveMinimum": 0},
            }
        kinds.append(shape)
    top = spec.schema(_TOP)
    top["properties"]["component"] = {"type": "array", "minItems": 1, "items": {"oneOf": kinds}}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **top}


def _node(
    item: Any, where: str, known: Sequence[str], frequency: float
) -> tuple[Node | None, list[str]]:
    kind = item.get("kind") if isinstance(item, Mapping) else None
    if not isinstance(kind, str) or kind not in _KINDS:
        near = did_you_mean(str(kind), _KINDS) if kind else ""
        return None, [f"{where}.kind: expected one of {', '.join(_KINDS)}, got {kind!r}{near}"]
    values, problems = spec.read(item, _KINDS[kind], where)
    above = values.pop("under", "")
    made: Component | None = None
    build_one: Callable[..., tuple[Component | None, list[str]]] = {
        "memory": _memory, "array": _array, "link": _link, "compute": _compute,
    }[kind]  # fmt: skip
    if not problems:
        made, problems = build_one(values, where, frequency)
    if made is None:
        return None, problems
    under = above or (known[-1] if known else None)
    if made.name in known:
        problems.append(f"{where}.name: {made.name!r} is taken")
    if under is not None and under not in known:
        problems.append(f"{where}.under: no component {under!r} above{did_you_mean(under, known)}")
    return Node(component=made, under=under), problems


def _bandwidth(text: Any, key: str, where: str, frequency: float) -> tuple[float, list[str]]:
    if text is None:
        return math.inf, []
    per_cycle = isinstance(text, str) and "/cycle" in text
    dimension = "bytes_per_cycle" if per_cycle else "bandwidth"
    field = Field(name=key, kind=dimension, doc="", positive=True)
    values, problems = spec.read({key: text}, (field,), where)
    return values.get(key, math.inf) * (frequency if per_cycle else 1.0), problems


def _memory(
    values: dict[str, Any], where: str, frequency: float
) -> tuple[Memory | None, list[str]]:
    drams = [f"dram:{kind}" for kind in technology("dram")["energy"]]
    problems = []
    if values["law"] not in (*_LAWS, *drams):
        near = did_you_mean(values["law"], (*_LAWS, *drams))
        problems.append(f"{where}.law: unknown law {values['law']!r}{near}")
    both = values.pop("bandwidth")
    speeds: dict[str, Any] = {}
    for key in ("read_bandwidth", "write_bandwidth"):
        alone = values.pop(key)
        name, text = (key, alone) if alone is not None else ("bandwidth", both)
        speeds[key], wrong = _bandwidth(text, name, where, frequency)
        problems += [problem for problem in wrong if problem not in problems]
    stated = all(
        values[key] is not None for key in ("read_energy", "write_energy", "area", "leakage")
    )
    if math.isinf(values["size"]) and not values["law"].startswith("dram:") and not stated:
        problems.append(f"{where}.size: required, absent: the {values['law']} law needs it")
    del values["kind"]
    return (None, problems) if problems else (Memory(**values, **speeds), [])


def _array(values: dict[str, Any], where: str, _: float) -> tuple[SpatialArray | None, list[str]]:
    given = values["dimensions"]
    if not isinstance(given, list) or not given:
        return None, [f"{where}.dimensions: expected a list of at least one dimension"]
    problems: list[str] = []
    dimensions = []
    for at, item in enumerate(given):
        found, wrong = spec.read(item, _DIMENSION, f"{where}.dimensions[{at}]")
        problems += wrong
        if not wrong:
            dimensions.append(Dimension(**found))
    if problems:
        return None, problems
    return SpatialArray(name=values["name"], dimensions=tuple(dimensions)), []


def _link(values: dict[str, Any], where: str, frequency: float) -> tuple[Link | None, list[str]]:
    speed, problems = _bandwidth(values["bandwidth"], "bandwidth", where, frequency)
    made = Link(
        name=values["name"], bandwidth=speed, energy=values["energy"], length=values["length"]
    )
    return (None, problems) if problems else (made, [])


def _compute(values: dict[str, Any], where: str, _: float) -> tuple[Compute | None, list[str]]:
    rates = values["rates"]
    if not isinstance(rates, Mapping) or not rates:
        return None, [f"{where}.rates: expected a table such as {{ int8 = 1 }}"]
    allowed = (*names(), "any")
    problems = [
        f"{where}.rates.{name}: unknown format{did_you_mean(name, allowed)}"
        for name in rates
        if name not in allowed
    ]
    for name, rate in rates.items():
        good = isinstance(rate, (int, float)) and not isinstance(rate, bool)
        if not good or not 0 < rate < math.inf:
            problems.append(f"{where}.rates.{name}: expected a number above 0, got {rate!r}")
    if values["does"] == "vector" and values["unit"] != UNITS[0]:
        problems.append(f"{where}.unit: {values['unit']!r} multiplies and adds; a vector unit has"
                        " none: leave it out")  # fmt: skip
    if problems:
        return None, problems
    keys = ("name", "does", "accumulator", "unit", "tree", "energy", "area", "leakage")
    pairs = tuple((name, float(rate)) for name, rate in rates.items())
    return Compute(rates=pairs, **{key: values[key] for key in keys}), []


def _tree_problems(nodes: Sequence[Node], assumed: Sequence[str]) -> list[str]:
    problems = []
    if not isinstance(nodes[0].component, Memory):
        problems.append("component[0]: the root must be a memory")
    leaves = {node.component.name for node in nodes} - {node.under for node in nodes}
    for node in nodes:
        name = node.component.name
        computes = isinstance(node.component, Compute)
        if computes and name not in leaves:
            problems.append(f"component {name!r}: nothing can hang under a compute unit")
        if name in leaves and not computes:
            problems.append(f"component {name!r}: a branch must end in a compute unit")
    dimensions = [
        dimension.name
        for node in nodes
        if isinstance(node.component, SpatialArray)
        for dimension in node.component.dimensions
    ]
    for name in {name for name in dimensions if dimensions.count(name) > 1}:
        problems.append(f"array dimension {name!r} is defined twice")
    for node in nodes:
        if isinstance(node.component, SpatialArray):
            for dimension in node.component.dimensions:
                odd = [r for r in dimension.ranks if len(r) > 3 and r not in RANK_KINDS]
                problems += [
                    f"dimension {dimension.name!r}: unknown kind of rank {rank!r}"
                    f"{did_you_mean(rank, RANK_KINDS)}"
                    for rank in odd
                ]
    known = {node.component.name for node in nodes} | {field.name for field in _TOP}
    problems += [
        f"assumed: {key!r} names no component and no key{did_you_mean(key.split('.')[0], known)}"
        for key in assumed
        if key.split(".")[0] not in known
    ]
    return problems
