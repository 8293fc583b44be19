"""An environment for each rival, and its worker run there: CPU seconds and what it printed."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
# in front of the lines of a worker that are results
MARK = "@@"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A package that another environment holds; `least` is the oldest Python that runs it."""

    folder: str
    package: str
    version: str
    least: tuple[int, int]
    also: tuple[str, ...] = ()


ACCELFORGE = Tool(folder="af", package="accelforge", version="1.0.467", least=(3, 12))
# it imports six without saying so
ZIGZAG = Tool(folder="zz", package="zigzag-dse", version="3.9.1", least=(3, 11), also=("six",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one tool may use for one problem: CPU seconds, and bytes of address space."""

    seconds: float
    memory: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a worker did: its results in order, CPU seconds of it and its children, and its end."""

    results: tuple[dict[str, object], ...]
    cpu: float
    timed_out: bool
    error: str = ""


def python_of(tool: Tool, folder: Path) -> Path:
    """The interpreter of a tool's environment, which is made if it is not there."""
    home = folder / tool.folder
    python = home / "bin" / "python"
    if python.exists() and _installed(python, tool) == tool.version:
        return python
    print(f"making {home} with {tool.package} {tool.version}", flush=True)
    subprocess.run([_interpreter(tool), "-m", "venv", str(home)], check=True)
    wanted = [f"{tool.package}=={tool.version}", *tool.also]
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", *wanted], check=True)
    return python


def _installed(python: Path, tool: Tool) -> str:
    code = f"import importlib.metadata as m; print(m.version({tool.package!r}))"
    found = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False)
    return found.stdout.strip()


def _interpreter(tool: Tool) -> str:
    """This Python if it is new enough, else a newer one on the path."""
    if sys.version_info[:2] >= tool.least:
        return sys.executable
    for minor in range(tool.least[1], tool.least[1] + 4):
        found = shutil.which(f"python3.{minor}")
        if found and subprocess.run([found, "-c", ""], check=False).returncode == 0:
            return found
    wanted = ".".join(str(number) for number in tool.least)
    raise SystemExit(f"{tool.package} {tool.version} needs Python {wanted} or newer on the path")


def run(command: Sequence[str], given: object, limits: Limits) -> Outcome:
    """Run a worker on a file with `given` as JSON, with one thread and within limits."""
    single = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "given.json"
        path.write_text(json.dumps(given))
        out, problems = Path(folder) / "out", Path(folder) / "errors"
        with out.open("w") as stdout, problems.open("w") as stderr:
            worker = subprocess.Popen(
                [*command, str(path)],
                stdout=stdout,
                stderr=stderr,
                cwd=folder,
                env=os.environ | single,
                start_new_session=True,
            )
            time, memory = int(limits.seconds) + 1, int(limits.memory)
            resource.prlimit(worker.pid, resource.RLIMIT_CPU, (time, time))
            resource.prlimit(worker.pid, resource.RLIMIT_AS, (memory, memory))
            try:
                # others may share the machine
                worker.wait(limits.seconds * 4)
            except subprocess.TimeoutExpired:
                os.killpg(worker.pid, signal.SIGKILL)
                worker.wait()
        lines = out.read_text().splitlines()
        said = problems.read_text().strip().splitlines()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    timed_out = worker.returncode in {-signal.SIGKILL, -signal.SIGXCPU}
    failed = worker.returncode != 0 and not timed_out
    return Outcome(
        results=tuple(json.loads(line[len(MARK) :]) for line in lines if line.startswith(MARK)),
        cpu=cpu,
        timed_out=timed_out,
        error=_reason(said, worker.returncode) if failed else "",
    )


def _reason(said: Sequence[str], code: int) -> str:
    """The line of a traceback that says what happened."""
    raised = [line for line in said if line[:1].isalpha() and ": " in line[:120]]
    named = [line for line in raised if "Error" in line.split(":")[0] or "Exception" in line]
    if any("MemoryError" in line for line in said):
        return "out of memory"
    return (named or raised or [f"ended with {code}"])[-1][:300]
