"""Execution groups: an einsum and the pointwise ones applied to each element as it leaves."""

from __future__ import annotations

from cosynth.workload.einsum import Einsum
from cosynth.workload.graph import Workload
from cosynth.workload.passes.rewrite import consumers, plain_ranks


def groups(workload: Workload) -> tuple[tuple[int, ...], ...]:
    """Return positions of einsums in groups that run as one, in an order that respects edges.

    A group is a head and pointwise einsums (bias, normalisation by constants, activation,
    residual sum, quantisation), each the only reader of the one before, element by element.
    A sum of two branches joins the later one that admits it.
    """
    readers = consumers(workload)
    writers = workload.producers()
    group_of: dict[int, list[int]] = {}
    for at, einsum in enumerate(workload.einsums):
        before = {
            writers[name]
            for access in einsum.inputs
            for name in workload.sources(access.tensor)
            if name in writers and writers[name] < at
        }
        hosts = (p for p in sorted(before, reverse=True) if drains(workload, readers, p, at))
        group = group_of.get(next(hosts, -1), [])
        group.append(at)
        group_of[at] = group
    # every member but the last is read by the next alone: a group may run where its last stands
    return tuple(tuple(group) for at, group in group_of.items() if group[-1] == at)


def drains(
    workload: Workload, readers: dict[str, tuple[int, ...]], producer: int, consumer: int
) -> bool:
    """Whether the consumer can be applied to the producer's output as it is produced."""
    head, tail = workload.einsums[producer], workload.einsums[consumer]
    made = head.output.tensor
    tensor = workload.tensor(made)
    if tensor.role != "activation" or tensor.view_of or readers.get(made) != (consumer,):
        return False
    if tail.reduction is not None or head.repeat != tail.repeat:
        return False
    return _elementwise(workload, head, tail)


def _elementwise(workload: Workload, head: Einsum, tail: Einsum) -> bool:
    written, ranks = plain_ranks(head.output), plain_ranks(tail.output)
    if written is None or ranks is None or set(ranks) != set(tail.ranks):
        return False
    made = head.output.tensor
    shape = workload.tensor(made).shape
    if [head.sizes[r] for r in written] != [tail.sizes[r] for r in ranks]:
        return False
    for access in tail.inputs:
        if made not in workload.sources(access.tensor):
            continue
        seen = workload.tensor(access.tensor)
        while seen.view_of and seen.name != made:
            if len(seen.view_of) != 1 or seen.shape != shape:
                return False
            seen = workload.tensor(seen.view_of[0])
        if plain_ranks(access) != ranks:
            return False
    return True
