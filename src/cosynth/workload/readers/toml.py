"""Our own workload files: tensors and einsums in TOML, read and written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cosynth.errors import CosynthError, NotationError, SpecError
from cosynth.spec import Field, load_toml, schema
from cosynth.spec import read as read_table
from cosynth.workload.einsum import Einsum
from cosynth.workload.graph import ROLES, Tensor, Workload, checked
from cosynth.workload.notation import parse

_TOP = (
    Field(name="name", kind="text", doc="what the model is called"),
    Field(name="citations", kind="texts", default=(), doc="where it comes from"),
    Field(name="tensor", kind="table", doc="a list of tables, one per tensor"),
    Field(name="einsum", kind="table", doc="a list of tables, in order of execution"),
)
_TENSOR = (
    Field(name="name", kind="text", doc="what einsums call it"),
    Field(name="shape", kind="table", doc="a list of sizes"),
    Field(name="role", kind="text", choices=ROLES, doc="what it is to the model"),
    Field(name="format", kind="text", default=None, doc="number format the model prescribes"),
    Field(name="repeat", kind="integer", default=1, minimum=1, doc="equal copies"),
    Field(name="view_of", kind="texts", default=(), doc="tensors that own its data"),
)
_EINSUM = (
    Field(name="text", kind="text", doc="the statement"),
    Field(name="bounds", kind="table", doc="size of every rank"),
    Field(name="name", kind="text", default="", doc="what reports call it"),
    Field(name="repeat", kind="integer", default=1, minimum=1, doc="how often it runs"),
    Field(name="operator", kind="text", default="", doc="what it was in another model file"),
)
_LARGEST = 2**63 - 1


def read(path: Path) -> Workload:
    """Return the workload of a TOML file; SpecError lists every mistake with its key."""
    return from_tables(load_toml(path), str(path))


def from_tables(tables: object, where: str) -> Workload:
    """Return the workload that tables of a TOML file describe."""
    top, problems = read_table(tables, _TOP, f"{where}: ")
    tensors = [
        _tensor(table, f"{where}: tensor[{at}]", problems)
        for at, table in enumerate(_list(top, "tensor", where, problems))
    ]
    einsums = [
        _einsum(table, f"{where}: einsum[{at}]", problems)
        for at, table in enumerate(_list(top, "einsum", where, problems))
    ]
    if problems:
        raise SpecError(*problems)
    try:
        return checked(
            Workload(
                name=top["name"],
                tensors=tuple(t for t in tensors if t),
                einsums=tuple(e for e in einsums if e),
                source=where,
                citations=top["citations"],
            )
        )
    except CosynthError as error:
        raise SpecError(*(f"{where}: {line}" for line in str(error).splitlines())) from None


def write(workload: Workload) -> str:
    """Return the TOML text of a workload; `read` gives the same workload back.

    >>> from cosynth.workload import Builder
    >>> net = Builder("tiny")
    >>> x, w = net.input("x", (8, 16)), net.weight("w", (4, 16))
    >>> made = net.output(net.einsum("y[m,n] += x[m,k] * w[n,k]", shape=(8, 4)))
    >>> 'text = "y[m,n] += x[m,k] * w[n,k]"' in write(net.build())
    True
    """
    import tomli_w

    tables: dict[str, Any] = {"name": workload.name}
    if workload.citations:
        tables["citations"] = list(workload.citations)
    tables["tensor"] = [_tensor_table(tensor) for tensor in workload.tensors]
    tables["einsum"] = [_einsum_table(einsum) for einsum in workload.einsums]
    text: str = tomli_w.dumps(tables)
    return text


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a workload file."""
    whole = schema(_TOP)
    whole["properties"]["tensor"] = {"type": "array", "items": schema(_TENSOR)}
    whole["properties"]["einsum"] = {"type": "array", "items": schema(_EINSUM)}
    return whole


def _list(top: dict[str, Any], key: str, where: str, problems: list[str]) -> list[object]:
    found = top.get(key, [])
    if isinstance(found, list):
        return found
    problems.append(f"{where}: {key}: expected a list of tables, written [[{key}]]")
    return []


def _tensor(table: object, where: str, problems: list[str]) -> Tensor | None:
    values, mistakes = read_table(table, _TENSOR, where)
    shape = values.get("shape", [])
    if not isinstance(shape, list) or not all(_is_size(size, 0) for size in shape):
        mistakes.append(f"{where}.shape: expected a list of whole numbers, got {shape!r}")
    problems += mistakes
    return None if mistakes else Tensor(**values | {"shape": tuple(shape)})


def _einsum(table: object, where: str, problems: list[str]) -> Einsum | None:
    values, mistakes = read_table(table, _EINSUM, where)
    bounds = values.pop("bounds", {})
    if not isinstance(bounds, dict):
        mistakes.append(f"{where}.bounds: expected a table of sizes, got {bounds!r}")
        bounds = {}
    for rank, size in bounds.items():
        if not _is_size(size, 1):
            mistakes.append(f"{where}.bounds.{rank}: expected a whole number from 1, got {size!r}")
    made = None
    if not mistakes:
        try:
            made = parse(values.pop("text"), bounds, **values)
        except NotationError as error:
            mistakes.append(f"{where}.text: {error}")
    problems += mistakes
    return made


def _is_size(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= _LARGEST


def _tensor_table(tensor: Tensor) -> dict[str, Any]:
    table: dict[str, Any] = {"name": tensor.name, "shape": list(tensor.shape), "role": tensor.role}
    if tensor.format:
        table["format"] = tensor.format
    if tensor.repeat != 1:
        table["repeat"] = tensor.repeat
    if tensor.view_of:
        table["view_of"] = list(tensor.view_of)
    return table


def _einsum_table(einsum: Einsum) -> dict[str, Any]:
    table: dict[str, Any] = {"text": str(einsum), "bounds": einsum.sizes}
    if einsum.name != einsum.output.tensor:
        table["name"] = einsum.name
    if einsum.repeat != 1:
        table["repeat"] = einsum.repeat
    if einsum.operator:
        table["operator"] = einsum.operator
    return table
