"""Values of several lanes side by side in one port."""

import numpy as np


def joined(values, bits):
    """One number [cycles] of lanes [cycles, lanes], the first lane lowest; up to 64 bits in all."""
    found = np.zeros(len(values), np.uint64)
    for lane, column in enumerate(np.asarray(values).T):
        found |= (column.astype(np.uint64) & np.uint64((1 << bits) - 1)) << np.uint64(lane * bits)
    return found


def split(values, bits, lanes):
    """Lanes [cycles, lanes] of one number [cycles], or of words [cycles, words]."""
    words = np.asarray(values)
    if words.ndim == 1:
        words = words.astype("<u8").view("<u4").reshape(len(words), 2)
    every = np.unpackbits(words.astype("<u4").view(np.uint8), axis=1, bitorder="little")
    parts = every[:, : lanes * bits].reshape(len(words), lanes, bits).astype(np.uint64)
    return (parts << np.arange(bits, dtype=np.uint64)).sum(axis=2)
