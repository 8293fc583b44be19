import pytest
from tests.rtl.modules import module

from cosynth.rtl import parts
from cosynth.rtl.liberty import OWN
from cosynth.rtl.parts import Module, Recipe, flattened, modules

RECIPE = Recipe(liberty=OWN, booth=True, macros=("sram_1r1w",))
CHIP = [*module("chip"), *module("multiply"), *module("sram_1r1w")]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    # not by the environment: the synthesiser keeps its own program there, a minute of work
    monkeypatch.setattr("cosynth.rtl.kept.cache_folder", lambda: tmp_path)


@pytest.fixture
def runs(monkeypatch):
    """The commands of every run of the synthesiser."""
    seen = []
    real = parts.run
    monkeypatch.setattr(
        parts, "run", lambda commands, *rest: (seen.append(commands), real(commands, *rest))[1]
    )
    return seen


def test_a_module_is_the_same_alone_and_in_a_chip(runs):
    chip = modules(CHIP, "chip", {}, RECIPE)
    (inside,) = (one for one in chip.values() if one.name == "multiply")
    alone = modules(module("multiply"), "multiply", inside.parameters, RECIPE)["multiply"]
    assert alone == inside
    assert chip["chip"].macros == {("sram_1r1w", (("D", 16), ("W", 8))): 2}


def test_what_is_kept_is_not_made_again(runs):
    first = modules(CHIP, "chip", {}, RECIPE)
    assert len(runs) == 2
    assert modules(CHIP, "chip", {}, RECIPE) == first
    assert len(runs) == 3  # only to see which modules there are


def test_a_change_of_one_module_makes_only_that_again(runs, tmp_path):
    first = modules(CHIP, "chip", {}, RECIPE)
    text = module("multiply")[0].read_text()
    changed = tmp_path / "multiply.sv"
    changed.write_text(text.replace("x[lane] * y", "x[lane] + y"))
    second = modules([module("chip")[0], changed, *module("sram_1r1w")], "chip", {}, RECIPE)
    small, large = (
        next(m for m in each.values() if m.name == "multiply") for each in (second, first)
    )
    assert sum(small.kinds.values()) < sum(large.kinds.values())
    assert second["chip"] == first["chip"]


def test_flat_is_one_module():
    found = flattened(CHIP, "chip", {}, RECIPE)
    assert list(found) == ["chip"]
    assert isinstance(found["chip"], Module)
    assert found == flattened(CHIP, "chip", {}, RECIPE)
