"""A network in whole numbers: what the array computes, and what the host."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from cosynth.errors import WorkloadError
from cosynth.format import Format
from cosynth.rtl.bits import as_signed
from cosynth.rtl.blocked import (
    Bounds,
    Scaled,
    blocked,
    channel_dims,
    dimension,
    scaled,
    summed_rank,
    units_of,
)  # fmt: skip
from cosynth.rtl.chip import QUARTERS, index_bits
from cosynth.rtl.evaluate import applied
from cosynth.rtl.floats import looked_up, run_floats
from cosynth.rtl.grid import grid, peak, to_grid
from cosynth.rtl.operands import operand
from cosynth.rtl.post import TABLE_BITS, Fused, leading
from cosynth.rtl.words import codes_of, whole_of
from cosynth.rtl.work import Post
from cosynth.workload import Access, Einsum, Workload

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
MULTIPLIER_BITS = 15  # and a sign
MOST_MULTIPLIER = (1 << MULTIPLIER_BITS) - 1
MOST_SHIFT = 62
# of a bias in a record of parameters: `drain.sv`
BIAS_BITS, LEAKY_BIAS_BITS = 48, 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """What the whole numbers of a tensor stand for: multiples of `unit`, by channel if an array."""

    unit: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One contraction with what follows it, in whole numbers; `post` is by channel."""

    name: str
    einsum: Einsum
    data: Access
    weight: Access
    out: str
    channel: str
    post: Post
    constant: bool
    # the rank along which sums are shifted, and how many neighbours share a shift
    blocks: tuple[str, int] | None = None
    # the largest sum in the run that set the scales
    peak: float = 0.0

    @property
    def maxima(self) -> bool:
        """Whether the greatest of the products is kept instead of their sum."""
        return self.einsum.reduction == "max"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Einsums that the host computes in floating point, from codes; it `writes` some as codes."""

    name: str
    einsums: tuple[Einsum, ...]
    reason: str
    writes: tuple[str, ...]


Operation = Layer | Host


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """Operations in order. `weights` are whole numbers, `units` what one stands for.

    A unit is one number, or by channel as the tensor broadcasts. `shifts` are bits by which what
    is multiplied with a weight's code is shifted: weights are their codes' numbers shifted so.
    """

    graph: Workload
    operations: tuple[Operation, ...]
    weights: Mapping[str, Whole]
    constants: Mapping[str, Floats]
    units: Mapping[str, Floats]
    weight_format: Format
    activation_format: Format
    shifts: Mapping[str, Whole] = field(default_factory=dict)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of what the user gives."""
        return tuple(tensor.name for tensor in self.graph.tensors
                     if tensor.role == "input" and not tensor.view_of)  # fmt: skip


def looks_up(weights: Format, activations: Format) -> bool:
    """Whether a chip of these formats has tables of functions.

    >>> from cosynth.format import known
    >>> [looks_up(known(name), known(name)) for name in ("int8", "mxint8")]
    [True, False]
    """
    return index_bits(activations) > 0 and not blocked(weights) and not blocked(activations)


def quantised(
    graph: Workload,
    groups: tuple[tuple[int, ...], ...],
    constants: Mapping[str, Floats],
    inputs: Mapping[str, Floats],
    weights: Format,
    activations: Format,
    accumulator: int = 64,
) -> Network:
    """Return a network whose scales come from a run on `inputs`.

    Weights have a scale for each channel, activations one for the tensor: the largest magnitude
    seen is the format's largest. Where a format's blocks have scales of their own, these are powers
    of two by its rule: see `blocked`. Shifts are such that sums fit `accumulator` bits.
    """
    values = run_floats(graph, constants, inputs)
    _, most = grid(activations)
    parts = [[graph.einsums[at] for at in group] for group in groups]
    firsts = [_leading(graph, members, weights, activations) for members in parts]
    if blocked(activations):
        layers = [found for found, _ in firsts if found is not None]
        dims = channel_dims(graph, layers, activations.block) if blocked(weights) else {}
        units = units_of(graph, values, dims, activations)
    else:
        units = {
            t.name: np.asarray(max(float(np.abs(values[t.name]).max()), 1e-12) / most)
            for t in graph.tensors
            if t.role != "weight" and not t.view_of and t.name in values
        }
    for name, rows in looked_up(graph).items():
        if name in units and rows - 1 > most:
            raise WorkloadError(
                f"{name}: chooses one of {rows} rows; {activations.name} counts to {most}"
            )
        units[name] = np.asarray(1.0)
    leaky = any(found.slope != 1.0 for found, _ in firsts if found is not None)
    room = min(accumulator, LEAKY_BIAS_BITS if leaky else BIAS_BITS)
    operations: list[Operation] = []
    whole: dict[str, Whole] = {}
    shifts: dict[str, Whole] = {}
    known = {t.name: values[t.name] for t in graph.tensors if t.role == "weight"
             and t.name in values}  # fmt: skip
    for members, (found, reason) in zip(parts, firsts, strict=True):
        if found is not None:
            data = units[root(graph, found.data.tensor)]
            if found.head.reduction == "max" and found.taken == 1:
                units[found.out] = data
            blocks = None
            if blocked(weights):
                one = _scaled_layer(graph, found, known, units, weights, activations, accumulator)
                name, rank = found.weight.tensor, summed_rank(found)
                if name in shifts and (shifts[name] != one.shifts).any():
                    operations.append(_alone(members, "shares weights, but not their shifts"))
                    continue
                whole[name], shifts[name] = one.whole, one.shifts
                blocks = (rank, weights.block) if rank is not None and one.shifted else None
                unit = np.asarray(1.0), one.unit
            else:
                unit = data, _weight_unit(graph, found, known, units, weights, whole)
            layer = _layer(graph, found, known, units, unit, activations, room)
            sums = values[found.head.output.tensor]
            each = np.broadcast_to(unit[0] * unit[1], found.head.sizes[found.channel])
            largest = peak(sums, each, dimension(found.head.output, found.channel))
            operations.append(replace(layer, blocks=blocks, peak=largest))
        rest = members[found.taken if found else 0 :]
        if rest:
            operations.append(_alone(rest, reason))
    return Network(
        graph=graph, operations=_joined(graph, operations), weights=whole,
        constants=dict(constants), units=units,
        weight_format=weights, activation_format=activations, shifts=shifts,
    )  # fmt: skip


def _alone(members: list[Einsum], reason: str) -> Host:
    return Host(name=members[0].name, einsums=tuple(members), reason=reason, writes=())


def _joined(graph: Workload, operations: list[Operation]) -> tuple[Operation, ...]:
    """Operations of the host that follow one another as one: what is between them stays floats."""
    found: list[Operation] = []
    for is_host, some in itertools.groupby(operations, lambda one: isinstance(one, Host)):
        together = list(some)
        hosts = [one for one in together if isinstance(one, Host)]
        if not is_host:
            found += together
            continue
        einsums = tuple(einsum for one in hosts for einsum in one.einsums)
        made = [einsum.output.tensor for einsum in einsums]
        wanted = {t.name for t in graph.tensors if t.role == "output"}
        for einsum in graph.einsums:
            if einsum.output.tensor not in made:
                wanted |= {s for access in einsum.inputs for s in graph.sources(access.tensor)}
        names = einsums[0].name, einsums[-1].name
        found.append(
            Host(
                name=names[0] if len(einsums) == 1 else f"{names[0]} to {names[1]}",
                einsums=einsums,
                reason="; ".join(dict.fromkeys(one.reason for one in hosts)),
                writes=tuple(name for name in made if name in wanted) or (made[-1],),
            )
        )
    return tuple(found)


def root(graph: Workload, name: str) -> str:
    """The tensor that owns what a view shows."""
    tensor = graph.tensor(name)
    return root(graph, tensor.view_of[0]) if tensor.view_of else name


def _leading(
    graph: Workload, members: list[Einsum], weights: Format, activations: Format
) -> tuple[Fused | None, str]:
    """What of a group the array runs, and why not more."""
    scaled = blocked(weights) or blocked(activations)
    found, reason = leading(graph, members, tables=looks_up(weights, activations))
    if found is not None and scaled and found.head.reduction == "max":
        return None, "maxima of what has scales of blocks"
    if found is None or not blocked(weights) or _constant(graph, found):
        return found, reason
    return None, "both factors are computed, and weights in the array come with their shifts"


def _constant(graph: Workload, one: Fused) -> bool:
    return graph.tensor(one.weight.tensor).role == "weight"


def _bias(one: Fused, constants: Mapping[str, Floats]) -> Floats:
    bias = np.zeros(one.head.sizes[one.channel])
    for name in one.biases:
        bias = bias + constants[name].reshape(-1)
    return bias


def _weight_unit(
    graph: Workload,
    one: Fused,
    constants: Mapping[str, Floats],
    units: Mapping[str, Floats],
    weights: Format,
    whole: dict[str, Whole],
) -> Floats:
    """What a weight's whole numbers count, by channel; those of constants are added to `whole`."""
    channels = one.head.sizes[one.channel]
    if not _constant(graph, one):
        return np.full(channels, units[root(graph, one.weight.tensor)])
    value = constants[one.weight.tensor]
    axis = dimension(one.weight, one.channel)
    _, most = grid(weights)
    axes = tuple(dim for dim in range(value.ndim) if dim != axis)
    unit = np.maximum(np.abs(value).max(axis=axes, keepdims=True), 1e-12) / most
    if one.head.reduction == "max":  # by ones
        unit = np.ones_like(unit)
    whole[one.weight.tensor] = to_grid(value, unit, weights)
    return np.broadcast_to(unit.reshape(-1), channels)


def _scaled_layer(
    graph: Workload,
    one: Fused,
    constants: Mapping[str, Floats],
    units: Mapping[str, Floats],
    weights: Format,
    activations: Format,
    accumulator: int,
) -> Scaled:
    """The weights of a layer under scales of blocks, those of its data taken along."""
    rank = summed_rank(one)
    data = units[root(graph, one.data.tensor)]
    shape = (1, -1) if rank is not None and data.size > 1 else (-1, 1)
    bounds = Bounds(
        most=grid(activations)[1],
        accumulator=accumulator,
        bias=_bias(one, constants),
        out=units[one.out].reshape(-1),
    )
    axes = dimension(one.weight, one.channel), dimension(one.weight, rank)
    return scaled(constants[one.weight.tensor], axes, data.reshape(shape), weights, bounds)


def _layer(
    graph: Workload,
    one: Fused,
    constants: Mapping[str, Floats],
    units: Mapping[str, Floats],
    unit: tuple[Floats, Floats],
    activations: Format,
    room: int,
) -> Layer:
    """A layer; `unit` is what whole numbers of its data and, by channel, of its weights count.

    Biases have `room` bits.
    """
    head = one.head
    data_unit, weight_unit = unit
    fine = QUARTERS if operand(activations).float else 0
    _, most = grid(activations)
    inside = most if fine or not one.function else (1 << TABLE_BITS - 1) - 1
    inner_unit = units[one.inner or one.out] * (most / inside)
    out_unit = inner_unit.reshape(-1) / 2**fine
    factor = one.scale * data_unit * weight_unit / out_unit
    slope = constants[one.slope].reshape(-1) if isinstance(one.slope, str) else one.slope
    negative = factor * slope
    largest = max(float(factor.max()), float(np.abs(negative).max()))
    shift = math.floor(MULTIPLIER_BITS - 1e-9 - math.log2(largest))
    shift = min(max(shift, 0), MOST_SHIFT)  # below 0 where outputs were never seen but as zero
    multiplier, negative = (
        np.clip(np.rint(each * 2.0**shift), -MOST_MULTIPLIER, MOST_MULTIPLIER)
        for each in (factor, negative)
    )
    added = np.rint(_bias(one, constants) / (data_unit * weight_unit))
    most_bias = 1 << room - 2
    # what limits by anything but zero has one unit
    limits = [limit if not limit else limit / float(inner_unit) for limit in (one.low, one.high)]
    limits = [
        inside * sign if one is None else one for sign, one in zip((-1, 1), limits, strict=True)
    ]
    low, high = (
        int(min(max(round(limit * 2**fine), -inside << fine), inside << fine)) for limit in limits
    )
    coefficient, residual_shift = 0.0, 0
    if one.residual is not None:
        residual_unit = float(units[root(graph, one.residual.tensor)])
        coefficient = one.factor * residual_unit / float(out_unit[0]) * 2.0**shift
        size = max(abs(coefficient), 1.0)
        residual_shift = max(math.ceil(math.log2(size) - MULTIPLIER_BITS + 1e-9), 0)
    return Layer(
        name=head.name,
        einsum=head,
        data=one.data,
        weight=one.weight,
        out=one.out,
        channel=one.channel,
        constant=_constant(graph, one),
        post=Post(
            bias=tuple(int(value) for value in np.clip(added, -most_bias, most_bias)),
            multiplier=tuple(int(value) for value in multiplier),
            shift=shift,
            low=low,
            high=high,
            residual=one.residual,
            residual_multiplier=round(coefficient / 2**residual_shift),
            residual_shift=residual_shift,
            negative=tuple(int(value) for value in negative) if one.slope != 1.0 else (),
            table=_table(one, float(inner_unit), float(units[one.out]), activations, constants)
            if one.function
            else (),
        ),
    )


def _table(
    one: Fused,
    inner_unit: float,
    out_unit: float,
    format: Format,
    constants: Mapping[str, Floats],
) -> tuple[int, ...]:
    """Codes of a function by those of its argument; what is no number is 0."""
    bits = index_bits(format)
    codes = np.arange(1 << bits)
    if operand(format).float:
        arguments = whole_of(codes.astype(np.uint64), format)
    else:
        arguments = as_signed(codes, bits)
    values = applied(one.function, one.inner, arguments * inner_unit, constants)
    _, most = grid(format)
    found = np.nan_to_num(values, nan=0.0, posinf=most * out_unit, neginf=-most * out_unit)
    return tuple(codes_of(to_grid(found, out_unit, format), format).tolist())
