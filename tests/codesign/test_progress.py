"""Progress of one stage among many."""

from cosynth.codesign.progress import stage


def test_a_stage_is_heard_by_its_name():
    heard = []
    hear = stage("mapping", lambda *what: heard.append(what))
    hear(1, 3)
    assert heard == [("mapping", 1, 3)]


def test_nobody_hears_of_a_stage_if_nobody_listens():
    assert stage("mapping", None) is None
