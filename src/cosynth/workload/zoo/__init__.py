"""The model zoo: every module here is one family of networks, found by its file.

A family exposes `MODELS`, a mapping from name to a function that builds it for some `Options`.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from cosynth.errors import SpecError, did_you_mean
from cosynth.workload.graph import Workload

PHASES = ("prefill", "decode", "train")
GROUP = "cosynth.models"
_HINT = "options: prefill[:N], decode[:N], train[:N], length:N, image:N, batch:N"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a request asks of a model: sizes left open by its name.

    `length` is tokens of a sequence or of context (decode), `image` is pixels along a side; None
    leaves the family's own default.
    """

    batch: int = 1
    phase: str | None = None
    length: int | None = None
    image: int | None = None


Build = Callable[[Options], Workload]


def parse_request(request: str) -> tuple[str, Options]:
    """Split `name@key:value,...` into a name and its options.

    >>> parse_request("llama-3.1-8b@decode:4096,batch:8")
    ('llama-3.1-8b', Options(batch=8, phase='decode', length=4096, image=None))
    """
    name, at, text = request.partition("@")
    return name, parse_options(text, request) if at else Options()


def parse_options(text: str, request: str) -> Options:
    """Read `key:value,...`; `request` is what messages show.

    >>> parse_options("train,batch:4", "vgg16@train,batch:4").phase
    'train'
    """
    given: dict[str, str | int] = {}
    for item in text.split(","):
        key, colon, value = (part.strip() for part in item.partition(":"))
        kind = "phase" if key in PHASES else key
        if kind not in {"phase", "length", "image", "batch"}:
            near = did_you_mean(key, (*PHASES, "length", "image", "batch"))
            raise SpecError(f"{request}: unknown option {key!r}{near}; {_HINT}")
        if kind != "phase" and not colon:
            raise SpecError(f"{request}: {key} needs a number, as in {key}:8; {_HINT}")
        asked: dict[str, str | int] = {"phase": key} if kind == "phase" else {}
        if colon:
            asked["length" if kind == "phase" else kind] = _size(request, key, value)
        twice = given.keys() & asked.keys()
        if twice:
            raise SpecError(f"{request}: {min(twice)} is given twice; {_HINT}")
        given |= asked
    return Options(**given)  # type: ignore[arg-type]


def names() -> tuple[str, ...]:
    """Every model of the zoo, sorted.

    >>> "resnet18" in names()
    True
    """
    return tuple(sorted(_models()))


def load(request: str) -> Workload:
    """Build a model by name and options, such as `"resnet18@batch:8"`.

    >>> load("resnet18").parameters
    11689512
    """
    name, options = parse_request(request)
    models = _models()
    if name not in models:
        near = did_you_mean(name, models) or f"; known: {', '.join(sorted(models))}"
        raise SpecError(f"{name!r} is no model of the zoo{near}")
    return models[name](options)


@cache
def _models() -> Mapping[str, Build]:
    """All families' models; a name defined twice is a mistake of the family's author."""
    found: dict[str, Build] = {}
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            family = importlib.import_module(f"{__name__}.{module.name}")
            _merge(found, family.MODELS, family.__name__)
    for entry in importlib.metadata.entry_points(group=GROUP):
        _merge(found, entry.load(), entry.value)
    return found


def _merge(found: dict[str, Build], models: Mapping[str, Build], source: str) -> None:
    for name, build in models.items():
        if name in found:
            raise SpecError(f"{source}: the zoo already has a model named {name!r}")
        found[name] = build


def _size(request: str, key: str, value: str) -> int:
    if not (value.isascii() and value.isdigit()) or not 0 < int(value[:12]) < 10**9:
        raise SpecError(
            f"{request}: {key}:{value} is not a whole number from 1 to 999,999,999; {_HINT}"
        )
    return int(value)
