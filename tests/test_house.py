"""The house keeps its order: mirrors, public names, documentation, dependencies, sizes."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "cosynth"
TESTS = ROOT / "tests"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
MODULES = sorted(
    path
    for path in SOURCE.rglob("*.py")
    if not path.stem.startswith("_") and "assets" not in path.parts
)
ROOMS = sorted(path.parent.name for path in SOURCE.glob("*/__init__.py"))
MOST_LINES = 400
# folders whose members are found by file; the tests of such a folder run over all of them
FAMILIES = ("workload/zoo", "workload/readers/onnx", "search/optimisers")


def named(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def mirrored(path: Path) -> bool:
    """A module has a test file that begins with its name, or its folder has one (a family)."""
    folder = TESTS / path.relative_to(SOURCE).parent
    first = path.stem.split("_")[0]
    own = (
        folder.glob(f"test_{path.stem}*.py"),
        folder.parent.glob(f"test_{path.stem}*.py"),
        folder.glob(f"test_{first}.py"),
    )
    family = folder.parent.glob(f"test_{folder.name}*.py")
    if path.relative_to(SOURCE).parent.as_posix() in FAMILIES:
        family = folder.glob("test_*.py")
    return any(list(found) for found in (*own, family))


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_every_module_has_a_mirror(path):
    assert mirrored(path), f"{named(path)}: no tests/{named(path.parent)}/test_{path.stem}.py"


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=named)
def test_every_module_says_what_it_is_and_stays_small(path):
    text = path.read_text()
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), f"{named(path)}: no docstring"
    assert len(text.splitlines()) <= MOST_LINES, f"{named(path)}: more than {MOST_LINES} lines"
    assert path.stem not in {"utils", "helpers", "common", "misc"}


def public_names() -> str:
    lines = []
    for room in ROOMS:
        module = import_module(f"cosynth.{room}")
        lines += [f"{room}.{name}" for name in sorted(getattr(module, "__all__", ()))]
    return "\n".join(lines) + "\n"


def test_public_names_change_on_purpose():
    """`python -m tests.test_house` writes the snapshot anew."""
    assert (TESTS / "public_names.txt").read_text() == public_names()


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_says_why_it_is_so(room):
    if room in {"cli", "testing"}:
        return
    assert (ROOT / "docs" / "rationale" / f"{room}.md").is_file()


def test_every_name_of_the_catalogue_is_documented():
    from docs.reference.make import catalogue, commands

    folder = ROOT / "docs" / "reference"
    hint = "run `python -m docs.reference.make`"
    assert (folder / "catalogue.md").read_text() == catalogue(), hint
    assert (folder / "commands.md").read_text() == commands(), hint


def test_the_source_imports_only_what_the_project_declares():
    # a distribution and the module it installs differ in name
    declared = {"google"}
    extras = ("jax", "torch", "nsga2", "dask", "quantize", "rtl")
    requirements = list(PROJECT["project"]["dependencies"])
    for extra in extras:
        requirements += PROJECT["project"]["optional-dependencies"][extra]
    for requirement in requirements:
        declared.add(re.split(r"[<>=\[ ]", requirement)[0].replace("-", "_").lower())
    allowed = declared | set(sys.stdlib_module_names) | {"cosynth"}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            for name in names:
                top = name.split(".")[0]
                assert top in allowed, f"{named(path)} imports {top}, which is not declared"


def test_growth_is_by_file():
    """As many entries as files: nothing is registered by hand."""
    from cosynth.format import names as formats
    from cosynth.hardware import names as hardware
    from cosynth.search import optimisers

    assert len(hardware()) == len(list((SOURCE / "hardware" / "devices").glob("*.toml")))
    assert len(formats()) == len(list((SOURCE / "format" / "table").glob("*.toml")))
    files = [p for p in (SOURCE / "search" / "optimisers").glob("*.py") if p.stem != "__init__"]
    assert len(optimisers()) == len(files)


if __name__ == "__main__":
    (TESTS / "public_names.txt").write_text(public_names())
