"""Whatever a file holds, readers give a workload or one of the package's own errors."""

from __future__ import annotations

import importlib.util
import random
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cosynth.errors import CosynthError
from cosynth.workload import parse, zoo
from cosynth.workload.readers import onnx, toml

BENCH = Path(__file__).resolve().parents[3] / "bench/fuzz.py"


def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_fuzz", BENCH)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


FUZZ = bench()
ONNX = list(FUZZ.shipped())
TOML = list(FUZZ.toml_seeds())


def problem(function, *arguments) -> str:
    """The message of the package's own error; empty where there is none."""
    try:
        function(*arguments)
    except CosynthError as error:
        return str(error) or "an error without words"
    return ""


def readable(read, path: Path, content: bytes) -> bool:
    path.write_bytes(content)
    start = time.process_time()
    said = problem(read, path)
    assert time.process_time() - start < 5
    assert said != "an error without words"
    return not said


@pytest.mark.parametrize("seed", range(4))
def test_onnx_files_with_damaged_bytes(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    for _ in range(60):
        readable(onnx.read, tmp_path / "m.onnx", FUZZ.damaged(draw.choice(ONNX), draw))


@pytest.mark.parametrize("seed", range(4))
def test_onnx_files_with_exchanged_parts(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    for _ in range(60):
        readable(onnx.read, tmp_path / "m.onnx", FUZZ.structured(draw.choice(ONNX), draw))


@pytest.mark.parametrize("seed", range(4))
def test_toml_files_with_damaged_bytes(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    for _ in range(25):
        readable(toml.read, tmp_path / "m.toml", FUZZ.damaged(draw.choice(TOML), draw))


def test_the_undamaged_files_are_readable(tmp_path: Path) -> None:
    assert all(readable(toml.read, tmp_path / "m.toml", content) for content in TOML)
    read = [readable(onnx.read, tmp_path / "m.onnx", content) for content in ONNX]
    assert sum(read) > 100


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 5000,
        "x = " + "9" * 5000,
        "[[tensor]]\n" * 5000,
        "name = 'a'\ntensor = 3\neinsum = 4",
        "name = 'a'\n[[tensor]]\nname='x'\nshape=[99999999999999999999]\nrole='input'",
        "name = 'a'\n[[einsum]]\ntext='y[a] = " + "(" * 3000 + "'\nbounds={}",
        "\x00",
    ],
)
def test_absurd_toml(text: str, tmp_path: Path) -> None:
    assert not readable(toml.read, tmp_path / "m.toml", text.encode())


def test_long_chains_of_views(tmp_path: Path) -> None:
    chain = [{"name": "v0", "shape": [4], "role": "input"}]
    for at in range(1, 1200):
        chain.append({"name": f"v{at}", "shape": [4], "role": "input", "view_of": [f"v{at - 1}"]})
    last = {"text": "y[c] = v1199[c]", "bounds": {"c": 4}}
    chain.append({"name": "y", "shape": [4], "role": "output"})
    content = tomli_w.dumps({"name": "chain", "tensor": chain, "einsum": [last]})
    assert readable(toml.read, tmp_path / "m.toml", content.encode())


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
keys = st.sampled_from(
    ["name", "shape", "role", "format", "repeat", "view_of", "text", "bounds", "operator", "odd"]
)
tables = st.dictionaries(keys, values, max_size=6)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(tables, max_size=3), st.lists(tables, max_size=3))
def test_toml_tables_of_any_content(tensors: list[object], einsums: list[object]) -> None:
    tables = {"name": "x", "tensor": tensors, "einsum": einsums}
    said = problem(toml.from_tables, tables, "file")
    assert not said or "file" in said


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.text(alphabet="yxW[]()+-*/%,={}.019pqmaxexp \n`~é", max_size=40))
def test_statements_of_any_characters(text: str) -> None:
    said = problem(parse, text, {"p": 4, "q": 3, "m": 2})
    assert not said or text in said


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(alphabet="@:,abdehilmnprst0189- ", max_size=30))
def test_requests_of_any_characters(text: str) -> None:
    said = problem(zoo.parse_request, text)
    assert not said or "options: prefill" in said
