"""Damaged hardware files: device files with bytes changed, lines lost, values swapped."""

from __future__ import annotations

import random
from collections.abc import Iterator
from importlib import resources

from cosynth.hardware import names

# values that a person might well write where another belongs
ODD = (
    '""', '"x"', '"-1 KiB"', '"0 KiB"', '"nan GB/s"', '"1e999 MHz"', '"inf V"', '"7"', '"5 parsec"',
    "0", "-1", "1e400", "nan", "-inf", "true", "[]", "[[]]", '["input", 3]', "{}", '{ name = "x" }',
    "1979-05-27", "99999999999999999999999999", '"dram:ddr9"', '["weigth"]',
)  # fmt: skip


def device_file(name: str) -> bytes:
    """Bytes of a catalogue device."""
    return resources.files("cosynth.hardware").joinpath("devices", f"{name}.toml").read_bytes()


def hardware_cases(seed: int, count: int) -> Iterator[bytes]:
    """Yield `count` damaged copies of device files; the same seed gives the same cases."""
    draw = random.Random(seed)
    files = [device_file(name) for name in names()]
    for _ in range(count):
        whole = draw.choice(files)
        for _ in range(draw.choice((1, 1, 2, 5))):
            whole = draw.choice((_bytes, _lines, _values, _values))(whole, draw)
        yield whole


def _bytes(whole: bytes, draw: random.Random) -> bytes:
    data = bytearray(whole)
    at, size = draw.randrange(len(data) or 1), draw.choice((1, 1, 4, 32))
    match draw.randrange(4):
        case 0:
            data[at : at + 1] = bytes([draw.randrange(256)])
        case 1:
            del data[at : at + size]
        case 2:
            data[at:at] = data[at : at + size]
        case _:
            data[at:at] = draw.randbytes(size)
    return bytes(data)


def _lines(whole: bytes, draw: random.Random) -> bytes:
    lines = whole.split(b"\n")
    at, other = draw.randrange(len(lines)), draw.randrange(len(lines))
    match draw.randrange(3):
        case 0:
            del lines[at]
        case 1:
            lines[at], lines[other] = lines[other], lines[at]
        case _:
            lines.insert(at, lines[other])
    return b"\n".join(lines)


def _values(whole: bytes, draw: random.Random) -> bytes:
    lines = whole.split(b"\n")
    places = [at for at, line in enumerate(lines) if b" = " in line]
    if places:
        at = draw.choice(places)
        key = lines[at].split(b" = ")[0]
        lines[at] = key + b" = " + draw.choice(ODD).encode()
    return b"\n".join(lines)
