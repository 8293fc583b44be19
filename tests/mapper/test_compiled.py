"""Compiled functions are kept by the content of their sources."""

from __future__ import annotations

import ast
from pathlib import Path

from cosynth.mapper import compiled
from cosynth.mapper.compiled import allocating, cache_folder, cold


def test_a_compiled_function_computes_what_it_says():
    @compiled.compiled
    def sum_of(a: int, b: int) -> int:
        return a + b

    @allocating
    def double(a: float) -> float:
        return 2.0 * a

    assert sum_of.py_func(2, 3) == sum_of(2, 3) == 5
    assert double(1.5) == 3.0


def test_the_folder_is_named_after_the_sources(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    before = cache_folder()
    cache_folder.cache_clear()
    after = cache_folder()
    cache_folder.cache_clear()
    assert after.parent == tmp_path / "cosynth"
    assert after.name == before.name


def test_every_module_that_is_compiled_is_among_the_sources():
    """A change of a function that is compiled into others must not meet an old cache."""
    room = Path(compiled.__file__).parent
    known = {path.resolve() for path in compiled.sources()}
    for path in room.glob("*.py"):
        names = {
            node.id
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Name) and node.id in {"compiled", "allocating"}
        }
        if names and path.name != "compiled.py":
            assert path.resolve() in known, path.name


def test_an_empty_folder_is_cold_and_a_used_one_is_not(monkeypatch, tmp_path):
    monkeypatch.setattr(compiled, "cache_folder", lambda: tmp_path)
    assert cold()
    (tmp_path / "walk-1.py311.nbi").touch()
    assert not cold()
