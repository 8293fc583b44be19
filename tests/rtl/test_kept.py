import os
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from cosynth.errors import CircuitError
from cosynth.rtl.kept import RECENT, cache_folder, evict, found, kept, key


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


def made(folder, size):
    (folder / "data").write_bytes(bytes(size))


def filled(name, size, age):
    """Keep `size` bytes that were used `age` seconds ago."""
    folder = kept("kind", name, lambda folder: made(folder, size))
    before = time.time() - age
    os.utime(folder, (before, before))
    return folder


def names():
    return {path.name for path in (cache_folder() / "kind").iterdir()}


def test_what_was_used_least_recently_goes_first():
    for name, age in (("new", 2), ("oldest", 5), ("old", 3)):
        filled(name, 1000, age * RECENT)
    assert evict(2500) == 2000
    assert names() == {"new", "old"}
    assert found("kind", "old")  # which is a use
    assert evict(1500) == 1000
    assert names() == {"old"}


def test_what_was_used_just_now_stays():
    filled("now", 1000, RECENT / 2)
    filled("before", 1000, RECENT * 2)
    assert evict(0) == 1000
    assert names() == {"now"}


def test_what_is_open_can_be_used_on():
    folder = filled("data", 1000, RECENT * 2)
    with (folder / "data").open("rb") as file:
        assert evict(0) == 0
        assert len(file.read()) == 1000
    assert not folder.exists()


def test_making_one_more_keeps_to_the_limit(monkeypatch):
    monkeypatch.setenv("COSYNTH_CACHE", "1500")
    filled("first", 1000, 2 * RECENT)
    filled("second", 1000, 0)
    assert names() == {"second"}


@pytest.mark.parametrize("text", ["much", "-1", "nan"])
def test_a_limit_that_is_no_size_wrong(monkeypatch, text):
    monkeypatch.setenv("COSYNTH_CACHE", text)
    with pytest.raises(CircuitError, match=f"COSYNTH_CACHE={text}: give bytes that may be kept"):
        filled("first", 1, 0)
