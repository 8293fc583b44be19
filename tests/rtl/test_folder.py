"""The folder of a circuit: its bench runs without Cosynth and finds every byte."""

import subprocess

import pytest

import cosynth as cs
from cosynth.codesign import circuit
from cosynth.hardware.families.engine import engine
from cosynth.rtl.tools import compiler, verilator


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = circuit.generate(
        cs.load("deep-autoencoder"), engine(rows=4, columns=4, buffer=32 * 1024, registers=16)
    )
    out = tmp_path_factory.mktemp("chip")
    circuit.write(made, out)
    return out


def test_the_bench_alone_finds_every_byte(folder):
    root = verilator().environment["VERILATOR_ROOT"]
    verilator().run(
        ["--cc", "--exe", "-Wno-fatal", "--top-module", "chip_top", "--Mdir", folder / "obj",
         *sorted((folder / "rtl").glob("*.sv"))]
    ).checked("read the folder's circuit")  # fmt: skip
    files = [*sorted((folder / "obj").glob("*.cpp")), folder / "bench" / "alone.cpp"]
    files += [f"{root}/include/{name}.cpp" for name in ("verilated", "verilated_threads")]
    flags = ["-O0", "-std=gnu++20", f"-I{folder / 'obj'}", f"-I{root}/include"]
    flags += [f"-I{root}/include/vltstd", "-DVM_TRACE=0", "-DVM_COVERAGE=0", "-DVM_SC=0"]
    program = folder / "obj" / "alone"
    compiler().run([*flags, *files, "-o", program, "-lpthread"]).checked("compile the bench")
    arguments = [str(program), "50", "8000", "1000"]
    said = subprocess.run(
        arguments, cwd=folder / "bench", capture_output=True, text=True, timeout=120, check=False
    )
    assert said.returncode == 0, said.stdout + said.stderr
    assert said.stdout.splitlines()[-1] == "1672 bytes compared, 0 wrong"
    # and it would say so if one were wrong
    path = next((folder / "bench").glob("[0-9]*.bin"))
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(bytes(data))
    said = subprocess.run(
        arguments, cwd=folder / "bench", capture_output=True, text=True, timeout=120, check=False
    )
    assert said.returncode == 1
    assert said.stdout.splitlines()[-1] == "1672 bytes compared, 1 wrong"


def test_readme_and_driver_name_what_is_there(folder):
    readme = (folder / "README.md").read_text()
    for name in ("rtl", "bench", "driver/chip.h", "image.bin", "program", "constraints"):
        assert f"`{name}" in readme
        assert (folder / name).exists()
    header = (folder / "driver" / "chip.h").read_text()
    assert "#define TENSOR_SPECTRUM 0x" in header
    assert header.count('"fc') == 10
