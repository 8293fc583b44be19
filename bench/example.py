"""Writes the trained net of the examples: `python -m bench.example`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

from bench.training import digits, trained

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SAMPLES = 128


def main() -> None:
    """Train the CNN for digits if it is not kept, and save it beside samples of its test."""
    data = digits()
    onnx.save(trained("cnn", 0, data, Path("build/nets")), EXAMPLES / "digits.onnx")
    x, labels = (each[:SAMPLES] for each in data.test)
    # sixteen grey levels: whole numbers pack well
    np.savez_compressed(EXAMPLES / "digits.npz", x=x, labels=labels)


if __name__ == "__main__":
    main()
