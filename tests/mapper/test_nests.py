"""Prescribed nests: FuseMax's cycles at the points its authors publish; what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.mapper.attention import attention, fusemax

from cosynth.cost.tile import Words
from cosynth.errors import InfeasibleError, MappingError
from cosynth.format import assignment
from cosynth.mapper.nests import Runs, prescribed
from cosynth.mapping import Loop
from cosynth.mapping.group import Fused, family
from cosynth.workload.passes.online import online, softmaxes

# an exponential takes six multiply-accumulates there
WORDS = Words(formats=assignment("bf16"), functions={"exp": 6})
CHIP = fusemax()


def one_pass(heads: int, length: int, size: int):
    workload = attention(64, heads, length, length, size)
    changed = online(workload, softmaxes(workload)[0], 256)
    return family(changed, [(at,) for at in range(len(changed.einsums))])


def theirs(shared, queries: int = 512) -> Fused:
    """Blocks of 256 keys; on the plane what is by score, on the line what is by query."""
    tiles = {"b": 1, "h": 1, "m": queries, "p1": 1}
    return Fused(
        members=tuple(one.name for one in shared.members),
        memory="shared",
        loops=tuple(Loop(rank=rank, tile=tile) for rank, tile in tiles.items()),
        depths=(4,) * 9 + (3,),
        engines=("mac", "alu", "unit", "unit", "alu", "alu", "unit", "mac", "unit", "unit"),
        doubled=True,
        pipelined=True,
    )


@pytest.mark.parametrize(
    ("heads", "size", "length"),
    [(12, 64, 1 << 10), (16, 64, 1 << 14), (8, 64, 1 << 16), (16, 128, 1 << 12)],
)
def test_cycles_are_those_of_the_fusemax_artefact(heads, size, length):
    """B H M^2 / 65536 (2 E + 10 + 256 E / M) reproduces all 24 of its points.

    The ten vector operations a block: one for the running maximum, seven for the correction, two
    for the running sum; twice E for the running output; E / M of a division once a row.
    """
    runs = Runs(hardware=CHIP, goal="latency", words=WORDS)
    shared = one_pass(heads, length, size)
    _, cost = prescribed(shared, runs, theirs(shared))
    published = 64 * heads * length**2 / 65536 * (2 * size + 10 + 256 * size / length)
    steady = (float(cost.latency) - float(cost.ramp)) * 940e6
    assert steady == pytest.approx(published, rel=1e-12)
    assert float(cost.latency) * 940e6 == pytest.approx(published, rel=5e-4)


def test_scores_never_leave_the_chip():
    runs = Runs(hardware=CHIP, goal="latency", words=WORDS)
    shared = one_pass(12, 1024, 64)
    _, cost = prescribed(shared, runs, theirs(shared))
    tensor = 64 * 12 * 1024 * 64 * 2
    # queries once, keys and values once for each of two tiles of queries
    assert cost.part("dram").read == tensor + 2 * 2 * tensor
    assert cost.part("dram").written == tensor


def test_nests_that_cannot_be_wrong():
    runs = Runs(hardware=CHIP, goal="latency", words=WORDS)
    shared = one_pass(2, 1024, 64)
    nest = theirs(shared)
    names = ", ".join(nest.members)
    with pytest.raises(MappingError) as error:
        prescribed(shared, runs, replace(nest, loops=(Loop(rank="z", tile=1), *nest.loops[1:])))
    assert str(error.value).startswith(f"{names}: no shared rank 'z'")
    with pytest.raises(MappingError) as error:
        # the result is divided once all blocks are summed
        prescribed(shared, runs, replace(nest, depths=(4,) * 7 + (3, 4, 3)))
    assert str(error.value) == f"{names}: a member runs before what it reads is made"
    small = replace(nest, loops=nest.loops[:2], depths=(2,) * 10)
    with pytest.raises(InfeasibleError) as error:
        prescribed(one_pass(2, 1 << 14, 64), runs, small)
    assert str(error.value) == f"{names}: the tiles do not fit shared"
