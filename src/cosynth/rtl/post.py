"""Which einsums behind a contraction the chip's post-processing takes along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cosynth.mapping import operands
from cosynth.workload import Workload
from cosynth.workload.einsum import Access, Apply, Constant, Einsum, Expression, Index

# bits of the longest index of a table
TABLE_BITS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Fused:
    """A contraction, constants added to its channels, a scale, a tensor added, limits, so ordered.

    Negative sums are multiplied with a `slope`, a number or a constant by channel, before a tensor
    times `factor` is added, which may lack ranks of the sum. `taken` einsums of the group are in
    it. Those of `function` come last: they make `out` of each element of the tensor `inner`.
    """

    head: Einsum
    data: Access
    weight: Access
    out: str
    channel: str
    taken: int = 1
    biases: tuple[str, ...] = field(default=())
    scale: float = 1.0
    slope: float | str = 1.0
    residual: Access | None = None
    factor: float = 1.0
    low: float | None = None
    high: float | None = None
    function: tuple[Einsum, ...] = field(default=())
    inner: str = ""


def leading(
    graph: Workload, members: Sequence[Einsum], *, tables: bool = True
) -> tuple[Fused | None, str]:
    """Return as many leading einsums of a group as the array runs, and why not more.

    `tables` says whether functions can be looked up.
    """
    reason = ""
    for count in range(len(members), 0, -1):
        found = fused(graph, members[:count], tables=tables)
        if isinstance(found, Fused):
            return found, reason
        reason = found
    return None, reason


def fused(graph: Workload, members: Sequence[Einsum], *, tables: bool = True) -> Fused | str:
    """Return a group as the array and its post-processing run it, or why they do not."""
    head = members[0]
    if not head.contraction and not _greatest(head):
        return "no sum of products"
    if head.repeat != 1:
        return f"{head.repeat} copies in one"
    parts = {part: access for access, part in operands(head, graph)}
    if len(head.inputs) != 2 or set(parts) != {"input", "weight", "output"}:
        return f"{len(head.inputs)} factors"
    channel = _channel(head, parts["input"], parts["weight"])
    if channel is None:
        return "no rank for its channels"
    found = Fused(
        head=head, data=parts["input"], weight=parts["weight"], out=head.output.tensor,
        channel=channel,
    )  # fmt: skip
    for member in members[1:]:
        more = _followed(graph, found, member, tables=tables)
        if isinstance(more, str):
            return more
        found = replace(more, taken=found.taken + 1)
    if graph.tensor(found.out).shape != graph.tensor(head.output.tensor).shape:
        return f"{found.out}: another shape than its sum"
    return found


def _followed(graph: Workload, one: Fused, member: Einsum, *, tables: bool) -> Fused | str:
    """What was fused with one more einsum, or why not."""
    ranks = tuple(index.name for index in member.output.indices if index.name)
    if member.reduction is not None or member.output.ranks != ranks:
        return f"{member.name}: {member.operator or 'reduces'}"
    out = member.output.tensor
    if one.function:
        return _looked_up(graph, one, member, tables=tables)
    scale = _scale(member.expression, one.out)
    if scale is not None and scale > 0 and one.residual is None and one.low is one.high is None:
        return replace(one, out=out, scale=one.scale * scale)
    slope = _slope(graph, one, member)
    if (
        slope is not None
        and one.slope == 1.0
        and one.residual is None
        and one.low is one.high is None
    ):
        return replace(one, out=out, slope=slope)
    added = _added(member.expression, one.out)
    if added is not None and one.low is None and one.high is None:
        other, factor = added
        if graph.tensor(other.tensor).role != "weight":
            residual = _residual(graph, one, member, other)
            if residual is None:
                return f"{member.name}: adds a second tensor, or one of another shape"
            return replace(one, out=out, residual=residual, factor=factor)
        wrong = _constant(one, member, other, factor)
        if wrong:
            return f"{member.name}: {wrong}"
        return replace(one, out=out, biases=(*one.biases, other.tensor))
    limits = _limits(member.expression, one.out)
    if limits is None:
        return _looked_up(graph, one, member, tables=tables)
    lows = [low for low in (one.low, limits[0]) if low is not None]
    highs = [high for high in (one.high, limits[1]) if high is not None]
    return replace(one, out=out, low=max(lows, default=None), high=min(highs, default=None))


def _looked_up(graph: Workload, one: Fused, member: Einsum, *, tables: bool) -> Fused | str:
    """What was fused with a function of one argument, or why not."""
    said = f"{member.name}: {member.operator or member.expression}"
    for name in {access.tensor for access in member.inputs} - {one.out}:
        tensor = graph.tensor(name)
        if tensor.role != "weight" or tensor.size != 1:
            return said
    if not tables:
        return f"{said}; tables of functions have one scale and codes of up to {TABLE_BITS} bits"
    return replace(
        one, out=member.output.tensor, inner=one.inner or one.out, function=(*one.function, member)
    )


def _constant(one: Fused, member: Einsum, other: Access, factor: float) -> str:
    """Why a constant cannot be added, if so."""
    if one.head.reduction == "max":
        return "adds a constant to maxima"
    if not _by_channel(one.head, member, other, one.channel):
        return "adds a constant that is not by channel"
    if factor != 1.0:
        return "adds a multiple of a constant"
    if one.scale != 1 or one.slope != 1.0:
        return "adds a constant behind a scale"
    return "" if one.residual is None else "adds a constant behind a tensor"


def _residual(graph: Workload, one: Fused, member: Einsum, other: Access) -> Access | None:
    """How a tensor that is added is read at ranks of the sum, each alone; None if it is not."""
    if one.residual is not None or graph.tensor(other.tensor).view_of:
        return None
    writer = graph.producers().get(other.tensor)
    reduced = writer is not None and graph.einsums[writer].reduction is not None
    if not reduced and graph.tensor(other.tensor).size < graph.tensor(member.output.tensor).size:
        # a mask, perhaps, whose numbers are so large that they would leave nothing of the rest
        return None
    names = [index.name for index in member.output.indices]
    shape = graph.tensor(member.output.tensor).shape
    found, sizes = [], []
    for index in other.indices:
        if index.plain and index.name in names:
            at = names.index(index.name)
            found.append(one.head.output.indices[at])
            sizes.append(shape[at])
        elif index == Index():
            found.append(index)
            sizes.append(1)
        else:
            return None
    used = [index.name for index in found if index.name]
    if graph.tensor(other.tensor).shape != tuple(sizes) or len(set(used)) < len(used):
        return None
    return replace(other, indices=tuple(found))


def _greatest(head: Einsum) -> bool:
    """Whether an einsum keeps the greatest product of two tensors."""
    match head.expression:
        case Apply(function="*", arguments=(Access(), Access())):
            return head.reduction == "max"
    return False


def _channel(head: Einsum, data: Access, weight: Access) -> str | None:
    """The rank of the output that the weight has: alone if it can, else with the data.

    Where it has none, all outputs are alike, and the shortest rank serves. Of maxima, which are all
    alike, it is the rank that lies along columns.
    """
    if head.reduction == "max":
        plain = {index.name for index in data.indices if index.plain}
        return max(head.output.ranks, key=lambda r: (r in plain, head.sizes[r]), default=None)
    shared = [rank for rank in head.output.ranks if rank in weight.ranks]
    alone = [rank for rank in shared if rank not in data.ranks]
    rest = sorted(head.output.ranks, key=lambda rank: head.sizes[rank])
    return next(iter((*alone, *shared, *rest)), None)


def _added(expression: Expression, current: str) -> tuple[Access, float] | None:
    """The other term of a sum with what flows, or of a difference, and its factor."""
    match expression:
        case Apply(function="+" | "-" as name, arguments=(Access(tensor=first), other)) if (
            first == current
        ):
            found, sign = _multiple(other), 1.0 if name == "+" else -1.0
        case Apply(function="+", arguments=(other, Access(tensor=last))) if last == current:
            found, sign = _multiple(other), 1.0
        case _:
            return None
    if found is None or found[0].tensor == current:
        return None
    return found[0], found[1] * sign


def _multiple(expression: Expression) -> tuple[Access, float] | None:
    """A tensor and the constant that it is multiplied with."""
    if isinstance(expression, Access):
        return expression, 1.0
    if isinstance(expression, Apply):
        for read in expression.arguments:
            if isinstance(read, Access):
                scale = _scale(expression, read.tensor)
                return None if scale is None else (read, scale)
    return None


def _scale(expression: Expression, current: str) -> float | None:
    """The constant that what flows is multiplied with, or divided by."""
    match expression:
        case (
            Apply(function="*", arguments=(Access(tensor=name), Constant(value=value)))
            | Apply(function="*", arguments=(Constant(value=value), Access(tensor=name)))
        ) if name == current:
            return value
        case Apply(function="/", arguments=(Access(tensor=name), Constant(value=value))) if (
            name == current and value
        ):
            return 1 / value
    return None


def _slope(graph: Workload, one: Fused, member: Einsum) -> float | str | None:
    """What negative values of what flows are multiplied with, if that is all that is done."""
    match member.expression:
        case Apply(
            function="where",
            arguments=(
                Apply(function="less", arguments=(Constant(value=0.0), Access(tensor=asked))),
                Access(tensor=name),
                Apply(function="*", arguments=(Access(tensor=other), slope)),
            ),
        ) if asked == name == other == one.out:
            if isinstance(slope, Constant):
                return float(slope.value)
            if not isinstance(slope, Access) or graph.tensor(slope.tensor).role != "weight":
                return None
            if _by_channel(one.head, member, slope, one.channel):
                return slope.tensor
    return None


def _limits(expression: Expression, current: str) -> tuple[float | None, float | None] | None:
    """Lowest and highest value of what only clips what flows."""
    match expression:
        case Access(tensor=name):
            return (None, None) if name == current else None
        case Apply(function="relu", arguments=(inner,)):
            found = _limits(inner, current)
            return None if found is None else (max(found[0] or 0.0, 0.0), found[1])
        case (
            Apply(function="min" | "max" as name, arguments=(inner, Constant(value=value)))
            | Apply(function="min" | "max" as name, arguments=(Constant(value=value), inner))
        ):
            found = _limits(inner, current)
            if found is None:
                return None
            low, high = found
            if name == "max":
                return (value if low is None else max(low, value)), high
            return low, (value if high is None else min(high, value))
    return None


def _by_channel(head: Einsum, member: Einsum, other: Access, channel: str) -> bool:
    """Whether a constant has one element for each channel, in whatever dimension."""
    dim = next(d for d, index in enumerate(head.output.indices) if index.name == channel)
    return other.ranks == (member.output.indices[dim].name,)
