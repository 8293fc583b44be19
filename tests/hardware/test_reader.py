"""Hardware files: every mistake at once, each with its path; and nothing else escapes."""

from __future__ import annotations

import tomllib
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosynth.errors import CosynthError, SpecError
from cosynth.hardware import Memory, SpatialArray, build, json_schema, names, read, write

from .cases import ODD, device_file, hardware_cases

SMALL = """
name = "small"
technology = "28 nm"
frequency = "1 GHz"
assumed = ["dram.law"]
[[component]]
kind = "memory"
name = "dram"
law = "dram:lpddr4"
bandwidth = "4 GB/s"
[[component]]
kind = "memory"
name = "buffer"
size = "64 KiB"
read_bandwidth = "16 B/cycle"
[[component]]
kind = "array"
name = "pe"
dimensions = [{ name = "x", size = 4, multicast = ["input"], ranks = ["channel"] }]
[[component]]
kind = "compute"
name = "mac"
rates = { int8 = 1, int4 = 2 }
"""


def wrong(text: str) -> str:
    """The message for a file of this text."""
    with pytest.raises(SpecError) as caught:
        build(tomllib.loads(text), "chip.toml")
    return str(caught.value)


def test_numbers_are_read_in_si() -> None:
    chip = build(tomllib.loads(SMALL), "chip.toml")
    buffer = chip.component("buffer")
    assert isinstance(buffer, Memory)
    assert (buffer.size, buffer.read_bandwidth) == (65536, 16e9)
    assert chip.technology == pytest.approx(28e-9)
    assert [node.under for node in chip.nodes] == [None, "dram", "buffer", "pe"]
    assert chip.engines[0].compute.rates == (("int8", 1.0), ("int4", 2.0))


def test_bandwidth_stands_for_both_directions() -> None:
    dram = build(tomllib.loads(SMALL), "chip.toml").component("dram")
    assert isinstance(dram, Memory)
    assert dram.read_bandwidth == dram.write_bandwidth == 4e9


def test_all_mistakes_of_a_file_are_told_at_once_wrong() -> None:
    text = (
        SMALL.replace('"1 GHz"', '"1 GB"')
        .replace('size = "64 KiB"', 'sise = "64 KiB"')
        .replace("dram:lpddr4", "dram:lpdr4")
        .replace("size = 4,", "size = 0,")
        .replace("int4 = 2", "imt4 = 2")
    )
    lines = wrong(text).splitlines()
    assert lines[0].startswith("chip.toml: frequency: '1 GB': 'GB' is no unit of frequency; use Hz")
    assert (
        lines[1:]
        == [
            "chip.toml: component[0].law: unknown law 'dram:lpdr4'; did you mean 'dram:lpddr4'?",
            "chip.toml: component[1].sise: unknown key; did you mean 'size'?",
            "chip.toml: component[2].dimensions[0].size: 0 must be at least 1",
            "chip.toml: component[3].rates.imt4: unknown format; did you mean 'int4'?",
        ]
        or len(lines) >= 5
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('kind = "array"', 'kind = "aray"'),
         "component[2].kind: expected one of memory, array, link, compute, got 'aray'; "
         "did you mean 'array'?"),
        (('name = "buffer"', 'name = "dram"'), "component[1].name: 'dram' is taken"),
        (('technology = "28 nm"\n', ""), "technology: required, absent (process node)"),
        (('"28 nm"', '"-28 nm"'), "technology: -2.8e-08 must be more than 0"),
        (('"28 nm"', '"nan nm"'), "technology: 'nan nm' is not a quantity"),
        (('"28 nm"', "28"), "technology: 28 has no unit; write for example"),
        (('"4 GB/s"', '"fast"'), "component[0].bandwidth: 'fast' is not a quantity"),
        (('"4 GB/s"', "4"), "component[0].bandwidth: expected a text, got a number (4)"),
        (('"64 KiB"', '"0 KiB"'), "component[1].size: 0 must be more than 0"),
        (('size = "64 KiB"\n', ""),
         "component[1].size: required, absent: the sram law needs it"),
        (('["input"]', '["inputs"]'),
         "component[2].dimensions[0].multicast: 'inputs' is not one of input, weight; "
         "did you mean 'input'?"),
        (('["channel"]', '["chanel"]'),
         "dimension 'x': unknown kind of rank 'chanel'; did you mean 'channel'?"),
        (('{ name = "x", size = 4,', '{ name = "x", size = 4.5,'),
         "component[2].dimensions[0].size: expected a whole number, got a number (4.5)"),
        (("rates = { int8 = 1, int4 = 2 }", "rates = { int8 = -1 }"),
         "component[3].rates.int8: expected a number above 0, got -1"),
        (('name = "mac"', 'name = "mac"\nunit = "lokup"'),
         "component[3].unit: 'lokup' is not one of multiplier, decoded, lookup, serial, mux; "
         "did you mean 'lookup'?"),
        (('name = "mac"', 'name = "mac"\ndoes = "vector"\nunit = "mux"'),
         "component[3].unit: 'mux' multiplies and adds; a vector unit has none: leave it out"),
        (('assumed = ["dram.law"]', 'assumed = ["drum.law"]'),
         "assumed: 'drum.law' names no component and no key; did you mean 'dram'?"),
        (('name = "mac"', 'name = "mac"\nunder = "bufer"'),
         "component[3].under: no component 'bufer' above; did you mean 'buffer'?"),
        (('kind = "memory"\nname = "dram"\nlaw = "dram:lpddr4"\nbandwidth = "4 GB/s"',
          'kind = "link"\nname = "dram"'), "component[0]: the root must be a memory"),
        (('[[component]]\nkind = "compute"\nname = "mac"\nrates = { int8 = 1, int4 = 2 }\n', ""),
         "component 'pe': a branch must end in a compute unit"),
    ],
)  # fmt: skip
def test_mistake_is_told_with_its_path_wrong(change: tuple[str, str], message: str) -> None:
    old, new = change
    assert old in SMALL
    assert message in wrong(SMALL.replace(old, new, 1))


def test_nothing_hangs_under_a_compute_unit_wrong() -> None:
    text = SMALL + '[[component]]\nkind = "compute"\nname = "more"\nunder = "mac"\n'
    assert "component 'mac': nothing can hang under a compute unit" in wrong(text)


def test_dimension_defined_twice_wrong() -> None:
    twice = '[{ name = "x", size = 4 }, { name = "x", size = 2 }]'
    text = SMALL.replace(
        '[{ name = "x", size = 4, multicast = ["input"], ranks = ["channel"] }]', twice
    )
    assert "array dimension 'x' is defined twice" in wrong(text)


def test_file_without_components_wrong() -> None:
    text = 'name = "x"\ntechnology = "7 nm"\nfrequency = "1 GHz"\n'
    assert "component: expected at least one [[component]] table" in wrong(text)


def test_absent_file_wrong(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"no\.toml: no such file"):
        read(tmp_path / "no.toml")


def test_broken_toml_wrong(tmp_path: Path) -> None:
    path = tmp_path / "chip.toml"
    path.write_text("name = ")
    with pytest.raises(SpecError, match=r"chip\.toml: not valid TOML: Invalid value"):
        read(path)


def test_whether_operands_may_pass_by_is_read() -> None:
    plain = build(tomllib.loads(SMALL), "chip.toml").engines[0]
    assert [memory.bypass for memory in plain.memories] == [True, True]
    text = SMALL.replace('size = "64 KiB"', 'size = "64 KiB"\nbypass = false')
    strict = build(tomllib.loads(text), "chip.toml").engines[0]
    assert [memory.bypass for memory in strict.memories] == [True, False]
    SCHEMA.validate(tomllib.loads(text))


def test_bypass_that_is_no_flag_wrong() -> None:
    text = SMALL.replace('size = "64 KiB"', 'size = "64 KiB"\nbypass = "no"')
    assert "component[1].bypass" in wrong(text)
    assert not SCHEMA.is_valid(tomllib.loads(text))


SCHEMA = jsonschema.Draft202012Validator(json_schema())


def test_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("name", names())
def test_schema_accepts_every_device(name: str) -> None:
    SCHEMA.validate(tomllib.loads(device_file(name).decode()))


@pytest.mark.parametrize("name", names())
def test_schema_accepts_what_is_written(name: str) -> None:
    from cosynth.hardware import load

    SCHEMA.validate(tomllib.loads(write(load(name))))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('kind = "array"', 'kind = "aray"'),
        ('size = "64 KiB"', 'sise = "64 KiB"'),
        ('size = "64 KiB"', "size = 64"),
        ("size = 4,", "size = 0,"),
        ('["input"]', '["inputs"]'),
        ("int8 = 1", "int8 = 0"),
        ('name = "small"', ""),
        ('frequency = "1 GHz"', "frequency = 1e9"),
    ],
)
def test_schema_rejects_what_the_reader_rejects(old: str, new: str) -> None:
    text = SMALL.replace(old, new, 1)
    assert not SCHEMA.is_valid(tomllib.loads(text))
    assert wrong(text)


def _survives(data: bytes, path: Path) -> None:
    """Reading gives hardware that can be written again, or one of our errors."""
    path.write_bytes(data)
    try:
        chip = read(path)
    except CosynthError:
        return
    again = build(tomllib.loads(write(chip)), "again")
    assert [node.component.name for node in again.nodes] == [
        node.component.name for node in chip.nodes
    ]


def test_damaged_files_raise_only_our_errors(tmp_path: Path) -> None:
    for case in hardware_cases(seed=1, count=400):
        _survives(case, tmp_path / "case.toml")


@pytest.mark.slow  # about 20 s
def test_many_damaged_files_raise_only_our_errors(tmp_path: Path) -> None:
    for case in hardware_cases(seed=2, count=10_000):
        _survives(case, tmp_path / "case.toml")


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(ODD)
)
tables = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["name", "kind", "size", "dimensions", "rates", "under", "x"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=8,
)
KEYS = (
    "name", "technology", "frequency", "component", "kind", "size", "law", "bandwidth", "width",
    "keeps", "dimensions", "rates", "unit", "under", "sources", "assumed", "voltage", "length",
    "does",
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), tables, max_size=6), st.data())
def test_any_tables_raise_only_our_errors(extra: dict[str, object], data: st.DataObject) -> None:
    whole = tomllib.loads(SMALL)
    at = data.draw(st.integers(-1, len(whole["component"]) - 1))
    (whole if at < 0 else whole["component"][at]).update(extra)
    try:
        chip = build(whole, "chip")
    except CosynthError:
        return
    assert isinstance(chip.nodes[0].component, Memory)
    assert all(
        d.size >= 1
        for n in chip.nodes
        if isinstance(n.component, SpatialArray)
        for d in n.component.dimensions
    )
