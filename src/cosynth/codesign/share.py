"""Limits of a mapping: shares of a memory, of its bandwidth, and the least use of the units."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from cosynth.errors import SpecError, did_you_mean
from cosynth.hardware import Hardware, Memory, Node

_SHARE = re.compile(r"^\s*(?:(bandwidth)\s*:\s*)?([\w.-]+)\s*=\s*([0-9.eE+-]+)\s*(%?)\s*$")
_EXAMPLES = "write for example buffer=0.5, bandwidth:dram=0.5 or utilisation=0.7"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """At most this share of the `capacity` or `bandwidth` of a memory; at least of `utilisation`.

    `memory` is empty for utilisation: the share of the units' time that does work.
    """

    kind: str
    share: float
    memory: str = ""

    def __str__(self) -> str:
        name = f"bandwidth:{self.memory}" if self.kind == "bandwidth" else self.memory or self.kind
        return f"{name}={self.share:g}"


def share(text: str, memories: Iterable[str]) -> Share:
    """Read `buffer=0.5`, `bandwidth:dram=50%` or `utilisation=0.7`; SpecError says what is wrong.

    >>> str(share("bandwidth:dram=50%", ["dram"]))
    'bandwidth:dram=0.5'
    """
    match = _SHARE.match(text)
    if not match:
        raise SpecError(f"--limit {text!r}: {_EXAMPLES}")
    known = tuple(memories)
    bandwidth, name, number, percent = match.groups()
    try:
        value = float(number) / (100 if percent else 1)
    except ValueError:
        raise SpecError(f"--limit {text!r}: {number!r} is no number; {_EXAMPLES}") from None
    if not 0 < value <= 1:
        raise SpecError(f"--limit {text!r}: a share is more than 0 and at most 1")
    if name == "utilisation" and not bandwidth:
        return Share(kind="utilisation", share=value)
    if name not in known:
        choices = known if bandwidth else (*known, "utilisation")
        near = did_you_mean(name, choices) or f"; there are {', '.join(known)}"
        raise SpecError(f"--limit {text!r}: no memory {name!r}{near}")
    return Share(kind="bandwidth" if bandwidth else "capacity", share=value, memory=name)


def limited(hardware: Hardware, limits: Iterable[Share]) -> Hardware:
    """Return priced hardware of which only these shares may be used; energies stay as they are."""
    nodes = hardware.nodes
    for limit in limits:
        nodes = tuple(_with(node, limit) for node in nodes)
    return replace(hardware, nodes=nodes)


def _with(node: Node, limit: Share) -> Node:
    memory = node.component
    if not isinstance(memory, Memory) or memory.name != limit.memory:
        return node
    if limit.kind == "capacity":
        return replace(node, component=replace(memory, size=memory.size * limit.share))
    slower = replace(
        memory,
        read_bandwidth=memory.read_bandwidth * limit.share,
        write_bandwidth=memory.write_bandwidth * limit.share,
    )
    return replace(node, component=slower)
