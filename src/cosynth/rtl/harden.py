"""Protection written into a block's SystemVerilog: registers kept three times or with a parity.

A register's next state is taken out of its clocked block, with the conditions above it, and handed
to `tripled` or `checked`; everything else stays as it was written. Memories are corrected.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from cosynth.errors import CircuitError
from cosynth.rtl.alarm import reachable, wired
from cosynth.rtl.source import sources as blocks
from cosynth.rtl.state import MEMORY
from cosynth.rtl.statements import Statement, assigns, blank, lines, only, read, without

CORRECTED, TRIPLED, CHECKED = "sram_corrected", "tripled", "checked"
_CLOCKED = re.compile(r"([ \t]*)always_ff\s*@\(posedge clk\)")


def hardened(
    text: str, registers: Iterable[str], memories: bool = False, checked: Iterable[str] = ()
) -> str:
    """Return the text of a module with some of its registers kept three times.

    Those in `checked` get a parity instead, whose `fault` is left for `wired` to connect. With
    `memories` those that stand in it are corrected ones. CircuitError for a name that the module
    does not assign at the clock, or that is in both.
    """
    keepers = dict.fromkeys(registers, TRIPLED)
    for name in checked:
        if keepers.setdefault(name, CHECKED) != CHECKED:
            raise CircuitError(f"register {name} is either kept three times or checked, not both")
    left = set(keepers)
    plain = blank(text)
    done, at = [], 0
    for found in _CLOCKED.finditer(plain):
        one, end = read(plain, found.end())
        chosen = {name: keepers[name] for name in sorted(one.targets & set(keepers))}
        left -= set(chosen)
        if chosen:
            written = "\n".join(_rewritten(one, chosen, plain, len(found[1])))
            done += [text[at : found.start()], written]
            at = end
    if left:
        raise CircuitError(f"no register to protect is called {', '.join(sorted(left))}")
    text = "".join([*done, text[at:]])
    return re.sub(rf"\b{MEMORY}\b(?=\s*#)", CORRECTED, text) if memories else text


def checkable(text: str) -> tuple[str, ...]:
    """Return the registers of a module that can have a parity: no loop holds its fault back."""
    plain = blank(text)
    found: set[str] = set()
    for clocked in _CLOCKED.finditer(plain):
        if reachable(plain, clocked.start()):
            found |= read(plain, clocked.end())[0].targets
    return tuple(sorted(found))


def _rewritten(one: Statement, chosen: Mapping[str, str], plain: str, indent: int) -> Iterator[str]:
    space = " " * indent
    rest = without(one, frozenset(chosen))
    if rest and rest.parts and rest.heads[0] == "begin":
        yield f"{space}always_ff @(posedge clk) begin"
        for part in rest.parts:
            yield from lines(part, indent + 2)
        yield f"{space}end"
    elif rest:
        yield f"{space}always_ff @(posedge clk)"
        yield from lines(rest, indent + 2)
    for name, keeper in chosen.items():
        yield from (space + line for line in _kept(one, name, keeper, plain))


def _kept(one: Statement, name: str, keeper: str, plain: str) -> Iterator[str]:
    """A register's next state and what keeps it."""
    following = only(one, name)
    assert following is not None
    packed, elements = _declared(plain, name)
    following_name, kept = f"{name}_next", f"{name}_kept" if elements else name
    width = _width(packed)
    dimensions = packed
    if elements:
        following = _flat(following, name, width)
        width = f"({elements}) * {width}" if re.search(r"\W", elements) else f"{elements} * {width}"
        dimensions = f"[{width}-1:0] "
        yield f"logic {dimensions}{following_name}, {kept};  // all elements"
    else:
        yield f"logic {dimensions}{following_name};"
    following = assigns(following, name, following_name)
    yield "always_comb begin"
    yield f"  {following_name} = {kept};"
    inside = following.parts if following.parts and following.heads[0] == "begin" else (following,)
    for part in inside:
        yield from lines(part, 2)
    yield "end"
    yield f"{keeper} #(.WIDTH({width})) {name}_{keeper} (.clk, .d({following_name}), .q({kept}));"
    if elements:
        yield f"for (genvar i = 0; i < {elements}; i++) begin : g_{kept}"
        yield f"  assign {name}[i] = {kept}[i*{_width(packed)}+:{_width(packed)}];"
        yield "end"


def _flat(one: Statement, name: str, width: str) -> Statement:
    """Assignments of elements as parts of one vector."""
    if one.target != name:
        return replace(one, parts=tuple(_flat(part, name, width) for part in one.parts))
    whole = rf"{name}[(\1)*{width}+:{width}] <="
    return replace(one, ends=re.sub(rf"^{name}\s*\[(.*?)\]\s*<=", whole, one.ends))


def _declared(plain: str, name: str) -> tuple[str, str]:
    """Dimensions of a register before its name, as text, and the number of its elements if any."""
    found = re.search(
        rf"\blogic\b\s*(?:signed\b\s*)?((?:\[[^;\]]*\]\s*)*)(?:\w+\s*,\s*)*"
        rf"\b{name}\b\s*(?:\[([^\]]+)\]\s*)?[,;)\n]",
        plain,
    )
    if not found:
        raise CircuitError(f"the declaration of {name} was not found")
    packed = found[1].strip()
    return (f"{packed} " if packed else ""), (found[2] or "").strip()


def _width(dimensions: str) -> str:
    """Bits of these dimensions as an expression; `$bits` of what is in a generate stops Yosys."""
    sizes = []
    for high, low in re.findall(r"\[([^\]:]+):([^\]]+)\]", dimensions):
        least = low.strip()
        most = re.fullmatch(r"(.*)-\s*1", high.strip())
        size = most[1].strip() if least == "0" and most else f"{high.strip()} - {least} + 1"
        sizes.append(f"({size})" if re.search(r"\W", size) else size)
    return " * ".join(sizes) or "1"


def harden(
    sources: Sequence[Path],
    registers: Mapping[str, Iterable[str]],
    memories: Iterable[str],
    folder: Path,
    *,
    checked: Mapping[str, Iterable[str]] | None = None,
    top: str = "chip",
) -> tuple[Path, ...]:
    """Write the sources of a chip with protection into `folder` and return them all.

    `registers` names for each block those to keep three times, `checked` those with a parity, which
    make module `top` raise its new output `alarm`; `memories` are the blocks whose memories are
    corrected. CircuitError for a block that the chip does not have.
    """
    chosen = {block: tuple(names) for block, names in registers.items()}
    parities = {block: tuple(names) for block, names in (checked or {}).items() if names}
    corrected = set(memories)
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sources}
    touched = {*chosen, *parities, *corrected}
    if absent := sorted(touched - set(texts)):
        raise CircuitError(f"the chip has no block {', '.join(absent)}")
    written = dict(texts)
    for block in touched:
        written[block] = hardened(
            texts[block], chosen.get(block, ()), block in corrected, parities.get(block, ())
        )
    for path in blocks(TRIPLED, CORRECTED, *([CHECKED] if parities else [])):
        written.setdefault(path.stem, path.read_text(encoding="utf-8"))
    if parities:
        written = wired(written, (CHECKED,), top)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in written.items():
        (folder / f"{name}.sv").write_text(text, encoding="utf-8")
    return tuple(sorted(folder / f"{name}.sv" for name in written))
