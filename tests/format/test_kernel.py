"""The kernel on rows: one pass and two give the same bits (all formats: `test_codec.py`)."""

from __future__ import annotations

import numpy as np

from cosynth.format import kernel, known


def test_rounding_in_place_and_decoding_codes_agree():
    x = np.random.default_rng(8).standard_normal((9, 32)).astype(np.float32)
    how = {"format": known("mxfp6"), "tensor": None, "xp": np}
    code, scale, zero = kernel.encode_rows(x, None, None, **how)
    (once,), (twice,) = (
        kernel.quantise_rows(x, None, None, **how),
        kernel.decode_rows(code, scale, zero, **how),
    )
    assert np.array_equal(once.view(np.int32), twice.view(np.int32))
    # symmetric: the negative has the same magnitudes
    (mirror,) = kernel.quantise_rows(-x, None, None, **how)
    assert np.array_equal(mirror, -once)
