"""An alarm wired through the text of a chip: from the checks in its blocks up to a port.

Every block on the way has an output `fault`: any of its instances with such an output says so. In a
generate loop each instance has a bit of its own; an arm that is not built says that all is well.
The top keeps a fault as `alarm`. (A net that is a wired or would need none of this, but Verilator
takes the last of its drivers, without a word.)
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cosynth.errors import CircuitError
from cosynth.rtl.scopes import Choice, Loop, around, scopes
from cosynth.rtl.statements import blank, closed

_CLOCK = re.compile(r"^([ \t]*)input\s+(?:wire\s+)?logic\s+clk(?=,[ \t]*\n)", re.MULTILINE)
_ALARM = """
  always_ff @(posedge clk) begin
    if (rst) alarmed <= 1'b0;
    else if (fault) alarmed <= 1'b1;
  end
  assign alarm = alarmed || fault;  // not after an interrupt of the same cycle
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Instance:
    """An instance: where its line begins, its name, and where its first port is written."""

    start: int
    name: str
    ports: int


def wired(texts: Mapping[str, str], checking: Iterable[str], top: str) -> dict[str, str]:
    """Return the texts of modules, by name, with the output `fault` of some brought up.

    `checking` are modules that have one. Module `top` gets an output `alarm` that stays high from
    the first fault until reset. CircuitError if `top` has none of these modules in it, or where an
    instance stands in a loop that counts otherwise than up by one.
    """
    told = set(checking)
    plain = {name: blank(text) for name, text in texts.items()}
    inside = {name: set(_modules(text, texts)) for name, text in plain.items()}
    written = dict(texts)
    reached = _below(inside, top)
    while more := {name for name in reached - told if inside[name] & told}:
        told |= more
    if top not in told:
        raise CircuitError(f"module {top} has none of {', '.join(sorted(told))} in it")
    for name in told.intersection(reached) - set(checking):
        written[name] = _told(texts[name], plain[name], told, name == top)
    return written


def reachable(plain: str, place: int) -> bool:
    """Whether a fault at a place of a text without comments can be brought up from there."""
    return all(not isinstance(one, Loop) or one.index for one in around(scopes(plain), place))


def _below(inside: Mapping[str, set[str]], top: str) -> set[str]:
    found, waiting = set[str](), {top}
    while waiting:
        found |= waiting
        waiting = set[str]().union(*(inside[name] for name in waiting)) - found
    return found


def _told(text: str, plain: str, told: Iterable[str], is_top: bool) -> str:
    """One module's text: its port, a net for each instance that has one, and their or."""
    clock = _CLOCK.search(plain)
    if not clock:
        raise CircuitError("a block with checks has no line `input logic clk,` among its ports")
    # names of ports stand below one another
    width = len(clock[0]) - len(clock[1]) - len("clk")
    port = f"{clock[1]}{'output logic':<{width}}{'alarm' if is_top else 'fault'},\n"
    added = defaultdict[int, list[str]](list)
    added[plain.index("\n", clock.end()) + 1].append(port)
    every = scopes(plain)
    nets: list[str] = []
    for one in sorted(_instances(plain, told), key=lambda one: one.start):
        net = f"{one.name}_fault"
        if net in nets:
            net = f"{net}_{len(nets)}"
        nets.append(net)
        for place, line in _net(plain, one, net, around(every, one.start)):
            added[place].append(line)
    either = " || ".join(f"|{net}" for net in nets)
    end = plain.rindex("endmodule")
    # a register that is itself a port cannot be flipped: Verilator keeps two
    said = "  logic fault, alarmed;\n" * is_top + f"  assign fault = {either};\n"
    added[end].append(said + _ALARM.lstrip("\n") * is_top)
    for place in sorted(added, reverse=True):
        text = text[:place] + "".join(added[place]) + text[place:]
    return text


def _net(
    plain: str, one: _Instance, net: str, scope: tuple[Loop | Choice, ...]
) -> Iterator[tuple[int, str]]:
    """What is written, and where, for the fault of an instance to come out of its scopes."""
    sizes, index = "", ""
    for each in scope:
        if isinstance(each, Choice):
            low = f"assign {net}{index} = '0;"
            for inside, end in each.arms:
                if not inside <= one.start < end:
                    yield end - len("end"), f"  {low}\n{_indent(plain, end)}"
            if not each.complete:
                yield each.end, f" else begin : g_no_{net}\n  {low}\nend"
        elif each.index:
            index += f"[{each.index}]"
            high = f"({each.high})" if re.search(r"\W", each.high) else each.high
            sizes += f"[{high}-1:{each.low}]"
        else:
            raise CircuitError(f"{one.name}: its fault cannot leave a loop of this form")
    first = scope[0].start if scope else one.start
    line = plain.rindex("\n", 0, first) + 1
    yield line, f"{_indent(plain, first)}logic {sizes}{' ' * bool(sizes)}{net};\n"
    yield one.ports, f".fault({net}{index}), "


def _indent(plain: str, place: int) -> str:
    """The blanks that the line of a place begins with."""
    line = plain[plain.rindex("\n", 0, place) + 1 :]
    return line[: len(line) - len(line.lstrip())]


def _modules(plain: str, known: Iterable[str]) -> Iterator[str]:
    return (name for name in known if next(_instances(plain, (name,)), None) is not None)


def _instances(plain: str, names: Iterable[str]) -> Iterator[_Instance]:
    for name in names:
        for found in re.finditer(rf"^[ \t]*\b{name}\b\s*(?=#\s*\(|\w+\s*\()", plain, re.MULTILINE):
            at = found.end()
            if plain[at] == "#":
                at = closed(plain, plain.index("(", at))
            if opened := re.compile(r"\s*(\w+)\s*\(\s*").match(plain, at):
                start = found.start() + len(found[0]) - len(found[0].lstrip())
                yield _Instance(start=start, name=opened[1], ports=opened.end())
