"""Programs of layers: listed as they were assembled, and told when they are none."""

import jsonschema
import numpy as np
import pytest
from rich.console import Console

from cosynth.errors import SpecError
from cosynth.report.program import program_data
from cosynth.report.schema import schema
from cosynth.report.terminal.program import program_view
from cosynth.rtl.instructions import Assembler, Command, encode


@pytest.fixture
def path(tmp_path):
    assembler = Assembler()
    for turns in (4, 5):
        assembler.add(Command(unit="fill", turns=(turns, 2), gives=2))
    assembler.add(Command(unit="load", turns=(3,), bases=(0, 7), strides=((8,), (2,)),
                          extras=(16,), takes=1))  # fmt: skip
    assembler.end()
    file = tmp_path / "layer.bin"
    file.write_bytes(encode(assembler.program).astype("<u8").tobytes())
    return file


def test_every_word_is_listed_and_counted(path):
    data = program_data(path)
    jsonschema.validate(data, schema("program"))
    assert data["words"] == len(data["listing"]) == path.stat().st_size // 8
    assert {one["unit"]: one["commands"] for one in data["units"]} == {"load": 1, "fill": 2}
    assert sum(one["words"] for one in data["units"]) == data["words"] - 1
    assert data["listing"][-1] == "end"
    console = Console(width=80, record=True, file=None)
    with console.capture() as said:
        console.print(program_view(data))
    assert "local.base = 7" in said.get()
    assert "Program of" in said.get()


def test_what_is_no_program_wrong(tmp_path):
    file = tmp_path / "x.bin"
    for data, said in (
        (b"", "0 bytes; a program has words of 8 bytes"),
        (b"abc", "3 bytes"),
        (np.full(2, 2**64 - 1, dtype=np.uint64).tobytes(), "not a circuit's program: word 0"),
    ):
        file.write_bytes(data)
        with pytest.raises(SpecError, match=said):
            program_data(file)
