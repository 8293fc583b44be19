"""Writes the reference pages from the code: `python -m docs.reference.make`."""

from __future__ import annotations

from pathlib import Path


def catalogue() -> str:
    """All models, devices, families, formats and optimisers, as Markdown."""
    from cosynth import format, hardware, search  # noqa: A004 one of our nouns
    from cosynth.hardware import families
    from cosynth.workload import zoo

    lines = ["# Catalogue", "", "Written by `python -m docs.reference.make` from the code.", ""]
    lines += ["## Models", "", "| name | multiply-accumulates | parameters |", "|---|---|---|"]
    for name in zoo.names():
        model = zoo.load(name)
        lines.append(f"| `{name}` | {model.operations:,} | {model.parameters:,} |")
    lines += ["", "## Hardware", "", "| name | what it is |", "|---|---|"]
    lines += [f"| `{name}` | {hardware.load(name).title} |" for name in hardware.names()]
    lines += ["", "## Families", "", "| name | parameters |", "|---|---|"]
    lines += [
        f"| `{name}` | {', '.join(families.arguments(name))} |" for name in families.families()
    ]
    lines += ["", "## Formats", "", "| name | kind | bits per element |", "|---|---|---|"]
    for name in format.names():
        known = format.known(name)
        lines.append(f"| `{name}` | {known.kind} | {known.bits:g} |")
    lines += ["", "## Optimisers", "", "| name | |", "|---|---|"]
    for name in search.optimisers():
        module = __import__(f"cosynth.search.optimisers.{name}", fromlist=["*"])
        lines.append(f"| `{name}` | {(module.__doc__ or '').splitlines()[0]} |")
    return "\n".join(lines) + "\n"


def commands() -> str:
    """The help of every verb, as Markdown."""
    from click.testing import CliRunner

    from cosynth.cli import verbs

    lines = ["# Commands", "", "Written by `python -m docs.reference.make` from the code.", ""]
    for verb in sorted(verbs.list_commands(None)):
        shown = CliRunner().invoke(verbs, [verb, "--help"], terminal_width=80, prog_name="cosynth")
        lines += [f"## `cosynth {verb}`", "", "```text", shown.output.rstrip(), "```", ""]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    here = Path(__file__).parent
    (here / "catalogue.md").write_text(catalogue())
    (here / "commands.md").write_text(commands())
