"""Results say which Cosynth made them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError

from cosynth.report import version as room


def test_the_version_is_that_of_the_package():
    assert room.version()[0].isdigit()


def test_a_bare_source_tree_has_none(monkeypatch):
    def absent(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(room, "installed", absent)
    room.version.cache_clear()
    assert room.version() == "unknown"
    monkeypatch.undo()
    room.version.cache_clear()
