"""The validation page: its numbers are the bench's, and the comparison keeps its quality."""

from __future__ import annotations

import re

import pytest
from bench import validation

from cosynth.hardware import load

PAGE = validation.PAGE.read_text(encoding="utf-8")


def stated(case: str) -> list[str]:
    """Cells of a line of the page."""
    *_, line = re.findall(rf"^\| {re.escape(case)} \|(.*)\|$", PAGE, flags=re.MULTILINE)
    return [cell.strip() for cell in line.split("|")]


def cells(rows: list[validation.Row]) -> list[str]:
    """Cells of the line that the bench makes."""
    return [cell.strip() for cell in validation.table(rows).splitlines()[-1].split("|")[2:-1]]


def number(text: str) -> float:
    return float(text.strip("*%+"))


def assert_stated(case: str, rows: list[validation.Row]) -> None:
    """Estimates on the page are those of today, to two hundredths."""
    for told, found in zip(stated(case), cells(rows), strict=True):
        assert number(told) == pytest.approx(number(found), rel=0.02, abs=2), case


@pytest.mark.parametrize("units", [2048, 256])
def test_page_tells_what_the_bench_finds_for_nvdla(units: int) -> None:
    assert_stated(f"{units} units", validation.nvdla_rows([units]))


@pytest.mark.parametrize("name", ["MLP0", "CNN0"])
def test_page_tells_what_the_bench_finds_for_tpu(name: str) -> None:
    assert_stated(name, validation.tpu_rows([name]))


@pytest.mark.slow  # about 30 s
@pytest.mark.parametrize("name", list(validation.TABLES))
def test_every_line_of_the_page_is_the_benchs(name: str) -> None:
    rows = validation.TABLES[name]()
    for case in dict.fromkeys(row.case for row in rows):
        assert_stated(case, [row for row in rows if row.case == case])


def test_nvdla_frames_stay_near_the_vendors() -> None:
    rows = [row for row in validation.nvdla_rows([2048, 512]) if row.figure == "frames"]
    assert all(abs(row.error) < 0.25 for row in rows)


def test_estimates_never_beat_the_roofline() -> None:
    for name in ("MLP1", "LSTM0"):
        measured, roofline = validation.tpu_rows([name])
        assert measured.estimated <= roofline.estimated * (1 + 1e-9)
        assert abs(roofline.error) < 0.02


@pytest.mark.parametrize(
    ("name", "weights", "per_byte"),
    [("MLP0", 20e6, 200), ("MLP1", 5e6, 168), ("LSTM0", 52e6, 64), ("LSTM1", 34e6, 96),
     ("CNN0", 8e6, 2888), ("CNN1", 100e6, 1750)],
)  # fmt: skip
def test_rebuilt_applications_match_the_papers_table(
    name: str, weights: float, per_byte: float
) -> None:
    network = validation.TPU[name].build()
    assert network.parameters == pytest.approx(weights, rel=0.03)
    assert network.operations / network.parameters == pytest.approx(per_byte, rel=0.03)


@pytest.mark.parametrize(
    ("name", "layers", "dense"),
    [("MLP0", 5, 5), ("MLP1", 4, 4), ("LSTM0", 58, 24), ("LSTM1", 56, 37), ("CNN0", 16, 0)],
)
def test_rebuilt_applications_have_the_papers_layers(name: str, layers: int, dense: int) -> None:
    network = validation.TPU[name].build()
    products = [einsum for einsum in network.einsums if einsum.contraction]
    vectors = [einsum for einsum in network.einsums if einsum.output.tensor.startswith("v")]
    assert len(products) + len(vectors) == layers
    assert sum(einsum.operator == "Linear" for einsum in products) == dense


def test_the_chips_own_mapping_is_legal_and_uses_the_published_elements() -> None:
    """Active elements in the paper: 154, 135, 156, 156, 156."""
    from cosynth.codesign.estimate import prepare
    from cosynth.format import assignment
    from cosynth.mapping import problems, traffic
    from cosynth.workload.load import load as model

    chip = load("eyeriss")
    network = model("alexnet-caffe@batch:4")
    jobs = {job.name: job for job in prepare(network, assignment("int16")).jobs}
    lanes = []
    for name, shape in validation.SHAPES.items():
        job, engine = jobs[name], chip.engines[0]
        mapping = validation.row_stationary(job, shape, chip)
        assert problems(job.einsum, job.workload, mapping, engine) == ()
        lanes.append(int(traffic(job.einsum, job.workload, mapping, engine).lanes))
    # conv2 folds 27 rows into two of 14, of which one element of five stays idle
    assert lanes == [154, 140, 156, 156, 156]


def test_a_row_errs_relative_to_what_was_published() -> None:
    row = validation.Row(case="x", figure="y", unit="z", published=10.0, estimated=12.0)
    assert row.error == pytest.approx(0.2)


def test_tables_are_put_between_their_comments() -> None:
    page = "a\n<!-- table: x -->\nold\n<!-- end: x -->\nb"
    assert validation.written(page, "x", "new") == page.replace("old", "new")
