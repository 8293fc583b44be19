"""Pruning: single weights, N of every M, or whole channels with all that hangs on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from cosynth.compress.coupling import Coupling, coupling
from cosynth.compress.network import Network, Site, network
from cosynth.errors import SpecError, WorkloadError
from cosynth.format import largest_mask
from cosynth.workload import Access, Apply, Einsum, Workload

Values = NDArray[Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Pruned:
    """A network with zeros or without channels; `density` is the share of each site's weights left.

    `pinned` tells of constants whose channels had to stay what held them.
    """

    network: Network
    density: Mapping[str, Fraction]
    pinned: Mapping[str, str]


def prune_weights(given: Network, share: float) -> Pruned:
    """Set a share of all weights to zero, the smallest magnitudes of the whole network.

    SpecError unless 0 <= share < 1.
    """
    _check(share)
    weights = _weights(given)
    sizes = np.concatenate([np.abs(w).ravel() for w in weights.values()])
    count = int(share * sizes.size)
    order = np.argsort(sizes, kind="stable")
    kept = np.ones(sizes.size, dtype=bool)
    kept[order[:count]] = False
    ends = np.cumsum([0, *(w.size for w in weights.values())])
    masks = {
        name: kept[start:end].reshape(w.shape)
        for (name, w), start, end in zip(weights.items(), ends[:-1], ends[1:], strict=True)
    }
    return _masked(given, masks)


def prune_pattern(given: Network, keep: int, among: int) -> Pruned:
    """Keep the largest `keep` of every `among` neighbours along what a layer sums over.

    A kernel whose channels do not come in such groups runs on through its window. SpecError
    unless 0 < keep <= among.
    """
    masks: dict[str, Values] = {}
    for site in given.sites:
        one = site.weight
        if one is None or one.tensor in masks:
            continue
        values = given.constants[one.tensor]
        if one.window and values.shape[1] % among:
            rows = values.reshape(len(values), -1)
            mask = largest_mask(rows, keep, among, axis=1)
            masks[one.tensor] = np.asarray(mask).reshape(values.shape)
        else:
            masks[one.tensor] = np.asarray(largest_mask(values, keep, among, axis=one.axis))
    return _masked(given, masks)


def prune_channels(given: Network, share: float) -> Pruned:
    """Remove a share of the channels of every layer that can spare them, the least important.

    What hangs together goes together, and counts by the sum of the root-mean-squares of all that
    would be cut. At least one channel stays. SpecError unless 0 <= share < 1, WorkloadError where
    nothing can be removed, with the reasons.
    """
    _check(share)
    found = coupling(given)
    removed, pinned = _chosen(given, found, share)
    if share and not removed.size:
        reasons = "; ".join(f"{name}: {why}" for name, why in list(pinned.items())[:4])
        raise WorkloadError(f"{given.source}: no channel can be removed ({reasons})")
    try:
        smaller = _cut(given, found, removed)
    except SpecError as error:
        raise WorkloadError(f"{given.source}: channels cannot be removed here: {error}") from None
    density = {
        site.name: Fraction(
            smaller.constants[after.weight.tensor].size, given.constants[site.weight.tensor].size
        )
        for site, after in zip(given.sites, smaller.sites, strict=True)
        if site.weight and after.weight
    }
    return Pruned(network=smaller, density=density, pinned=pinned)


def thinned(workload: Workload, density: Mapping[str, Fraction]) -> Workload:
    """Return the workload with the density of the weights of named einsums.

    Its operations leave zeros out; time and energy do not, as no hardware here says that it skips.
    """
    return replace(
        workload, einsums=tuple(_thin(each, workload, density) for each in workload.einsums)
    )


def _check(share: float) -> None:
    if not 0 <= share < 1:
        raise SpecError(f"share to prune {share:g}: must be from 0 to below 1")


def _weights(given: Network) -> dict[str, Values]:
    return {s.weight.tensor: given.constants[s.weight.tensor] for s in given.sites if s.weight}


def _masked(given: Network, masks: Mapping[str, Values]) -> Pruned:
    values = {name: given.constants[name] * mask for name, mask in masks.items()}
    share = {name: Fraction(int(mask.sum()), mask.size) for name, mask in masks.items()}
    return Pruned(
        network=_with(given, values),
        density={site.name: share[site.weight.tensor] for site in given.sites if site.weight},
        pinned={},
    )


def _with(given: Network, values: Mapping[str, Values]) -> Network:
    """The network with other constants under the same names."""
    model = onnx.ModelProto()
    model.CopyFrom(given.model)
    for one in model.graph.initializer:
        if one.name in values:
            own = values[one.name].astype(given.constants[one.name].dtype)
            one.CopyFrom(numpy_helper.from_array(np.array(own, order="C"), one.name))
    del model.graph.value_info[:]
    return network(model, given.source)


def _chosen(
    given: Network, found: Coupling, share: float
) -> tuple[NDArray[np.int64], dict[str, str]]:
    """Roots of the atoms to remove, and what holds the others."""
    score: dict[int, float] = {}
    families: list[list[int]] = []
    pinned: dict[str, str] = {}
    made = [site for site in given.sites if site.weight]
    for name, values in given.constants.items():
        if name not in found.labels or values.dtype.kind != "f":
            continue
        for axis, labels in enumerate(found.labels[name]):
            rest = tuple(at for at in range(values.ndim) if at != axis)
            size = (
                np.sqrt(np.mean(np.square(values.astype(float)), axis=rest)) if values.size else []
            )
            for root, each in zip(found.atoms.roots(labels).tolist(), size, strict=True):
                score[root] = score.get(root, 0.0) + float(each)
    for site in made:
        labels = found.labels[site.weight.tensor][_outputs(site)]  # type: ignore[union-attr]
        roots = found.atoms.roots(labels).tolist()
        held = [found.atoms.why[root] for root in roots if root in found.atoms.why]
        if held:
            pinned[site.name] = held[0]
        families.append([root for root in dict.fromkeys(roots) if root not in found.atoms.why])
    gone: list[int] = []
    for family in _joined(families):
        ranked = sorted(family, key=lambda root: (score.get(root, 0.0), root))
        gone += ranked[: min(int(share * len(ranked)), len(ranked) - 1)]
    return np.array(sorted(set(gone)), dtype=np.int64), pinned


def _outputs(site: Site) -> int:
    """Axis of a weight's outputs."""
    one = site.weight
    assert one is not None
    if site.operator in {"Conv", "ConvTranspose"}:
        return 1 - one.axis
    return 1 - one.axis if one.axis >= 0 else -1


def _joined(families: list[list[int]]) -> list[list[int]]:
    """Families that share members, as one: a residual sum has the channels of all its layers."""
    merged: list[dict[int, None]] = []
    for family in families:
        own = dict.fromkeys(family)
        apart = []
        for other in merged:
            if own.keys() & other.keys():
                own = {**other, **own}
            else:
                apart.append(other)
        merged = [*apart, own]
    return [list(each) for each in merged if each]


def _cut(given: Network, found: Coupling, removed: NDArray[np.int64]) -> Network:
    """Cut constants, and mend the attributes and shapes that count channels."""
    gone = set(removed.tolist())
    values: dict[str, Values] = {}
    kept: dict[str, list[NDArray[np.bool_]]] = {}
    for name, axes in found.labels.items():
        kept[name] = [
            np.array([root not in gone for root in found.atoms.roots(labels).tolist()], dtype=bool)
            for labels in axes
        ]
        if name in given.constants:
            whole = given.constants[name]
            for axis, mask in enumerate(kept[name]):
                whole = np.compress(mask, whole, axis=axis)
            values[name] = whole
    model = onnx.ModelProto()
    model.CopyFrom(given.model)
    own = replace(given, model=model)
    for node in model.graph.node:
        if node.op_type == "Reshape" and node.input[1] in given.constants:
            values |= _reshape(node, given, kept)
        if node.op_type == "Conv" and _depthwise(node, given):
            groups = next(each for each in node.attribute if each.name == "group")
            groups.i = int(kept[node.input[0]][1].sum())
    _added(model, given, values)
    return _with(own, values)


def _depthwise(node: onnx.NodeProto, given: Network) -> bool:
    groups = next((each.i for each in node.attribute if each.name == "group"), 1)
    kernel = given.constants.get(node.input[1])
    return groups > 1 and kernel is not None and kernel.shape[1] == 1


def _reshape(
    node: onnx.NodeProto, given: Network, kept: Mapping[str, list[NDArray[np.bool_]]]
) -> dict[str, Values]:
    """A shape of its own for a reshape whose target lost channels."""
    target = given.constants[node.input[1]].copy()
    masks = kept.get(node.output[0], [])
    for axis, mask in enumerate(masks):
        if target[axis] > 0 and mask.size:
            target[axis] = int(mask.sum())
    if np.array_equal(target, given.constants[node.input[1]]):
        return {}
    name = f"{node.output[0]}.shape"
    node.input[1] = name
    return {name: target}


def _added(model: onnx.ModelProto, given: Network, values: Mapping[str, Values]) -> None:
    for name, each in values.items():
        if name not in given.constants:
            model.graph.initializer.append(numpy_helper.from_array(each, name))


def _thin(einsum: Einsum, workload: Workload, density: Mapping[str, Fraction]) -> Einsum:
    if einsum.name not in density:
        return einsum
    weights = {
        access.tensor for access in einsum.inputs if workload.tensor(access.tensor).role == "weight"
    }

    def changed(expression: Any) -> Any:
        if isinstance(expression, Access) and expression.tensor in weights:
            return replace(expression, density=density[einsum.name])
        if isinstance(expression, Apply):
            return replace(expression, arguments=tuple(map(changed, expression.arguments)))
        return expression

    return replace(einsum, expression=changed(einsum.expression))
