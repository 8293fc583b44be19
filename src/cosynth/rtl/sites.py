"""Where each bit that keeps a state lies in a Verilator model, so that it can be flipped there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cosynth.errors import CircuitError
from cosynth.rtl.state import MEMORY, Registers, State, assigned

KINDS = ("flip-flop", "configuration", "memory")
# what an access to a memory looks like
PORTS = ("read_enable", "read_address", "write_enable", "write_address", "write_mask")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A variable of the model: byte offset and bytes of an element."""

    at: int
    stride: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The objects of a model and the members of their classes, as the harness tells them."""

    objects: Mapping[str, tuple[str, int]]
    members: Mapping[tuple[str, str], tuple[int, int]]

    @classmethod
    def read(cls, text: str) -> Layout:
        """Read the lines of `inject_layout`."""
        rows = [line.split() for line in text.splitlines()]
        return cls(
            objects={row[2]: (row[1], int(row[3])) for row in rows if row[0] == "instance"},
            members={
                (row[1], row[2]): (int(row[4]), int(row[3])) for row in rows if row[0] == "member"
            },
        )

    def find(self, path: Sequence[str]) -> Place | None:
        """Where a variable lies; modules that Verilator keeps apart are objects of their own."""
        for depth in range(len(path) - 1, -1, -1):
            name = "__".join(
                ["TOP", *(["__DOT__".join(map(_encoded, path[:depth]))] * (depth > 0))]
            )
            if name not in self.objects:
                continue
            kind, base = self.objects[name]
            rest = "__DOT__".join(map(_encoded, path[depth:]))
            for candidate in (rest, f"__PVT__{rest}"):
                if (kind, candidate) in self.members:
                    at, stride = self.members[kind, candidate]
                    return Place(at=base + at, stride=stride)
        return None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Site:
    """The bits of one register, or of one memory, in one instance.

    `bits` [bits, n] are the bit addresses in the model that make one bit of the circuit (more than
    one where synthesis makes one flip-flop of equal registers; -1 fills up).
    """

    path: str
    module: str
    name: str
    kind: str
    bits: NDArray[np.int64]
    memory: int = -1  # which memory these are the words of
    width: int = 0  # of a word

    @property
    def register(self) -> str:
        """Module and register: what all instances share."""
        return f"{self.module}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A memory as the harness knows it: offsets, sizes in bytes; bits of a word and of a part."""

    words: Place
    depth: int
    width: int
    parts: int
    ports: Mapping[str, Place]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sites:
    """All that can be flipped; `watched` are the places that keep a state, memories apart."""

    sites: tuple[Site, ...]
    memories: tuple[Words, ...]
    watched: tuple[tuple[int, int], ...]
    unnamed: int

    def bits(self, kind: str) -> int:
        """How many bits of a kind there are."""
        return sum(len(one.bits) for one in self.sites if one.kind == kind)


def settings(sources: Sequence[Path]) -> str:
    """Return Verilator's control file that keeps every register as a variable of its own."""
    lines = ["`verilator_config"]
    for path in sources:
        names: tuple[str, ...] = assigned(path.read_text(encoding="utf-8"))
        if path.stem == MEMORY:
            names += PORTS
        lines += [f'public_flat_rd -module "{path.stem}" -var "{name}"' for name in names]
    return "\n".join(lines) + "\n"


def sites(found: State, layout: Layout, top: str) -> Sites:
    """Return the sites of a model; CircuitError if it lacks a register."""
    made = [_site(one, layout, top) for one in found.registers]
    memories = []
    for number, macro in enumerate(found.macros):
        path = (top, *macro.path)
        words = _place(layout, (*path, "words"))
        memories.append(
            Words(
                words=words,
                depth=macro.depth,
                width=macro.width,
                parts=macro.parts,
                ports={name: _place(layout, (*path, name)) for name in PORTS},
            )
        )
        inside = ".".join(macro.path)
        made.append(
            Site(
                path=inside, module=macro.module, name=f"{macro.name}.words", kind="memory",
                memory=number, width=macro.width,
                bits=_bits(words, range(macro.depth), range(macro.width)),
            )
        )  # fmt: skip
        data = _place(layout, (*path, "read_data"))
        made.append(
            Site(
                path=inside, module=macro.module, name=f"{macro.name}.read_data", kind="memory",
                bits=_bits(data, range(1), range(macro.width)),
            )
        )  # fmt: skip
    return Sites(
        sites=tuple(made),
        memories=tuple(memories),
        watched=tuple(_watched(layout, found, top)),
        unnamed=found.unnamed,
    )


def _encoded(name: str) -> str:
    """A name as Verilator writes it in C++, where two underscores are its own."""
    text = name.replace("__", "___05F").replace(".", "__DOT__")
    return text.replace("[", "__BRA__").replace("]", "__KET__")


def _place(layout: Layout, path: Sequence[str]) -> Place:
    found = layout.find(path)
    if found is None:
        raise CircuitError(
            f"the model has no variable {'.'.join(path)}; its registers must be kept"
        )
    return found


def _bits(place: Place, elements: Sequence[int], width: Sequence[int]) -> NDArray[np.int64]:
    rows = 8 * (place.at + np.asarray(elements)[:, None] * place.stride) + np.asarray(width)
    return np.ascontiguousarray(rows.reshape(-1, 1))


def _site(one: Registers, layout: Layout, top: str) -> Site:
    depth = max(len(bits) for bits in one.bits)
    rows = np.full((len(one.bits), depth), -1, dtype=np.int64)
    places: dict[str, Place] = {}
    for row, bits in zip(rows, one.bits, strict=True):
        for at, bit in enumerate(bits):
            if bit.register not in places:
                places[bit.register] = _place(layout, (top, *one.path, bit.register))
            place = places[bit.register]
            row[at] = 8 * (place.at + bit.element * place.stride) + bit.bit
    return Site(path=".".join(one.path), module=one.module, name=one.name, kind=one.kind, bits=rows)


def _watched(layout: Layout, found: State, top: str) -> Iterator[tuple[int, int]]:
    """Bytes of all that any flip-flop or memory port lies in, once each."""
    seen = set()
    for one in found.registers:
        for bits in one.bits:
            for bit in bits:
                place = _place(layout, (top, *one.path, bit.register))
                at = place.at + bit.element * place.stride
                if at not in seen:
                    seen.add(at)
                    yield at, place.stride
    for macro in found.macros:
        place = _place(layout, (top, *macro.path, "read_data"))
        yield place.at, place.stride
