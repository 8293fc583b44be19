"""A training step: the forward pass, its gradients, and the optimiser's update."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cosynth.errors import WorkloadError, did_you_mean
from cosynth.workload.einsum import Access, Einsum, Expression, Index, Term, accesses
from cosynth.workload.graph import Tensor, Workload, checked
from cosynth.workload.notation import parse
from cosynth.workload.passes.derivative import ZERO, apply, derivative, product
from cosynth.workload.passes.rewrite import plain_ranks, redirected

# optimiser -> its state tensors, each with its update; `w` is the weight and `g` its gradient
OPTIMISERS = {
    "sgd": {"w": "w[] - g[] * 0.01"},
    "momentum": {"m": "m[] * 0.9 + g[]", "w": "w[] - m[] * 0.01"},
    "adam": {
        "m": "m[] * 0.9 + g[] * 0.1",
        "v": "v[] * 0.999 + square(g[]) * 0.001",
        "w": "w[] - m[] * 0.001 / (sqrt(v[]) + 1e-08)",
    },
}


def train(workload: Workload, optimiser: str = "adam") -> Workload:
    """Return forward pass, backward pass and update of all weights as one graph.

    Each contraction gets one of equal size per operand that has a gradient; model inputs have none.
    Activations that the backward pass reads again become states, as are the optimiser's tensors.
    Gradients of the outputs are inputs.
    """
    if optimiser not in OPTIMISERS:
        near = did_you_mean(optimiser, OPTIMISERS) or f"; known: {', '.join(OPTIMISERS)}"
        raise WorkloadError(f"{workload.name}: unknown optimiser {optimiser!r}{near}")
    if not any(t.role == "output" for t in workload.tensors):
        raise WorkloadError(f"{workload.name}: no output, hence no gradient to start from")
    step = _Step(workload=workload, tensors={t.name: t for t in workload.tensors})
    step.backward()
    for tensor in workload.tensors:
        if tensor.role == "weight" and not tensor.view_of:
            step.update(tensor, optimiser)
    step.save()
    return checked(
        replace(
            workload,
            name=f"{workload.name} training",
            tensors=tuple(step.tensors.values()),
            einsums=(*workload.einsums, *step.einsums),
        )
    )


@dataclass(slots=True, kw_only=True)
class _Step:
    """Collects the gradient einsums; `parts` are a tensor's gradients by reader, not yet summed."""

    workload: Workload
    tensors: dict[str, Tensor]
    einsums: list[Einsum] = field(default_factory=list)
    parts: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    sums: dict[str, str | None] = field(default_factory=dict)
    learns: set[str] = field(default_factory=set)

    def backward(self) -> None:
        """Walk the graph from its outputs to its weights."""
        self.learns = _learning(self.workload)
        for tensor in self.workload.tensors:
            if tensor.role == "output" and tensor.name in self.learns:
                seed = Tensor(name=f"d.{tensor.name}", shape=tensor.shape, role="input")
                self.parts[tensor.name] = [(self.define(seed), tensor.size)]
        for einsum in reversed(self.workload.einsums):
            slope = self.gradient(einsum.output.tensor)
            if slope is None:
                continue
            for access in dict.fromkeys(accesses(einsum.expression)):
                if access.tensor in self.learns:
                    self.differentiate(einsum, access, slope)

    def define(self, tensor: Tensor) -> str:
        """Add a tensor, under another name if its own is taken."""
        name, copy = tensor.name, 1
        while name in self.tensors:
            copy += 1
            name = f"{tensor.name}.{copy}"
        self.tensors[name] = replace(tensor, name=name)
        return name

    def gradient(self, name: str) -> str | None:
        """Return the tensor holding the whole gradient of an owner of data, summing its parts."""
        if name in self.sums:
            return self.sums[name]
        tensor = self.tensors[name]
        parts = self.parts.get(name, [])
        full = [part for part, size in parts if size >= tensor.size]
        pieces = [(part, size) for part, size in parts if size < tensor.size]
        if pieces and sum(size for _, size in pieces) <= tensor.size:
            # slices of one tensor lie side by side
            names = tuple(part for part, _ in pieces)
            full.append(self.view(f"d.{name}", tensor, names))
        else:
            full += [self.view(f"d.{name}", tensor, (part,)) for part, _ in pieces]
        if len(full) > 1:
            ranks, bounds = _ranks(tensor.shape)
            text = " + ".join(f"`{part}`[{ranks}]" for part in full)
            full = [self.pointwise(f"d.{name}", tensor, text, bounds, tensor.repeat)]
        self.sums[name] = full[0] if full else None
        return self.sums[name]

    def view(self, name: str, like: Tensor, of: tuple[str, ...]) -> str:
        """Gradients seen under the shape of the tensor they belong to."""
        if len(of) == 1 and self.tensors[of[0]].shape == like.shape:
            return of[0]
        return self.define(Tensor(name=name, shape=like.shape, role="activation", view_of=of))

    def pointwise(
        self, name: str, like: Tensor, text: str, bounds: dict[str, int], repeat: int
    ) -> str:
        """Write an einsum over all elements of a tensor."""
        made = self.define(
            Tensor(name=name, shape=like.shape, role="activation", repeat=like.repeat)
        )
        statement = f"`{made}`[{','.join(bounds)}] = {text}"
        self.einsums.append(parse(statement, bounds, name=made, repeat=repeat, operator="Gradient"))
        return made

    def differentiate(self, einsum: Einsum, access: Access, slope: str) -> None:
        """Append the einsum for the gradient that flows through one access."""
        read: Expression = replace(einsum.output, tensor=slope)
        match einsum.reduction:
            case "max" | "min":
                hit = apply("equal", einsum.expression, einsum.output)
                flow = product(read, hit, derivative(einsum.expression, access))
            case "*":
                rest = apply("/", einsum.output, einsum.expression)
                flow = product(read, rest, derivative(einsum.expression, access))
            case _:
                flow = product(read, derivative(einsum.expression, access))
        if flow == ZERO:
            return
        tensor = self.tensors[access.tensor]
        part = self.define(
            Tensor(
                name=f"d.{access.tensor}",
                shape=tensor.shape,
                role="activation",
                repeat=tensor.repeat if tensor.role == "weight" else einsum.repeat,
            )
        )
        self.scatter(einsum, replace(access, tensor=part), flow)
        self.flow(access.tensor, part, tensor.size)

    def scatter(self, einsum: Einsum, output: Access, flow: Expression) -> None:
        """Write `output (+)= flow`; sums are needed where elements are met more than once."""
        ranks = plain_ranks(output)
        summed = ranks is None or set(ranks) != set(einsum.ranks)
        made = Einsum(
            name=output.tensor,
            output=output,
            expression=flow,
            bounds=einsum.bounds,
            reduction="+" if summed else None,
            repeat=einsum.repeat,
            operator="Gradient",
        )
        if made.contraction and not einsum.contraction:
            # a sum of products that trains a vector is no matrix product: multiply, then add
            terms = tuple(Index(terms=(Term(rank=rank),)) for rank in einsum.ranks)
            shape = tuple(size for _, size in einsum.bounds)
            name = f"{output.tensor}.terms"
            point = self.define(
                Tensor(name=name, shape=shape, role="activation", repeat=einsum.repeat)
            )
            each = Access(tensor=point, indices=terms)
            self.einsums.append(replace(made, name=point, output=each, reduction=None))
            made = replace(made, expression=each)
        self.einsums.append(made)

    def flow(self, name: str, part: str, size: int) -> None:
        """Hand a gradient on to the tensors that own the data."""
        tensor = self.tensors[name]
        if not tensor.view_of:
            self.parts.setdefault(name, []).append((part, size))
            return
        for below in tensor.view_of:
            under = self.tensors[below]
            if not self.learns.intersection(self.workload.sources(below)):
                continue
            seen = part
            if under.shape != tensor.shape and (len(tensor.view_of) > 1 or size == under.size):
                seen = self.view(f"d.{below}", under, (part,))
            self.flow(below, seen, min(size, under.size))

    def update(self, weight: Tensor, optimiser: str) -> None:
        """Append the optimiser's new values of a weight and of its state tensors."""
        gradient = self.gradient(weight.name)
        if gradient is None:
            return
        ranks, bounds = _ranks(weight.shape)
        names = {"w": weight.name, "g": gradient}
        for short, update in OPTIMISERS[optimiser].items():
            if short != "w":
                state = replace(weight, name=f"{weight.name}.{short}", role="state", format=None)
                names[short] = self.define(state)
            held = self.tensors[names[short]]
            after = self.define(replace(held, name=f"{held.name}.next", view_of=(held.name,)))
            text = f"y[{ranks}] = " + update.replace("]", f"{ranks}]")
            new = parse(text, bounds, name=after, repeat=weight.repeat, operator="Update")
            self.einsums.append(
                replace(redirected(new, names), output=replace(new.output, tensor=after))
            )
            names[short] = after

    def save(self) -> None:
        """Turn activations of the forward pass that are read again into states."""
        forward = {einsum.output.tensor for einsum in self.workload.einsums}
        graph = replace(self.workload, tensors=tuple(self.tensors.values()))
        for einsum in self.einsums:
            for access in einsum.inputs:
                for name in graph.sources(access.tensor):
                    if name in forward and self.tensors[name].role == "activation":
                        self.tensors[name] = replace(self.tensors[name], role="state")


def _learning(workload: Workload) -> set[str]:
    """Names of tensors that have a gradient: weights, states, and all that depends on them."""
    views: dict[str, list[str]] = {}
    for tensor in workload.tensors:
        for source in workload.sources(tensor.name) if tensor.view_of else ():
            views.setdefault(source, []).append(tensor.name)
    found = {t.name for t in workload.tensors if t.role in {"weight", "state"} and not t.view_of}
    found |= {view for source in tuple(found) for view in views.get(source, ())}
    for einsum in workload.einsums:
        if any(access.tensor in found for access in accesses(einsum.expression)):
            found.update((einsum.output.tensor, *views.get(einsum.output.tensor, ())))
    return found


def _ranks(shape: Sequence[int]) -> tuple[str, dict[str, int]]:
    bounds = {f"i{at}": size for at, size in enumerate(shape)}
    return ",".join(bounds), bounds
