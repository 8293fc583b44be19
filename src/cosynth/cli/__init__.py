"""The command line: verbs only, no arithmetic. Each file here that has no underscore is a verb."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules

import click

from cosynth.cli._errors import EXIT_INTERRUPTED, EXIT_PIPE, explain
from cosynth.errors import did_you_mean


class Verbs(click.Group):
    """The verbs, found by their files and imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 as click calls it
        """Return the names of all verbs."""
        return sorted(each.name for each in iter_modules(__path__) if each.name[0] != "_")

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a verb, or None."""
        if name not in self.list_commands(ctx):
            return None
        found = import_module(f"{__name__}.{name}").command
        assert isinstance(found, click.Command)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb that was typed; a usage error names the nearest."""
        verbs = self.list_commands(ctx)
        if args and args[0] not in verbs and not args[0].startswith("-"):
            near = did_you_mean(args[0], verbs) or f"; known: {', '.join(verbs)}"
            raise click.UsageError(f"no verb {args[0]!r}{near}", ctx)
        return super().resolve_command(ctx, args)


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from cosynth.report.version import version

        click.echo(f"cosynth {version()}")
        ctx.exit()


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version,
    help="Print the version.",
)  # fmt: skip
def verbs() -> None:
    """From a model file to the best chip, mapping and number format, with evidence.

    \b
    cosynth show resnet18                       what is in a model
    cosynth estimate resnet18 --on eyeriss      what it costs on a chip
    cosynth explore resnet18 --minimize latency,energy,area --out out
    """  # noqa: D301 click reads the mark


def call(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code; every error is one message on stderr."""
    try:
        # not list(arguments): here `list` is a verb, once it has been imported
        given = [*arguments] or ["--help"]
        # not verbs.main: that has an opinion on interrupts and broken pipes
        with verbs.make_context("cosynth", given) as context:
            verbs.invoke(context)
        sys.stdout.flush()
    except BrokenPipeError:
        # what is read no further is written to nowhere, also when Python flushes at its end
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_PIPE
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        return EXIT_INTERRUPTED
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except Exception as error:  # noqa: BLE001 a person gets a sentence, whatever happened
        message, code = explain(error)
        with contextlib.suppress(OSError):
            click.echo(message, err=True)
        return code
    return 0


def main() -> None:
    """Entry point of the `cosynth` command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(
                errors="replace"
            )  # a terminal that lacks µ or ² still shows the rest
    if "_COSYNTH_COMPLETE" in os.environ:  # a shell asks how a word may go on
        verbs.main(prog_name="cosynth")
    sys.exit(call(sys.argv[1:]))
