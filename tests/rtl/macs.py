"""What tests of multiply-accumulate units share: codes, their dot product, and what came out."""

import numpy as np

from cosynth.format import Codes, dot, known

CYCLES = 5000
K = 64


def drawn(name, shape, generator):
    """Codes of a format that stand for one of its values."""
    bits = known(name).element.width
    found = generator.integers(0, 1 << bits, shape)
    return np.where(found == 2, 0, found) if name == "ternary" else found


def summed(a, b, left, right):
    """The dot product of codes [K] by the format's own rule."""
    codes = [Codes(format=known(name), axis=0, code=code.astype(np.uint16))
             for name, code in ((a, left), (b, right))]  # fmt: skip
    return int(dot(codes[0], codes[1], "int32").value)


def ready(block, given, seed, name="acc"):
    """An output as it is after each cycle."""
    longer = {key: np.concatenate([value, value[-1:]]) for key, value in given.items()}
    return block.run(longer, seed=seed)[name][1:]
