"""Models as rows and blocks."""

from __future__ import annotations

from dataclasses import replace

import jsonschema
import pytest

from cosynth.report.network import Row, blocks, model_data, rows
from cosynth.report.schema import schema
from cosynth.workload.load import load

ROW = Row(
    name="a", operators=("Conv",), shape=(1,), operations=1, vector_operations=2, parameters=3,
    repeat=1, key="a",
)  # fmt: skip


def sequence(keys: str) -> list[Row]:
    return [replace(ROW, name=f"{key}{at}", key=key) for at, key in enumerate(keys)]


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ("", []),
        ("abc", [(1, "abc")]),
        ("aaa", [(3, "a")]),
        ("ababab", [(3, "ab")]),
        ("xababy", [(1, "x"), (2, "ab"), (1, "y")]),
        ("aabaab", [(2, "aab")]),
        ("abcabd", [(1, "abcabd")]),
        ("xaaxaa", [(2, "xaa")]),
    ],
)
def test_what_repeats_is_condensed(keys, found):
    made = blocks(sequence(keys))
    assert [(each.times, "".join(row.key for row in each.rows)) for each in made] == found


def test_a_block_sums_its_copies():
    (block,) = blocks(sequence("ababab"))
    assert [row.operations for row in block.rows] == [3, 3]
    assert [row.parameters for row in block.rows] == [9, 9]
    assert [row.name for row in block.rows] == ["a0", "b1"]


def test_copies_of_the_model_itself_are_one_block():
    made = blocks([ROW, replace(ROW, repeat=16), replace(ROW, repeat=16, key="b"), ROW])
    assert [each.times for each in made] == [1, 16, 1]


MODELS = ["resnet18", "mobilenetv2", "llama-3.2-1b", "bert-base", "dlrm", "mixtral-8x7b", "resnet8"]


@pytest.mark.parametrize("name", MODELS)
def test_rows_sum_to_the_model(name):
    model = load(name)
    data = model_data(model)
    jsonschema.validate(data, schema("model"))
    layers = [layer for block in data["blocks"] for layer in block["layers"]]
    for key in ("operations", "vector_operations", "parameters"):
        assert sum(layer[key] for layer in layers) == data[key]


def test_the_steps_of_one_operator_are_one_row():
    found = [row.operators for row in rows(load("resnet8"))]
    assert found.count(("Softmax",)) == 1
    names = [row.name for row in rows(load("llama-3.2-1b"))]
    assert "layers.mixer.norm" in names
    assert "layers.mixer.norm.squares" not in names


def test_what_is_applied_to_an_output_stands_with_it():
    assert rows(load("resnet18"))[0].operators == ("Conv", "BatchNormalization", "Relu")
