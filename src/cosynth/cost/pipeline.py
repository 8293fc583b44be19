"""How transfers and work overlap: the few formulas that prices and their bounds share.

The caller gives `maximum` and `minimum`: of NumPy, of JAX, or compiled ones for plain numbers.
"""

from __future__ import annotations

from collections.abc import Callable

from cosynth.arrays import Array

Choice = Callable[[Array, Array], Array]


def port_time(
    read: Array,
    written: Array,
    read_bandwidth: Array,
    write_bandwidth: Array,
    shared: bool,
    maximum: Choice,
) -> Array:
    """Seconds that the ports of one memory need for bytes in both directions."""
    if shared:
        return (read + written) / read_bandwidth
    return maximum(read / read_bandwidth, written / write_bandwidth)


def staged(
    latency: Array, transfer: Array, fill: Array, doubled: bool, maximum: Choice, minimum: Choice
) -> tuple[Array, Array]:
    """Return seconds with one more level around, and those of them in which pipelines fill.

    Transfers into a level that holds two tiles hide behind the work below it, all but the first.
    """
    if doubled:
        # a tile that is loaded once cannot hide behind the work on another
        visible = minimum(fill, transfer)
        return maximum(latency + visible, transfer), visible
    return latency + transfer, transfer
