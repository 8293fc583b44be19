"""Mappings with ranks exchanged that an einsum treats alike, as height and width of an image.

They cost the same, but read and write tensors along other dimensions.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

import cosynth.mapping as mp
from cosynth.workload import Einsum
from cosynth.workload.einsum import Access, Index


def mirrored(mapping: mp.Mapping, einsum: Einsum, channel: str = "") -> Iterator[mp.Mapping]:
    """Yield the mapping under every exchange of one or two pairs of ranks that are alike.

    The rank of the `channel`, which biases and multipliers follow, is like no other.
    """
    for names in _exchanges(einsum, channel):
        levels = tuple(
            replace(
                level,
                loops=tuple(
                    replace(one, rank=names.get(one.rank, one.rank)) for one in level.loops
                ),
            )
            for level in mapping.levels
        )
        if levels != mapping.levels:
            yield replace(mapping, levels=levels)


def _exchanges(einsum: Einsum, channel: str) -> Iterator[dict[str, str]]:
    sizes = einsum.sizes
    pairs = [
        pair for pair in itertools.combinations(einsum.ranks, 2)
        if sizes[pair[0]] == sizes[pair[1]] > 1 and channel not in pair
    ]  # fmt: skip
    accesses = (*einsum.inputs, einsum.output)
    for count in (1, 2):
        for some in itertools.combinations(pairs, count):
            if len({rank for pair in some for rank in pair}) < 2 * count:
                continue
            names = {a: b for pair in some for a, b in (pair, pair[::-1])}
            if all(_indices(one, names) == _indices(one, {}) for one in accesses):
                yield names


def _indices(access: Access, names: Mapping[str, str]) -> Counter[Index]:
    """Dimensions under other names of ranks, whatever their order."""
    return Counter(_renamed(index, names) for index in access.indices)


def _renamed(index: Index, names: Mapping[str, str]) -> Index:
    terms = (replace(term, rank=names.get(term.rank, term.rank)) for term in index.terms)
    return replace(index, terms=tuple(sorted(terms, key=str)))
