"""What a person types is read, or refused with what would be right."""

from __future__ import annotations

import pytest

from cosynth.cli._inputs import budget, chip, dimensions, mappings, model
from cosynth.errors import CosynthError, MappingError, SpecError

from .conftest import MODEL


@pytest.mark.parametrize("text", ["", "0", "ten", "-5", "10 parsecs", "nan", "0s", "1e999s"])
def test_a_budget_is_evaluations_or_a_time_wrong(text):
    with pytest.raises(SpecError) as caught:
        budget(text)
    hint = "write evaluations as 2000, or a time as 90s or 10min"
    assert str(caught.value) == f"--budget {text!r}: {hint}"


def test_a_budget_may_have_separators():
    assert budget("2,000").evaluations == budget("2_000").evaluations == 2000
    assert (budget("90s").seconds, budget("1 h").seconds) == (90, 3600)


@pytest.mark.parametrize("text", ["batch", "batch=0", "batch=-1", "batch=two", "=3"])
def test_a_dimension_is_a_name_and_a_size_wrong(text):
    with pytest.raises(SpecError) as caught:
        dimensions([text])
    assert str(caught.value) == f"--dim {text!r}: write for example batch=8"


def test_a_dimension_stands_once_wrong():
    with pytest.raises(SpecError, match="--dim: 'n' is given twice"):
        dimensions(["n=1", "n=2"])


def test_batch_joins_the_options_of_a_model():
    one = model("resnet8", {})
    assert model("resnet8", {}, 4).operations == 4 * one.operations
    assert model("gpt2@decode:64", {}, 2).operations > model("gpt2@decode:64", {}).operations


def test_batch_grows_a_file(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(MODEL)
    assert model(str(path), {}, 16).operations == 2 * model(str(path), {}).operations


def test_a_folder_is_no_hardware_wrong(tmp_path):
    with pytest.raises(SpecError, match=r"a folder; give a \.toml or a design"):
        chip(str(tmp_path))


def test_nests_are_read_one_after_another(tmp_path):
    path = tmp_path / "nests.txt"
    nest = "a on mac\n  dram: keeps x\n    for m in 2 steps of 1\n"
    path.write_text(f"# by hand\n{nest}\n{nest.replace('a on', 'b on')}")
    found = mappings(path)
    assert list(found) == ["a", "b"]
    assert found["b"].levels[0].keep == ("x",)


def test_a_mistake_in_a_nest_has_the_line_of_the_file_wrong(tmp_path):
    path = tmp_path / "nests.txt"
    path.write_text("\na on mac\n  dram: keeps x\n    walk m\n")
    with pytest.raises(MappingError, match=r"nests.txt: line 4: expected"):
        mappings(path)


def test_a_file_without_nests_wrong(tmp_path):
    path = tmp_path / "nests.txt"
    path.write_text("nothing\n")
    with pytest.raises(SpecError, match="no line such as 'conv1 on mac' begins a mapping"):
        mappings(path)


def test_all_refusals_are_ours(tmp_path):
    for name in ["", "x.json", "y.toml", "../z.toml", "eyeris"]:
        with pytest.raises(CosynthError):
            chip(name)
