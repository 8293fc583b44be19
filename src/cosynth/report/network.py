"""A model as a person reads it: rows of layers, equal blocks condensed, totals."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from cosynth.report.contract import BlockData, ModelData, RowData
from cosynth.report.version import version
from cosynth.workload import ROLES, Workload
from cosynth.workload.passes import groups
from cosynth.workload.passes.merge import content

_LONGEST_BLOCK = 60  # rows that a repeated block may have


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Einsums that a person calls one layer; figures are of all `repeat` copies."""

    name: str
    operators: tuple[str, ...]
    shape: tuple[int, ...]
    operations: int
    vector_operations: int
    parameters: int
    repeat: int
    key: Hashable


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Rows that occur `times` in a row; each row stands for all of them together."""

    times: int
    rows: tuple[Row, ...]


def model_data(model: Workload) -> ModelData:
    """Return a model as data: what `cosynth show MODEL --json` prints.

    >>> from cosynth.workload.load import load
    >>> model_data(load("resnet18"))["parameters"]
    11689512
    """
    return {
        "cosynth": "model",
        "name": model.name,
        "source": model.source,
        "operations": model.operations,
        "vector_operations": model.vector_operations,
        "parameters": model.parameters,
        "elements": {role: model.elements(role) for role in ROLES if model.elements(role)},
        "inputs": {t.name: list(t.shape) for t in model.tensors if t.role == "input"},
        "outputs": {t.name: list(t.shape) for t in model.tensors if t.role == "output"},
        "blocks": [_block(block) for block in blocks(rows(model))],
        "citations": list(model.citations),
        "version": version(),
    }


def rows(model: Workload) -> list[Row]:
    """Return the layers of a model in order; a weight counts where it is read first."""
    met: set[str] = set()
    found: list[Row] = []
    for group in groups(model):
        row = _row(model, group, met)
        last = found[-1] if found else None
        if last and _one_operator(last, row):
            found[-1] = _joined(last, row)
        else:
            found.append(row)
    return found


def blocks(found: Sequence[Row]) -> list[Block]:
    """Condense copies and sequences of rows that repeat.

    >>> row = Row(name="a", operators=(), shape=(), operations=1, vector_operations=0,
    ...           parameters=0, repeat=1, key="a")
    >>> [(block.times, block.rows[0].operations) for block in blocks([row, row, row])]
    [(3, 3)]
    """
    made: list[Block] = []
    for repeat, run in groupby(found, key=lambda row: row.repeat):
        same = tuple(run)
        made += [Block(times=repeat, rows=same)] if repeat > 1 else _periods(same)
    return made


def _row(model: Workload, group: tuple[int, ...], met: set[str]) -> Row:
    members = [model.einsums[at] for at in group]
    read = [name for e in members for a in e.inputs for name in model.sources(a.tensor)]
    weights = [model.tensor(name) for name in dict.fromkeys(read) if name not in met]
    met.update(read)
    return Row(
        name=members[0].name,
        operators=tuple(dict.fromkeys(e.operator for e in members if e.operator)),
        shape=model.tensor(members[-1].output.tensor).shape,
        operations=sum(e.operations for e in members),
        vector_operations=sum(e.vector_operations for e in members),
        parameters=sum(t.size * t.repeat for t in weights if t.role == "weight"),
        repeat=members[0].repeat,
        key=content(model, group),
    )


def _one_operator(last: Row, row: Row) -> bool:
    """Whether two rows are steps of one operator of the model, such as a softmax."""
    steps = not last.operations and not row.operations
    alike = last.operators == row.operators and last.repeat == row.repeat
    near = _stem(last.name) in {_stem(row.name), row.name}
    return steps and alike and len(row.operators) == 1 and near


def _stem(name: str) -> str:
    """A layer's name without the last word: its steps are told apart by that.

    >>> _stem("softmax.max"), _stem("softmax")
    ('softmax', 'softmax')
    """
    return name.rpartition(".")[0] or name


def _joined(last: Row, row: Row) -> Row:
    return replace(
        row,
        name=_stem(last.name) if _stem(last.name) == row.name else last.name,
        operations=last.operations + row.operations,
        vector_operations=last.vector_operations + row.vector_operations,
        parameters=last.parameters + row.parameters,
        key=(last.key, row.key),
    )


def _periods(found: Sequence[Row]) -> list[Block]:
    """Sequences that repeat at once, the one that covers most rows first."""
    keys = [row.key for row in found]
    made: list[Block] = []
    single: list[Row] = []
    at = 0
    while at < len(found):
        length, times = _period(keys[at:])
        if times > 1:
            made += [Block(times=1, rows=tuple(single))] if single else []
            copies = [found[at + n * length : at + (n + 1) * length] for n in range(times)]
            made.append(Block(times=times, rows=tuple(map(_summed, zip(*copies, strict=True)))))
            single = []
            at += length * times
        else:
            single.append(found[at])
            at += 1
    return made + ([Block(times=1, rows=tuple(single))] if single else [])


def _period(keys: Sequence[Hashable]) -> tuple[int, int]:
    """Length and number of the repetitions at the start that cover most; the shortest of those."""
    best = (1, 1)
    for length in range(1, min(_LONGEST_BLOCK, len(keys) // 2) + 1):
        times = 1
        while keys[:length] == keys[times * length : (times + 1) * length]:
            times += 1
        if times > 1 and length * times > best[0] * best[1]:
            best = (length, times)
    return best


def _summed(copies: tuple[Row, ...]) -> Row:
    return replace(
        copies[0],
        operations=sum(row.operations for row in copies),
        vector_operations=sum(row.vector_operations for row in copies),
        parameters=sum(row.parameters for row in copies),
    )


def _block(block: Block) -> BlockData:
    return {
        "times": block.times,
        "layers": [
            RowData(
                name=row.name,
                operators=list(row.operators),
                shape=list(row.shape),
                operations=row.operations,
                vector_operations=row.vector_operations,
                parameters=row.parameters,
            )
            for row in block.rows
        ],
    }
