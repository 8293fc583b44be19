"""A circuit made into a shared library that simulates it: Verilator, then a C++ compiler."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cosynth.errors import CircuitError
from cosynth.rtl.kept import kept, key, read_file
from cosynth.rtl.tools import Tool, compiler, verilator

# waveforms: none, in the standard's text, or in GTKWave's compact form, which needs zlib
Trace = Literal["", "vcd", "fst"]

HARNESSES = Path(__file__).parent / "harness"
LITERAL = HARNESSES / "literal"
LIBRARY = "model.so"
MODEL = HARNESSES / "model.cpp"
_COMMON = tuple(HARNESSES / name for name in ("block.cpp", "stops.cpp", "model.h"))
# random where nothing was assigned, so that a forgotten reset shows; assertions are checked
_VERILATOR = ("--cc", "--assert", "--x-initial", "unique", "--x-assign", "unique", "-Wno-fatal")
_CPLUSPLUS = ("-std=gnu++20", "-fPIC", "-DVM_COVERAGE=0", "-DVM_SC=0")
# the harness throws where Verilator's runtime would end the process
_OURS = ("-DVL_USER_FINISH", "-DVL_USER_STOP", "-DVL_USER_FATAL")
_OPTIMISE = "-O1"  # -O2 and -O3 gain 5 to 8 % on small models and lose as much on large ones
_PORT = re.compile(r"VL_(IN|OUT|INOUT)(?:8|16|64|W)?\(&(\w+),(\d+),(\d+)(?:,\d+)?\);")
_ANY_PORT = re.compile(r"^\s*VL_(?:IN|OUT|INOUT)(?:8|16|64|W)?\(", re.MULTILINE)
_OBJECT = re.compile(r"^ +(Vmodel_\w+) +(TOP\w*);", re.MULTILINE)
_MEMBER = re.compile(
    r"^ +(?:VlUnpacked<)*(?:([CSIQ])Data|VlWide<(\d+)>)/\*\d+:\d+\*/(?:, \d+>)* (\w+);",
    re.MULTILINE,
)
_BYTES = {"C": 1, "S": 2, "I": 4, "Q": 8}
_HAS = ("-x", "c++", "-fsyntax-only", os.devnull, "-include")  # and a header
# below, one call of the compiler for all files costs less than one for each: headers dominate
_SMALL = 300_000  # bytes of generated C++


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A port of a module; `bits` wide."""

    name: str
    bits: int
    input: bool


def build(
    sources: Sequence[Path],
    top: str,
    parameters: Mapping[str, int] | None = None,
    harness: Path = MODEL,
    trace: Trace = "",
) -> Path:
    """Return a shared library of module `top` and a harness that drives it, built or kept.

    A harness other than ours is C++ that includes `Vmodel.h` (the class `Vmodel`) and, if it likes,
    `ports.h`. A traced model runs at half the speed. CircuitError with the tool's words if the
    sources are wrong.
    """
    given = parameters or {}
    texts = [read_file(path) for path in sources]
    name = key(
        *texts,
        top,
        repr(sorted(given.items())),
        harness.read_bytes(),
        *(path.read_bytes() for path in sorted(harness.parent.glob("*.hpp"))),
        *(path.read_bytes() for path in _COMMON),
        str(_SMALL),
        trace,
        *_recipe(),
    )

    def make(folder: Path) -> None:
        model = folder / "cpp"
        verilate(sources, top, given, model, (f"--trace-{trace}",) if trace else ())
        write_ports(model, top)
        write_state(model)
        _compile(model, harness, trace, folder / LIBRARY)
        shutil.rmtree(model)  # up to a hundred times what is kept

    return kept("models", name, make) / LIBRARY


def verilate(
    sources: Sequence[Path],
    top: str,
    parameters: Mapping[str, int],
    folder: Path,
    options: Sequence[str] = (),
) -> None:
    """Write the C++ of module `top` into `folder`."""
    said = verilator().run(
        [
            *_VERILATOR,
            *options,
            *("--top-module", top, "--prefix", "Vmodel", "--Mdir", folder),
            *(f"-G{name}={value}" for name, value in sorted(parameters.items())),
            *(path.resolve() for path in sources),
        ]
    )
    said.checked(f"read module {top}")


def read_ports(header: str, top: str) -> tuple[Port, ...]:
    """Return the ports that `Vmodel.h` declares; CircuitError for kinds that are not driven."""
    found = _PORT.findall(header)
    if len(found) != len(_ANY_PORT.findall(header)):
        raise CircuitError(
            f"module {top}: a port is an unpacked array; use packed vectors at ports"
        )
    for direction, name, _, _ in found:
        if direction == "INOUT":
            raise CircuitError(f"module {top}: port {name} is an inout; split it in two")
    return tuple(
        Port(name=name, bits=int(high) - int(low) + 1, input=direction == "IN")
        for direction, name, high, low in found
    )


def write_ports(folder: Path, top: str) -> None:
    """Write `ports.h` beside `Vmodel.h`: the table of ports as a macro over a macro."""
    ports = read_ports((folder / "Vmodel.h").read_text(), top)
    lines = [f"port({port.name}, {port.bits}, {int(port.input)})" for port in ports]
    text = " \\\n  ".join(["#define COSYNTH_PORTS(port)", *lines])
    (folder / "ports.h").write_text(f"{text}\n")


def write_state(folder: Path) -> None:
    """Write `state.h` beside `Vmodel.h`: what holds the model's values, as macros over a macro.

    `COSYNTH_INSTANCES` lists (class, object) and `COSYNTH_MEMBERS` (class, member, bytes of an
    element): arrays have an element after the other, each from its lowest byte.
    """
    objects = _OBJECT.findall((folder / "Vmodel__Syms.h").read_text())
    members = [
        (kind, name, str(_BYTES.get(letter, 0) or 4 * int(words)))
        for kind in dict.fromkeys(kind for kind, _ in objects)
        for letter, words, name in _MEMBER.findall((folder / f"{kind}.h").read_text())
    ]
    text = ""
    for macro, rows in (("COSYNTH_INSTANCES", objects), ("COSYNTH_MEMBERS", members)):
        lines = [f"one({', '.join(row)})" for row in rows]
        text += " \\\n  ".join([f"#define {macro}(one)", *lines]) + "\n"
    (folder / "state.h").write_text(text)


def _recipe() -> tuple[str, ...]:
    """What else the result hangs on: tools and flags."""
    one, two = verilator(), compiler()
    flags = (*_VERILATOR, *_CPLUSPLUS, *_OURS, _OPTIMISE)
    return (one.version, " ".join(two.command), two.version, *flags, *(_native() if _zig() else ()))


def _zig() -> bool:
    """The compiler of ziglang makes code for this very machine."""
    return "ziglang" in compiler().command


def _native() -> tuple[str, ...]:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        text = os.uname().version
    return tuple(sorted(set(re.findall(r"^(?:flags|Features)\s*:(.*)$", text, re.MULTILINE))))


def _flags() -> list[str]:
    root = _include()
    return [*_CPLUSPLUS, *_OURS, f"-I{root}", f"-I{root / 'vltstd'}", f"-I{HARNESSES}"]


def _include() -> Path:
    return Path(verilator().environment["VERILATOR_ROOT"]) / "include"


def runtime() -> Path:
    """Return the folder of what all models share: objects, and headers compiled beforehand.

    The header is most of what a small model costs: 1.3 s of compilation without, 0.3 s with.
    """
    files = [_include() / "verilated.cpp", _include() / "verilated_threads.cpp", *_COMMON[:2]]

    def make(folder: Path) -> None:
        header = folder / "runtime.h"
        header.write_text('#include "model.h"\n')
        jobs: list[list[str | Path]] = []
        # clang's names the folder it was made in, which is then moved
        if "clang" not in compiler().version:
            jobs.append([_OPTIMISE, "-x", "c++-header", header, "-o", folder / "runtime.h.gch"])
        jobs += [[_OPTIMISE, "-c", path, "-o", folder / f"{path.stem}.o"] for path in files]
        run_together([[*_flags(), *job] for job in jobs], "build Verilator's runtime")

    return kept("runtime", key(*(path.read_bytes() for path in _COMMON), *_recipe()), make)


def _writer(trace: Trace) -> Path:
    """Return the object that writes waveforms."""
    if trace == "fst" and not _has("zlib.h"):
        raise CircuitError(
            "FST waveforms need zlib with its header (Debian: zlib1g-dev); install it, or give "
            "the file a name that ends in .vcd"
        )
    name = f"verilated_{trace}_c"
    # without lz4 what it would compress is written as it is, in its format
    literal = trace == "fst" and not _has("lz4.h")
    own = (f"-I{LITERAL}",) if literal else ()

    def make(folder: Path) -> None:
        source, target = _include() / f"{name}.cpp", folder / f"{name}.o"
        run_together([[*_flags(), *own, _OPTIMISE, "-c", source, "-o", target]], f"build {name}")

    parts = (name, read_file(LITERAL / "lz4.h")) if literal else (name,)
    return kept("runtime", key(*parts, *_recipe()), make) / f"{name}.o"


def _has(header: str) -> bool:
    return not compiler().run((*_HAS, header)).status


def _compile(model: Path, harness: Path, trace: Trace, library: Path) -> None:
    files = sorted(model.glob("*.cpp"))
    ready, writer = runtime(), (_writer(trace),) if trace else ()
    kinds = {
        "VM_TRACE": bool(trace),
        "VM_TRACE_VCD": trace == "vcd",
        "VM_TRACE_FST": trace == "fst",
    }
    # after the compiled header, which must not know them
    defined = model / "waves.h"
    defined.write_text("".join(f"#define {name} {int(on)}\n" for name, on in kinds.items()))
    headers = ("-include", ready / "runtime.h", "-include", defined)
    flags: list[str | Path] = [*_flags(), f"-I{model}", *headers]
    if sum(path.stat().st_size for path in files) < _SMALL:
        whole = model / "whole.cpp"
        whole.write_text("".join(f'#include "{path}"\n' for path in (*files, harness.resolve())))
        units = [(whole, _OPTIMISE)]
    else:
        # what runs once is not worth optimising, but at another level the header counts anew
        units = [(path, "-O0" if _slow(path) else _OPTIMISE) for path in files]
        units.append((harness, _OPTIMISE))
    objects = [model / f"{path.stem}.o" for path, _ in units]
    jobs: list[list[str | Path]] = [
        [*flags, level, "-c", path, "-o", to]
        for (path, level), to in zip(units, objects, strict=True)
    ]
    run_together(jobs, f"compile the model of {harness.name}")
    # the driver of block.cpp serves our own harness alone
    common = [
        path for path in sorted(ready.glob("*.o")) if harness == MODEL or path.stem != "block"
    ]
    link: list[str | Path] = [
        *objects,
        *common,
        *writer,
        "-lpthread",
        *(("-lz", *(("-llz4",) if _has("lz4.h") else ())) if trace == "fst" else ()),
    ]
    compiler().run(["-shared", "-o", library, *link]).checked("link the model")


def _slow(path: Path) -> bool:
    return "__Slow" in path.stem and path.stat().st_size > _SMALL


def run_together(jobs: Sequence[Sequence[str | Path]], what: str) -> None:
    """Run the compiler on each list of arguments, as many at a time as there are cores."""
    from concurrent.futures import ThreadPoolExecutor

    tool: Tool = compiler()
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for said in pool.map(tool.run, jobs):
            said.checked(what)
