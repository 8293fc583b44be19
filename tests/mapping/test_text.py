"""A mapping prints as a nest and reads back."""

from __future__ import annotations

import random

import pytest
from tests.mapping.nests import nest, problem

from cosynth.errors import MappingError
from cosynth.mapping import operands, read, write


@pytest.mark.parametrize("seed", range(40))
def test_random_mappings_come_back(seed):
    rng = random.Random(seed)
    _, einsum, workload = problem(rng)
    parts = [(access.tensor, part) for access, part in operands(einsum, workload)]
    _, _, mapping = nest(rng, einsum, workload, parts)
    assert read(write(mapping, einsum)) == mapping, f"seed {seed}"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "line 1: expected 'EINSUM on ENGINE'"),
        ("a on b\n  for m in 2 steps of 4\n", "line 2: expected 'LEVEL: keeps TENSORS' or"),
        ("a on b\n  dram:\n\n  for m in two steps\n", "line 4: expected 'LEVEL: keeps TENSORS' or"),
    ],
)
def test_texts_wrong(text, sentence):
    with pytest.raises(MappingError) as caught:
        read(text)
    assert str(caught.value).startswith(sentence)
