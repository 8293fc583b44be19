"""Damage real files and see that readers only ever raise the package's own errors.

    python bench/fuzz.py --reader onnx --cases 10000 [--seed 0]

Cases run in a forked process, so that a crash of a library underneath is seen and counted, too.
Prints cases tried, cases still readable, tracebacks, crashes; bad cases are kept.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path


def damaged(whole: bytes, draw: random.Random) -> bytes:
    """A copy with a few bytes changed, removed, repeated or inserted, or cut off."""
    data = bytearray(whole)
    for _ in range(draw.choice((1, 1, 2, 4, 16))):
        at, size = draw.randrange(len(data) or 1), draw.choice((1, 1, 2, 8, 64))
        match draw.randrange(6):
            case 0:
                data[at : at + 1] = bytes([draw.randrange(256)])
            case 1:
                del data[at : at + size]
            case 2:
                data[at:at] = data[at : at + size]
            case 3:
                data[at:at] = draw.randbytes(size)
            case 4:
                data[at : at + size] = draw.choice((b"\x00", b"\xff", b"\x7f")) * size
            case _:
                if draw.random() < 0.2:
                    del data[at:]
    return bytes(data)


def shipped() -> Iterator[bytes]:
    """Small real graphs that the onnx package brings as files."""
    import onnx

    folder = Path(onnx.__file__).parent / "backend/test/data"
    for path in sorted(folder.glob("light/*.onnx")):
        if path.stat().st_size < 40_000:
            yield path.read_bytes()
    for path in sorted(folder.glob("*/*/model.onnx")):
        if path.stat().st_size < 20_000:
            yield path.read_bytes()


def onnx_seeds() -> Iterator[bytes]:
    """Those files, and the models by which onnx tests every operator."""
    import warnings

    yield from shipped()
    warnings.simplefilter("ignore")
    from onnx.backend.test.case.node import collect_testcases

    for case in collect_testcases(None):
        if case.model is not None:
            yield case.model.SerializeToString()


def toml_seeds() -> Iterator[bytes]:
    """Networks of the zoo as TOML."""
    from cosynth.workload import zoo
    from cosynth.workload.readers import toml

    for name in ("resnet8", "ds-cnn", "alexnet-caffe", "deep-autoencoder"):
        yield toml.write(zoo.load(name)).encode()


def config_seeds() -> Iterator[bytes]:
    """Configurations of every architecture that the reader knows."""
    from tests.workload.readers.architectures import TINY

    for config in TINY.values():
        yield json.dumps(config, indent=1).encode()


def hardware_seeds() -> Iterator[bytes]:
    """Every device of the catalogue."""
    from cosynth import hardware

    for name in hardware.names():
        yield hardware.write(hardware.load(name)).encode()


def space_seeds() -> Iterator[bytes]:
    """The space that is searched by default."""
    from cosynth.codesign import default_space

    yield default_space().read_bytes()


def design_seeds() -> Iterator[bytes]:
    """A design as `explore` writes it."""
    from cosynth.codesign import design, estimate
    from cosynth.hardware import engine
    from cosynth.mapper import FAST
    from cosynth.workload.load import load

    found = estimate(load("ds-cnn"), engine(), effort=FAST)
    yield design.write("d", {"ds-cnn": found}, {"latency": 1.0}, {"rows": 8}, 0).encode()


def net_seeds() -> Iterator[bytes]:
    """Small networks with weights, of convolutions and of attention."""
    from tests.compress import nets

    for make in (nets.convolutions, nets.attention):
        yield make().SerializeToString()


def quantized(path: Path) -> object:
    """All that `cosynth quantize` does with a file: read, measure, choose, prune, write."""
    from cosynth import compress
    from cosynth.codesign.quantize import Wanted, quantize
    from cosynth.compress.sensitivity import Measure
    from cosynth.compress.write import written

    network = compress.read(path)
    samples = compress.random_samples(network, 2, 0, {})
    options = (
        compress.Choice(weights="mxfp4", activations="mxfp8"),
        compress.Choice(weights="int4", activations="int8"),
    )
    measure = Measure(runner=compress.Runner(network=network), feeds=samples.feeds)
    wanted = Wanted(options=options, limits={}, kept={}, points=3)
    found = quantize(network, measure, wanted)
    compress.prune_channels(network, 0.5)
    return written(measure.runner, found.choices)


def format_seeds() -> Iterator[bytes]:
    """Every format of the catalogue."""
    from importlib import resources

    for path in resources.files("cosynth.format").joinpath("table").iterdir():
        if path.name.endswith(".toml"):
            yield path.read_bytes()


def mapping_seeds() -> Iterator[bytes]:
    """Loop nests as `write` prints them."""
    for design in design_seeds():
        for lines in json.loads(design)["mappings"]["ds-cnn"].values():
            yield "\n".join(lines).encode()


def structured(whole: bytes, draw: random.Random) -> bytes:
    """A valid ONNX file whose numbers and names were exchanged: deeper than bytes reach."""
    import onnx

    model = onnx.load_from_string(whole)
    graph = model.graph
    odd = (0, -1, 1, 2, 3, 7, 1 << 31, (1 << 63) - 1, -(1 << 63))
    for _ in range(draw.choice((1, 2, 4))):
        if not graph.node:
            break
        node = draw.choice(graph.node)
        match draw.randrange(7):
            case 0 if node.attribute:
                a = draw.choice(node.attribute)
                if a.ints:
                    a.ints[draw.randrange(len(a.ints))] = draw.choice(odd)
                elif draw.random() < 0.5:
                    a.i = draw.choice(odd)
                else:
                    node.attribute.remove(a)
            case 1 if graph.initializer:
                t = draw.choice(graph.initializer)
                if t.dims:
                    t.dims[draw.randrange(len(t.dims))] = draw.choice(odd)
            case 2 if graph.initializer:
                t = draw.choice(graph.initializer)
                t.data_type = draw.randrange(30)
            case 3 if graph.input:
                shape = draw.choice(graph.input).type.tensor_type.shape
                if shape.dim:
                    draw.choice(shape.dim).dim_value = draw.choice(odd)
            case 4 if node.input:
                names = [n for other in graph.node for n in (*other.input, *other.output)]
                node.input[draw.randrange(len(node.input))] = draw.choice([*names, ""])
            case 5:
                node.op_type = draw.choice(graph.node).op_type
            case _:
                model.opset_import[0].version = draw.randrange(30)
    return model.SerializeToString()


def case(reader: str, seeds: list[bytes], number: int) -> bytes:
    """One damaged file; the same number gives the same file."""
    draw = random.Random(number)
    whole = draw.choice(seeds)
    if reader in {"onnx", "network", "quantize"} and draw.random() < 0.5:
        return structured(whole, draw)
    return damaged(whole, draw)


def readers() -> dict[str, tuple[str, Callable[[Path], object], Callable[[], Iterator[bytes]]]]:
    """Reader -> suffix, function and real files."""
    from cosynth import compress, hardware, mapping, search
    from cosynth.codesign import design
    from cosynth.format import known
    from cosynth.workload.readers import huggingface, onnx, toml
    from cosynth.workload.zoo import Options

    return {
        "onnx": (".onnx", onnx.read, onnx_seeds),
        "network": (".onnx", compress.read, onnx_seeds),
        "quantize": (".onnx", quantized, net_seeds),
        "format": (".toml", lambda path: known.__wrapped__(str(path)), format_seeds),
        "toml": (".toml", toml.read, toml_seeds),
        "config": (".json", lambda path: huggingface.read(path, Options()), config_seeds),
        "hardware": (".toml", hardware.read, hardware_seeds),
        "space": (".toml", search.read_space, space_seeds),
        "design": (".json", design.read, design_seeds),
        "mapping": (".txt", lambda path: mapping.read(path.read_text("latin-1")), mapping_seeds),
    }


READERS = (
    "onnx",
    "network",
    "quantize",
    "format",
    "toml",
    "config",
    "hardware",
    "space",
    "design",
    "mapping",
)


@dataclass(slots=True)
class Tally:
    """What became of the cases of one process."""

    tried: int = 0
    readable: int = 0
    escaped: int = 0
    slowest: float = 0.0


def run(reader: str, seeds: list[bytes], numbers: range, folder: Path) -> None:
    """Read the cases; what was done so far always stands in the file `tally`."""
    from cosynth.errors import CosynthError

    suffix, read, _ = readers()[reader]
    path, tally = folder / f"case{suffix}", Tally()
    for number in numbers:
        content = case(reader, seeds, number)
        path.write_bytes(content)
        start = time.perf_counter()
        signal.alarm(20)  # a reader that hangs ends its process, too
        try:
            read(path)
            tally.readable += 1
        except CosynthError:
            pass
        except Exception:  # noqa: BLE001 finding these is the purpose
            tally.escaped += 1
            kept = folder / f"escaped{number}{suffix}"
            kept.write_bytes(content)
            print(f"{kept}:\n{traceback.format_exc(limit=-3)}", file=sys.stderr)
        tally.tried += 1
        tally.slowest = max(tally.slowest, time.perf_counter() - start)
        (folder / "tally").write_text(json.dumps(asdict(tally)))


def main() -> None:
    """Run the cases of one reader, starting a new process after every crash."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--reader", choices=READERS, default="onnx")
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    suffix, _, source = readers()[given.reader]
    seeds, folder = list(source()), Path(tempfile.mkdtemp(prefix="fuzz"))
    first = given.seed * 10_000_000
    total, crashes, at = Tally(), 0, first
    while at < first + given.cases:
        (folder / "tally").write_text(json.dumps(asdict(Tally())))
        child = os.fork()
        if not child:
            run(given.reader, seeds, range(at, first + given.cases), folder)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        done = Tally(**json.loads((folder / "tally").read_text()))
        at += done.tried
        total = Tally(
            total.tried + done.tried, total.readable + done.readable,
            total.escaped + done.escaped, max(total.slowest, done.slowest),
        )  # fmt: skip
        if status:
            crashes += 1
            kept = (folder / f"case{suffix}").rename(folder / f"crash{at}{suffix}")
            print(f"{kept}: the process died (status {status})", file=sys.stderr, flush=True)
            total.tried, at = total.tried + 1, at + 1
    print(
        f"{total.tried} cases, {total.readable} readable, {total.escaped} tracebacks, "
        f"{crashes} crashes, slowest {total.slowest:.2f} s"
    )
    raise SystemExit(total.escaped + crashes > 0)


if __name__ == "__main__":
    main()
