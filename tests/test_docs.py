"""What the documents show is true: commands are run, diffs applied, tables compared with the code.

Python examples in Markdown are doctests and are collected by pytest itself.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)#:]+)(?:#[^)]*)?\)")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str) -> list[str]:
    found = FENCE.findall(page.read_text(encoding="utf-8"))
    return [text for kind, text in found if kind == language]


@dataclass(frozen=True)
class Example:
    """A command line, and what the page says it prints (nothing: not shown)."""

    command: str
    shown: str


def examples(page: Path) -> list[Example]:
    """Every `$ cosynth ...` line of a page, in order, with the lines below it."""
    found = []
    for block in blocks(page, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.replace("\\\n", " ").partition("\n")
            if command.startswith("cosynth "):
                found.append(Example(command, shown))
    return found


def run(command: str) -> tuple[str, int]:
    """Output of a command line, errors included, and its exit code."""
    from cosynth.cli import call

    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        code = call(shlex.split(command)[1:])
    return output.getvalue(), code


def expected_code(shown: str) -> int:
    words = {"error:": 2, "infeasible:": 3}
    return words.get(shown.split(" ", maxsplit=1)[0], 0)


@pytest.mark.parametrize("page", [page for page in PAGES if examples(page)], ids=named)
def test_commands_print_what_the_page_shows(page, tmp_path, monkeypatch):
    for path in (ROOT / "examples").glob("*"):
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    for example in examples(page):
        output, code = run(example.command)
        assert code == expected_code(example.shown), f"$ {example.command}\n{output}"
        if example.shown:
            same = doctest.OutputChecker().check_output(example.shown, output, OPTIONS)
            assert same, f"$ {example.command}\nshown:\n{example.shown}\nprinted:\n{output}"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_between_pages_lead_somewhere(page):
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{named(page)} links to {target}"


def applied(diff: str, folder: Path) -> Path:
    """Write the new file of a diff below a folder; its hunk must have as many lines as it says."""
    head, *lines = diff.splitlines()[1:]
    path = folder / PurePosixPath(head.removeprefix("+++ b/"))
    hunk = re.fullmatch(r"@@ -0,0 \+1,(\d+) @@", lines.pop(0))
    assert diff.startswith("--- /dev/null\n+++ b/"), "a diff that adds a file"
    assert hunk, "one hunk"
    assert len(lines) == int(hunk[1])
    assert all(line.startswith("+") for line in lines)
    assert not path.exists(), f"{path} is there already"
    path.write_text("".join(f"{line[1:]}\n" for line in lines), encoding="utf-8")
    return path


CHECK = """
from cosynth import hardware
from cosynth.search import optimisers
from cosynth.workload import zoo
chip = hardware.load("my-chip")
print(chip.path("mac")[-1].name, zoo.load("lenet5").parameters, "climb" in optimisers())
from cosynth.codesign import estimate
print(estimate(zoo.load("lenet5"), chip).limit != "")
"""


def test_the_diffs_of_the_contributing_page_work(tmp_path):
    """A device, a model and an optimiser are one file each; the suite is inherited."""
    shutil.copytree(
        ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
    )
    (tmp_path / "tests" / "search" / "optimisers").mkdir(parents=True)
    (tmp_path / "tests" / "workload" / "zoo").mkdir(parents=True)
    paths = [applied(diff, tmp_path) for diff in blocks(ROOT / "CONTRIBUTING.md", "diff")]
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "src")}

    def python(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert python("-c", CHECK).split() == ["mac", "61706", "True", "True"]
    tests = [str(path) for path in paths if path.name.startswith("test_")]
    assert len(tests) == 2
    python("-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, *tests)


def test_the_tables_of_the_pages_are_those_of_the_code():
    from docs.refresh import contract_tables, format_table

    hint = "run `python -m docs.refresh docs/json.md docs/formats.md`"
    assert contract_tables() in (DOCS / "json.md").read_text(encoding="utf-8"), hint
    assert format_table() in (DOCS / "formats.md").read_text(encoding="utf-8"), hint


NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def test_the_pictures_of_formats_show_what_the_code_says():
    from docs.images.formats import FOLDER, PICTURES

    for name, draw in PICTURES.items():
        kept, drawn = (FOLDER / name).read_text(encoding="utf-8"), draw()
        hint = f"{name}: run `python -m docs.images.formats`"
        assert NUMBER.sub("", kept) == NUMBER.sub("", drawn), hint
        # the last digit may differ where logarithms do
        pairs = zip(NUMBER.findall(kept), NUMBER.findall(drawn), strict=True)
        assert all(abs(float(a) - float(b)) < 0.5 for a, b in pairs), hint


def test_every_page_is_reached_from_the_index():
    reached = set()
    pending = [DOCS / "index.md"]
    while pending:
        page = pending.pop()
        reached.add(page.relative_to(DOCS).as_posix())
        for block in re.findall(
            r"^```\{toctree\}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL
        ):
            for line in block.splitlines():
                if line and not line.startswith(":"):
                    pending += [p for p in page.parent.glob(f"{line}.md") if p not in pending]
    pages = {p.relative_to(DOCS).as_posix() for p in DOCS.rglob("*.md") if "_build" not in p.parts}
    assert pages - reached == set()


def test_every_lesson_is_a_doctest():
    lessons = sorted((DOCS / "lessons").glob("*.md"))
    assert [path.name[:2] for path in lessons] == [f"{n + 1:02}" for n in range(len(lessons))]
    parser = doctest.DocTestParser()
    assert all(len(parser.get_examples(path.read_text())) > 5 for path in lessons)


def test_the_changelog_fragments_have_a_kind():
    fragments = [p for p in (ROOT / "changelog.d").glob("*.md") if p.name != "README.md"]
    assert fragments
    for path in fragments:
        assert re.fullmatch(r"[\w-]+\.(added|changed|removed|fixed)\.md", path.name), path.name
