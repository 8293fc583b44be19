"""Writes anew what the pages show, outputs and tables: `python -m docs.refresh [PAGE ...]`.

An output that still matches, `...` included, stays as it is. Read the difference before you commit.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shutil
import sys
import tempfile
import traceback
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

from tests.test_docs import FENCE, OPTIONS, PAGES, ROOT, run

PLAIN = {str: "text", int: "integer", float: "number", bool: "flag", type(None): "null"}
# what `--json` prints, in the order of the page; what they hold follows
DOCUMENTS = (
    "Estimate",
    "Explore",
    "Map",
    "Quantize",
    "Model",
    "Hardware",
    "NumberFormat",
    "List",
    "Generate",
    "Simulate",
    "Synthesize",
    "Program",
    "Inject",
    "Harden",
)
TABLES = re.compile(r"(?<=^<!-- tables -->\n\n).*(?=\n<!-- end -->$)", re.MULTILINE | re.DOTALL)


def python_outputs(text: str) -> str:
    """Return a page whose doctests show what they print."""
    lines = text.split("\n")
    done, at, names = [], 0, {"__name__": "__main__"}
    for example in doctest.DocTestParser().get_examples(text):
        start = example.lineno + example.source.count("\n")
        end = start + example.want.count("\n")
        printed = _printed(example.source, names)
        done += lines[at:start]
        if doctest.OutputChecker().check_output(example.want, printed, OPTIONS):
            done += lines[start:end]
        else:
            done += [line or "<BLANKLINE>" for line in printed.splitlines()]
        at = end
    return "\n".join(done + lines[at:])


def _printed(source: str, names: dict[str, object]) -> str:
    output = io.StringIO()
    try:
        with contextlib.redirect_stdout(output):
            exec(compile(source, "<page>", "single"), names)  # noqa: S102 our own pages
    except Exception as error:  # noqa: BLE001 an error is what the example shows
        last = "".join(traceback.format_exception_only(error))
        return f"Traceback (most recent call last):\n    ...\n{last}"
    return output.getvalue()


def console_outputs(text: str) -> str:
    """Return a page whose commands show what they print, run in a folder with the examples."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        for path in (ROOT / "examples").glob("*"):
            shutil.copy(path, folder)
        os.chdir(folder)
        try:
            return FENCE.sub(lambda m: _console(m[2]) if m[1] == "console" else m[0], text)
        finally:
            os.chdir(here)


def _console(block: str) -> str:
    head, *parts = re.split(r"^\$ ", block, flags=re.MULTILINE)
    done = [head]
    for part in parts:
        whole = re.match(r"(?:.*\\\n)*.*\n", part)
        command = whole[0] if whole else part
        shown = part[len(command) :]
        if command.startswith("cosynth ") and shown:
            printed, _ = run(command.replace("\\\n", " "))
            if not doctest.OutputChecker().check_output(shown, printed, OPTIONS):
                shown = re.sub(r"(evaluations in )[\d.]+ \w+", r"\1...", printed)
        done.append(f"$ {command}{shown}")
    return f"```console\n{''.join(done)}```"


def contract_tables() -> str:
    """Return every table of the contract of `--json`, as Markdown."""
    from cosynth.report import (
        contract,
        contract_circuit,
        contract_faults,
        contract_mapping,
        contract_quantize,
    )

    known = vars(contract) | vars(contract_mapping) | vars(contract_quantize)
    known |= vars(contract_circuit) | vars(contract_faults)
    tables = {name: known[f"{name}Data"] for name in DOCUMENTS}
    pending = list(tables.values())
    while pending:
        for found in _tables_in(get_type_hints(pending.pop(0), include_extras=True).values()):
            name = found.__name__.removesuffix("Data")
            if name not in tables:
                tables[name] = found
                pending.append(found)
    lines = []
    for name, table in tables.items():
        lines += [f"## {name}", "", (table.__doc__ or "").strip(), ""]
        lines += ["| key | type | meaning |", "|---|---|---|"]
        for key, hint in get_type_hints(table, include_extras=True).items():
            kind, meaning = _said(hint)
            lines.append(f"| `{key}` | {kind} | {meaning} |")
        lines.append("")
    return "\n".join(lines)


def _tables_in(hints: object) -> Iterator[type]:
    for hint in hints:  # type: ignore[attr-defined]
        if is_typeddict(hint):
            yield hint
        yield from _tables_in(arg for arg in get_args(hint) if not isinstance(arg, str))


def _said(hint: object) -> tuple[str, str]:
    """Type and meaning of a key."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is NotRequired:
        kind, meaning = _said(arguments[0])
        return kind, "; ".join(filter(None, (meaning, "only where it applies")))
    if origin is Annotated:
        return _said(arguments[0])[0], arguments[1]
    if origin is list:
        return f"list of {_said(arguments[0])[0]}", ""
    if origin is dict:
        return f"table of {_said(arguments[1])[0]}", ""
    if origin in {Union, types.UnionType}:
        return " or ".join(_said(each)[0] for each in arguments), ""
    if is_typeddict(hint):
        name = hint.__name__.removesuffix("Data")  # type: ignore[attr-defined]
        return f"[{name}](#{name.lower()})", ""
    return PLAIN[hint], ""  # type: ignore[index]


def format_table() -> str:
    """Return all number formats with their layout, range, rule and price, as Markdown."""
    from cosynth import format  # noqa: A004 one of our nouns

    heads = ("name", "kind", "stored", "element", "smallest", "largest", "scale", "rule", "unit")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for name in format.names():
        one = format.known(name)
        layout = f"e{one.exponent}m{one.mantissa}" if one.kind == "float" else f"{one.element_bits}"
        scale = f"{one.scale_bits} for {one.block or 'all'}" if one.scale_bits else ""
        smallest, largest = (f"{magnitude:.4g}" for magnitude in one.reach)
        rule = one.rule if one.scale else ""
        gates = format.mac_gates(one, one)
        lines.append(
            f"| `{name}` | {one.kind} | {one.bits:g} | {layout} | {smallest} | {largest} |"
            f" {scale} | {rule} | {gates:,.0f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Refresh the named pages, or all."""
    tables = {"json.md": contract_tables, "formats.md": format_table}
    wanted = [Path(name).resolve() for name in sys.argv[1:]] or PAGES
    for page in wanted:
        before = page.read_text(encoding="utf-8")
        text = console_outputs(python_outputs(before))
        if page.name in tables:
            text = TABLES.sub(lambda _, name=page.name: tables[name](), text)
        if text != before:
            page.write_text(text, encoding="utf-8")
            print(f"refreshed {page.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
