"""Workload files: what is written reads back, and every mistake is told at once."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from cosynth.errors import SpecError
from cosynth.workload import zoo
from cosynth.workload.readers import toml

NET = """
name = "net"

[[tensor]]
name = "x"
shape = [4, 6]
role = "input"

[[tensor]]
name = "w"
shape = [6, 3]
role = "weight"
format = "int8"

[[tensor]]
name = "y"
shape = [4, 3]
role = "output"

[[einsum]]
text = "y[m,n] += x[m,k] * w[k,n]"
bounds = { m = 4, n = 3, k = 6 }
operator = "MatMul"
"""


def test_a_file_written_by_hand_is_read(tmp_path: Path) -> None:
    path = tmp_path / "net.toml"
    path.write_text(NET)
    net = toml.read(path)
    assert (net.operations, net.parameters, net.tensor("w").format) == (72, 18, "int8")


@pytest.mark.parametrize("name", ["resnet18", "alexnet-caffe", "unet", "dlrm", "gpt2", "vit-b-16"])
def test_every_model_of_the_zoo_reads_back_as_itself(name: str, tmp_path: Path) -> None:
    model = zoo.load(name)
    path = tmp_path / "net.toml"
    path.write_text(toml.write(model), encoding="utf-8")
    assert replace(toml.read(path), source=model.source) == model


def test_the_schema_accepts_what_is_written() -> None:
    jsonschema.validate(tomllib.loads(toml.write(zoo.load("resnet8"))), toml.json_schema())


def test_the_schema_refuses_an_unknown_key() -> None:
    wrong = tomllib.loads(NET) | {"nam": 1}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, toml.json_schema())


def said(text: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        toml.from_tables(tomllib.loads(text), "net.toml")
    return list(caught.value.problems)


def test_all_mistakes_are_told_at_once_wrong() -> None:
    text = NET.replace('role = "input"', 'rol = "input"').replace("[6, 3]", "[6, -3]")
    text = text.replace("k = 6", "k = 0").replace('name = "net"', "")
    assert said(text) == [
        "net.toml: name: required, absent (what the model is called)",
        "net.toml: tensor[0].rol: unknown key; did you mean 'role'?",
        "net.toml: tensor[0].role: required, absent (what it is to the model)",
        "net.toml: tensor[1].shape: expected a list of whole numbers, got [6, -3]",
        "net.toml: einsum[0].bounds.k: expected a whole number from 1, got 0",
    ]


def test_a_mistake_in_a_statement_points_at_its_column_wrong() -> None:
    assert said(NET.replace('w[k,n]"', 'w[k,z]"')) == [
        "net.toml: einsum[0].text: column 24: rank 'z' has no size\n"
        "  y[m,n] += x[m,k] * w[k,z]\n"
        "                         ^",
    ]


def test_an_inconsistent_graph_names_the_file_wrong() -> None:
    assert said(NET.replace("shape = [4, 6]", "shape = [4]")) == [
        "net.toml: net: y: x[m,k] has 2 dimensions, 'x' has 1"
    ]


def test_a_table_in_place_of_a_list_is_refused_wrong() -> None:
    assert said("name = 'n'\ntensor = {}\neinsum = []") == [
        "net.toml: tensor: expected a list of tables, written [[tensor]]"
    ]
