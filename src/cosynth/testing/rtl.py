"""What the tests of every block share: random gaps, states at power-on and resets, and one verdict.

A failure names the seed and the gap that show it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cosynth.rtl.bits import Values, carried
from cosynth.rtl.drive import Block
from cosynth.rtl.stream import NEVER, Passed, Traffic, exchange

GAPS = (0.0, 0.3, 0.9)
SEEDS = range(40)  # two would mostly miss a reset that depends on the state before it
_CUTS = 64  # cycles after which a reset falls into traffic, at most


def assert_passes(
    block: Block,
    send: Mapping[str, Mapping[str, ArrayLike]],
    expect: Mapping[str, Mapping[str, ArrayLike]],
    *,
    hold: Mapping[str, int | Values] | None = None,
    gaps: Sequence[float] = GAPS,
    seeds: Iterable[int] = SEEDS,
    most: int = 100_000,
) -> None:
    """Assert that the beats sent make the beats expected, whatever gaps, state and resets.

    Of each stream and port: [beats] (see `cosynth.rtl.stream`). Checked too: outputs hold while
    they wait, valid does not look at ready, nothing comes too much, and a reset of one cycle
    amid traffic leaves nothing behind. Every second seed has such a reset.
    """
    traffic = Traffic(
        send=send,
        expect={name: _beats(ports) for name, ports in expect.items()},
        hold=hold or {},
        most=most,
    )
    wanted = {
        name: {port: carried(values, block.port(port).bits, port) for port, values in ports.items()}
        for name, ports in expect.items()
    }
    for seed in seeds:
        cut = int(np.random.default_rng(seed).integers(1, _CUTS)) if seed % 2 else 0
        for place, sending in enumerate(gaps):
            taking = gaps[(place + seed) % len(gaps)]  # in time, every pair: full and empty buffers
            paused = replace(traffic, pause_sending=sending, pause_taking=taking)
            passed = exchange(block, paused, seed=seed, cut=cut)
            here = f"module {block.top}, seed {seed}, gaps {sending} and {taking}, cut {cut}"
            for name, ports in send.items():
                sent, beats = len(passed[name].when), _beats(ports)
                assert sent == beats, f"{here}: {name} took {sent} of {beats} beats"
            for name, ports in wanted.items():
                _assert_same(passed[name], ports, f"{here}, stream {name}")


def _beats(ports: Mapping[str, ArrayLike]) -> int:
    return len(np.asarray(next(iter(ports.values()))))


def _assert_same(got: Passed, wanted: Mapping[str, Values], here: str) -> None:
    assert got.changed == NEVER, f"{here}: a waiting beat changed in cycle {got.changed}"
    assert got.peeked == NEVER, f"{here}: valid or data hangs on ready in cycle {got.peeked}"
    for port, values in wanted.items():
        beats = got.beats[port]
        wrong = _first_difference(beats, values)
        assert wrong == NEVER, (
            f"{here}: beat {wrong} of {port} is {_at(beats, wrong)}, not {_at(values, wrong)}"
        )


def _first_difference(one: Values, other: Values) -> int:
    length = min(len(one), len(other))
    differ = (one[:length] != other[:length]).reshape(length, -1).any(axis=1)
    if differ.any():
        return int(differ.argmax())
    return NEVER if len(one) == len(other) else length


def _at(values: Values, place: int) -> str:
    return str(values[place]) if place < len(values) else "missing"


def assert_follows(
    block: Block,
    stimulus: Mapping[str, ArrayLike],
    expect: Mapping[str, ArrayLike],
    *,
    where: Mapping[str, NDArray[np.bool_]] | None = None,
    seeds: Iterable[int] = SEEDS,
) -> None:
    """Assert that outputs are as expected in each cycle after a reset of one cycle, by any seed.

    Of each port: [cycles]. `where` tells the cycles in which an output is compared, all without.
    For blocks of fixed latency; those behind valid and ready are for `assert_passes`.
    """
    wanted = {port: carried(values, block.port(port).bits, port) for port, values in expect.items()}
    for seed in seeds:
        got = block.run(stimulus, seed=seed)
        for port, values in wanted.items():
            differ = (got[port] != values).reshape(len(values), -1).any(axis=1)
            if where and port in where:
                differ &= where[port]
            cycle = int(differ.argmax())
            assert not differ.any(), (
                f"module {block.top}, seed {seed}, cycle {cycle}: "
                f"{port} is {got[port][cycle]}, not {values[cycle]}"
            )
