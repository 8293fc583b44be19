"""A network in whole numbers: what the array computes, and what the host."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosynth.errors import WorkloadError
from cosynth.format import Format
from cosynth.rtl.bits import as_signed
from cosynth.rtl.chip import TABLE_BITS, index_bits
from cosynth.rtl.evaluate import applied
from cosynth.rtl.floats import looked_up, run_floats
from cosynth.rtl.operands import Operand, operand
from cosynth.rtl.post import Fused, leading
from cosynth.rtl.words import codes_of, whole_of
from cosynth.rtl.work import Post
from cosynth.workload import Access, Einsum, Workload

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
MULTIPLIER_BITS = 15  # and a sign
MOST_MULTIPLIER = (1 << MULTIPLIER_BITS) - 1
MOST_SHIFT = 62
# a float's lane counts quarters of its smallest step: `lane.sv`
QUARTERS = 2


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
    """Operations in order. `weights` are whole numbers, `units` what one stands for."""

    graph: Workload
    operations: tuple[Operation, ...]
    weights: Mapping[str, Whole]
    constants: Mapping[str, Floats]
    units: Mapping[str, float]
    weight_format: Format
    activation_format: Format

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of what the user gives."""
        return tuple(tensor.name for tensor in self.graph.tensors
                     if tensor.role == "input" and not tensor.view_of)  # fmt: skip


def grid(format: Format) -> tuple[Operand, int]:
    """How circuits see a format, and its largest whole number."""
    one = operand(format)
    largest = (
        min(format.element.largest, -format.element.lowest)
        if format.element.lowest
        else format.element.largest
    )
    return one, int(largest / 2.0**one.step)


def to_grid(values: Floats, unit: float | Floats, format: Format) -> Whole:
    """Whole numbers nearest to values, as the format's element has them."""
    one, most = grid(format)
    scaled = values / unit
    if not one.float:
        return np.clip(np.rint(scaled), -most, most).astype(np.int64)
    size = np.abs(scaled)
    binade = np.maximum(np.floor(np.log2(np.maximum(size, 1.0))), one.mantissa) - one.mantissa
    step = np.exp2(binade)
    found = np.minimum(np.rint(size / step) * step, most)
    return np.asarray(np.sign(scaled) * found, dtype=np.int64)


def quantised(
    graph: Workload,
    groups: tuple[tuple[int, ...], ...],
    constants: Mapping[str, Floats],
    inputs: Mapping[str, Floats],
    weights: Format,
    activations: Format,
) -> Network:
    """Return a network whose scales come from a run on `inputs`.

    Weights have a scale for each channel, activations one for the tensor: the largest magnitude
    seen is the format's largest.
    """
    values = run_floats(graph, constants, inputs)
    _, most = grid(activations)
    units: dict[str, float] = {}
    for tensor in graph.tensors:
        if tensor.role != "weight" and not tensor.view_of and tensor.name in values:
            units[tensor.name] = max(float(np.abs(values[tensor.name]).max()), 1e-12) / most
    for name, rows in looked_up(graph).items():
        if name in units and rows - 1 > most:
            raise WorkloadError(
                f"{name}: chooses one of {rows} rows; {activations.name} counts to {most}"
            )
        units[name] = 1.0
    operations: list[Operation] = []
    whole: dict[str, Whole] = {}
    known = {t.name: values[t.name] for t in graph.tensors if t.role == "weight"
             and t.name in values}  # fmt: skip
    for group in groups:
        members = [graph.einsums[at] for at in group]
        found, reason = leading(graph, members, tables=index_bits(activations) > 0)
        if found is not None:
            if found.head.reduction == "max" and found.taken == 1:
                units[found.out] = units[_root(graph, found.data.tensor)]
            operations.append(_layer(graph, found, known, units, weights, activations, whole))
            members = members[found.taken :]
        if members:
            operations.append(
                Host(name=members[0].name, einsums=tuple(members), reason=reason, writes=())
            )
    return Network(
        graph=graph, operations=_joined(graph, operations), weights=whole,
        constants=dict(constants), units=units,
        weight_format=weights, activation_format=activations,
    )  # fmt: skip


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


def _root(graph: Workload, name: str) -> str:
    """The tensor that owns what a view shows."""
    tensor = graph.tensor(name)
    return _root(graph, tensor.view_of[0]) if tensor.view_of else name


def _layer(
    graph: Workload,
    one: Fused,
    constants: Mapping[str, Floats],
    units: Mapping[str, float],
    weights: Format,
    activations: Format,
    whole: dict[str, Whole],
) -> Layer:
    head = one.head
    channels = head.sizes[one.channel]
    data_unit = units[_root(graph, one.data.tensor)]
    constant = graph.tensor(one.weight.tensor).role == "weight"
    if constant:
        value = constants[one.weight.tensor]
        axis = next(
            (
                dim
                for dim, index in enumerate(one.weight.indices)
                if index.plain and index.name == one.channel
            ),
            None,
        )
        _, most = grid(weights)
        axes = tuple(dim for dim in range(value.ndim) if dim != axis)
        unit = np.maximum(np.abs(value).max(axis=axes, keepdims=True), 1e-12) / most
        if head.reduction == "max":  # by ones
            unit = np.ones_like(unit)
        whole[one.weight.tensor] = to_grid(value, unit, weights)
        weight_unit = np.broadcast_to(unit.reshape(-1), channels)
    else:
        weight_unit = np.full(channels, units[_root(graph, one.weight.tensor)])
    fine = QUARTERS if operand(activations).float else 0
    _, most = grid(activations)
    inside = most if fine or not one.function else (1 << TABLE_BITS - 1) - 1
    inner_unit = units[one.inner or one.out] * most / inside
    out_unit = inner_unit / 2**fine
    factor = one.scale * data_unit * weight_unit / out_unit
    slope = constants[one.slope].reshape(-1) if isinstance(one.slope, str) else one.slope
    negative = factor * slope
    largest = max(float(factor.max()), float(np.abs(negative).max()))
    shift = min(math.floor(MULTIPLIER_BITS - 1e-9 - math.log2(largest)), MOST_SHIFT)
    multiplier, negative = (
        np.clip(np.rint(each * 2.0**shift), -MOST_MULTIPLIER, MOST_MULTIPLIER)
        for each in (factor, negative)
    )
    bias = np.zeros(channels)
    for name in one.biases:
        bias = bias + constants[name].reshape(-1)
    added = np.rint(bias / (data_unit * weight_unit))
    limits = [-inside if one.low is None else one.low / inner_unit,
              inside if one.high is None else one.high / inner_unit]  # fmt: skip
    low, high = (
        int(min(max(round(limit * 2**fine), -inside << fine), inside << fine)) for limit in limits
    )
    coefficient, residual_shift = 0.0, 0
    if one.residual:
        coefficient = units[_root(graph, one.residual)] / out_unit * 2.0**shift
        residual_shift = max(math.ceil(math.log2(coefficient) - MULTIPLIER_BITS + 1e-9), 0)
    return Layer(
        name=head.name,
        einsum=head,
        data=one.data,
        weight=one.weight,
        out=one.out,
        channel=one.channel,
        constant=constant,
        post=Post(
            bias=tuple(int(value) for value in np.clip(added, -(1 << 30), (1 << 30))),
            multiplier=tuple(int(value) for value in multiplier),
            shift=shift,
            low=low,
            high=high,
            residual=one.residual,
            residual_multiplier=round(coefficient / 2**residual_shift),
            residual_shift=residual_shift,
            negative=tuple(int(value) for value in negative) if one.slope != 1.0 else (),
            table=_table(one, inner_unit, units[one.out], activations, constants)
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
    found = np.nan_to_num(values, nan=0.0)
    return tuple(codes_of(to_grid(found, out_unit, format), format).tolist())
