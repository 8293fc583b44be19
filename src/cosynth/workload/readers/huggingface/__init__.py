"""Hugging Face `config.json`: one file here an architecture family, found by its file.

A family names the `model_type`s it reads in `MODEL_TYPES`, and its `read` turns a config into a
function that builds the workload.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from cosynth.errors import SpecError
from cosynth.workload.graph import Workload
from cosynth.workload.passes import train
from cosynth.workload.readers.huggingface.config import Config, load
from cosynth.workload.readers.huggingface.family import Family, Request
from cosynth.workload.readers.huggingface.quantisation import quantised, weight_format
from cosynth.workload.zoo import Options

_SHARED = {"config", "family", "quantisation"}


def read(path: Path, options: Options) -> Workload:
    """Read a `config.json`; `options` say batch, phase and length."""
    table = load(path)
    named = table.get("_name_or_path")
    name = named if isinstance(named, str) and named.strip() else path.absolute().parent.name
    return build(table, options, name=name or path.stem, source=str(path))


def build(
    table: Mapping[str, object], options: Options, *, name: str, source: str = ""
) -> Workload:
    """Build the workload that a config describes; SpecError lists all of its mistakes at once.

    >>> tiny = dict(model_type="llama", vocab_size=100, hidden_size=8, intermediate_size=16,
    ...             num_hidden_layers=3, num_attention_heads=2)
    >>> build(tiny, Options(phase="decode", length=9), name="tiny").parameters
    3576
    """
    config = Config(table=table, where=f"{source}: " if source else f"{name}: ")
    kind = table.get("model_type")
    families = model_types()
    if not isinstance(kind, str) or kind not in families:
        raise SpecError(_unknown(config.where, kind, families))
    model = families[kind].read(config)
    stored = weight_format(config)
    config.finish()
    request = Request(
        name=name,
        source=source,
        batch=options.batch,
        phase=None if options.phase == "train" else options.phase,
        length=options.length,
        image=options.image,
    )
    workload = quantised(model(request), stored) if stored else model(request)
    return train(workload) if options.phase == "train" else workload


@cache
def model_types() -> Mapping[str, Family]:
    """Every `model_type` that can be read, with the family that reads it."""
    found: dict[str, Family] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name not in _SHARED:
            family: Family = importlib.import_module(f"{__name__}.{module.name}")
            found.update(dict.fromkeys(family.MODEL_TYPES, family))
    return found


def _unknown(where: str, kind: object, families: Mapping[str, Family]) -> str:
    known = ", ".join(sorted(families))
    if not isinstance(kind, str):
        shown = "required, absent" if kind is None else f"{kind!r:.60} is not a text"
        return f"{where}model_type: {shown} (one of {known})"
    near = difflib.get_close_matches(kind.lower(), sorted(families), n=5, cutoff=0.5)
    close = f"the nearest that can be read: {', '.join(near)}" if near else f"known: {known}"
    return f"{where}model_type: unknown architecture {kind[:60]!r}; {close}"
