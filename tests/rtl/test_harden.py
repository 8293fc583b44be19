"""Protection written into blocks: they do what they did, and a flip no longer shows."""

import numpy as np
import pytest

from cosynth.errors import CircuitError
from cosynth.rtl.drive import Block
from cosynth.rtl.equal import equal_readings
from cosynth.rtl.harden import checkable, harden, hardened
from cosynth.rtl.lint import lint
from cosynth.rtl.source import sources
from cosynth.rtl.state import assigned, state
from cosynth.rtl.synthesise import synthesise

SIZES = {"WIDTH": 6, "DEPTH": 3}
EVERY = {"fifo": ("entries", "free", "head", "tail")}


@pytest.fixture(scope="module")
def protected(tmp_path_factory):
    return harden(sources("fifo"), EVERY, (), tmp_path_factory.mktemp("fifo"))


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checked")
    return harden(sources("fifo"), {}, (), folder, checked=EVERY, top="fifo")


@pytest.mark.parametrize("kind", ["protected", "checked"])
def test_the_same_comes_out_cycle_by_cycle(kind, request):
    protected = request.getfixturevalue(kind)
    seed = 5
    rng = np.random.default_rng(seed)
    cycles = 3000
    stimulus = {
        "in_valid": rng.integers(0, 2, cycles),
        "out_ready": rng.integers(0, 2, cycles),
        "in_data": rng.integers(0, 64, cycles),
        "rst": rng.random(cycles) < 0.01,
    }
    runs = [Block.open(each, "fifo", SIZES).run(stimulus) for each in (sources("fifo"), protected)]
    shown = runs[0]["out_valid"].astype(bool)
    assert shown.mean() > 0.3
    for name, values in runs[0].items():
        same = runs[1][name] == values
        # without a beat the data is whatever an entry holds
        assert "alarm" not in runs[1] or not runs[1]["alarm"][2:].any()
        assert (same | ~shown).all() if name == "out_data" else same.all(), f"{name}, seed {seed}"


@pytest.mark.slow
def test_no_tool_finds_fault(protected, checked):
    assert lint(protected, "fifo", SIZES) == ()
    assert lint(checked, "fifo", SIZES) == ()
    for block, sizes in (
        ("tripled", {"WIDTH": 5}), ("checked", {"WIDTH": 5}), ("hamming", {"PART": 8, "CHECK": 4}),
        ("sram_corrected", {"WIDTH": 24, "DEPTH": 8, "MASKS": 3}),
    ):  # fmt: skip
        assert lint(sources(block), block, sizes) == ()
        assert equal_readings(sources(block), block, sizes).verdict == "equal"


def test_every_bit_is_there_three_times(protected):
    plain, kept = (state(each, "fifo", SIZES) for each in (sources("fifo"), protected))
    count = sum(len(one.bits) for one in plain.registers)
    assert sum(len(one.bits) for one in kept.registers) == 3 * count
    assert {one.name for one in kept.registers} == set(EVERY["fifo"])
    assert {one.module for one in kept.registers} == {"fifo"}
    assert synthesise(protected, "fifo", SIZES).flip_flops == 3 * count


def test_a_parity_is_one_bit_more_for_each_register(checked):
    plain, kept = (state(each, "fifo", SIZES) for each in (sources("fifo"), checked))
    bits = {one.name: len(one.bits) for one in plain.registers}
    found = {one.name: len(one.bits) for one in kept.registers}
    assert found == {"alarmed": 1} | {name: count + 1 for name, count in bits.items()}
    assert {one.module for one in kept.registers} == {"fifo"}


def test_the_text_stays_readable():
    text = hardened((sources("fifo")[0]).read_text(), ["head"])
    assert "tripled #(.WIDTH(POINTER)) head_tripled (.clk, .d(head_next), .q(head));" in text
    assert "    head_next = head;\n" in text
    assert "      if (pop)\n        head_next = head == LAST ? '0 : head + 1'b1;\n" in text
    assert "tail <= '0;" in text
    assert "head <=" not in text


def test_every_register_of_every_block_can_be_taken_out():
    for path in sources("chip"):
        text = path.read_text()
        if path.stem != "sram_1r1w":
            done = hardened(text, assigned(text), memories=True)
            assert assigned(done) == ()
            assert done.count("_tripled (.clk") >= len(assigned(text))


def test_memories_are_named_anew_and_their_own_module_is_not():
    text = {path.stem: path.read_text() for path in sources("queue")}
    assert "sram_corrected #(.WIDTH(WIDTH)" in hardened(text["queue"], (), memories=True)
    assert hardened(text["queue"], ()) == text["queue"]


def test_every_register_of_a_chip_but_those_in_odd_loops_can_have_a_parity(tmp_path):
    every = {path.stem: assigned(path.read_text()) for path in sources("chip")}
    some = {path.stem: checkable(path.read_text()) for path in sources("chip")}
    del every["sram_1r1w"], some["sram_1r1w"]
    assert {name for name in every if every[name] != some[name]} == {"tree"}
    safe = harden(sources("chip"), {}, (), tmp_path, checked=some)
    texts = {path.stem: path.read_text() for path in safe}
    assert "checked #(.WIDTH(POINTER)) head_checked (.fault(head_checked_fault), " in texts["fifo"]
    assert "    if (rst) alarmed <= 1'b0;\n    else if (fault) alarmed <= 1'b1;\n" in texts["chip"]


def test_names_that_are_not_there_wrong(tmp_path):
    with pytest.raises(CircuitError, match="head is either kept three times or checked, not both"):
        hardened(sources("fifo")[0].read_text(), ["head"], checked=["head"])
    with pytest.raises(CircuitError, match="no register to protect is called push"):
        hardened(sources("fifo")[0].read_text(), ["head", "push"])
    with pytest.raises(CircuitError, match="the chip has no block lane"):
        harden(sources("fifo"), {"lane": ("a",)}, (), tmp_path)


def test_a_word_of_which_any_bit_was_flipped_is_read_right():
    """All single flips of code words, and none: by the definition of a Hamming code."""
    for part, check in ((8, 4), (32, 6)):
        block = Block.open(sources("hamming"), "hamming", {"PART": part, "CHECK": check})
        rng = np.random.default_rng(part)
        data = rng.integers(0, 1 << part, 64, dtype=np.uint64)
        coded = block.run({"data": data, "stored": np.zeros(64, int)})["coded"]
        flips = [0, *(1 << bit for bit in range(part + check))]
        stored = (coded[:, None] ^ np.array(flips, dtype=np.uint64)).ravel()
        found = block.run({"data": np.zeros(len(stored), int), "stored": stored})["corrected"]
        assert (found == np.repeat(data, len(flips))).all()
        distance = min(int(np.bitwise_count(a ^ b)) for a in coded for b in coded if a != b)
        assert distance >= 3


def test_a_corrected_memory_behaves_as_one_without():
    sizes = {"WIDTH": 24, "DEPTH": 5, "MASKS": 3}
    seed = 9
    rng = np.random.default_rng(seed)
    cycles = 2000
    stimulus = {
        "read_enable": rng.integers(0, 2, cycles), "read_address": rng.integers(0, 5, cycles),
        "write_enable": rng.integers(0, 2, cycles), "write_address": rng.integers(0, 5, cycles),
        "write_data": rng.integers(0, 1 << 24, cycles), "write_mask": rng.integers(0, 8, cycles),
    }  # fmt: skip
    # until all was written once
    stimulus["write_enable"][:5] = 1
    stimulus["write_mask"][:5] = 7
    stimulus["write_address"][:5] = range(5)
    stimulus["read_enable"][5] = 1
    plain, kept = (
        Block.open(sources(name), name, sizes).run(stimulus)["read_data"][6:]
        for name in ("sram_1r1w", "sram_corrected")
    )
    assert (plain == kept).all(), f"seed {seed}"
