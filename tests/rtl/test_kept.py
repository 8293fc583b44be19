from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from cosynth.rtl.kept import cache_folder, kept, key


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_what_is_kept_is_made_once():
    made = []

    def make(folder):
        made.append(folder)
        (folder / "text").write_text("x")

    assert kept("kind", "name", make) == kept("kind", "name", make)
    assert len(made) == 1
    assert (cache_folder() / "kind" / "name" / "text").read_text() == "x"


def test_what_fails_leaves_nothing():
    def make(folder):
        (folder / "half").write_text("x")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        kept("kind", "name", make)
    assert list((cache_folder() / "kind").iterdir()) == []


def test_of_two_that_race_one_wins_and_both_get_it():
    meet = Barrier(2)

    def make(folder):
        (folder / "text").write_text("x")
        meet.wait(10)

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(lambda _: kept("kind", "name", make), range(2))
    assert one == two
    assert [path.name for path in one.parent.iterdir()] == ["name"]


def test_a_cache_that_cannot_be_written_is_replaced(tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "t"))
    assert cache_folder().is_relative_to(tmp_path / "t")


def test_keys_tell_where_parts_end():
    assert key("ab", "c") != key("a", "bc")
    assert key("ab", b"c") == key(b"ab", "c")
