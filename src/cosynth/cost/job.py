"""One execution group with its number formats: what the cost model prices."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from cosynth.format import Assignment, Format, known
from cosynth.mapping import operands
from cosynth.workload import Einsum, Workload


@dataclass(frozen=True, kw_only=True, eq=False)
class Job:
    """A head einsum, and what is applied to its output as it drains.

    `formats` gives each operand of the head its format (the output that of the last member);
    `extras` are tensors the members read besides: (name, elements, format). Jobs are compared by
    identity: what is derived from one is cached under it. A `twin` has the same head but for names,
    so that whatever was found for it holds here too.
    """

    name: str
    einsum: Einsum
    workload: Workload
    formats: tuple[tuple[str, Format], ...]
    extras: tuple[tuple[str, int, Format], ...] = ()
    vector_operations: int = 0
    operators: tuple[str, ...] = ()
    twin: Job | None = None

    @cached_property
    def format(self) -> dict[str, Format]:
        """Operand name -> format."""
        return dict(self.formats)

    @cached_property
    def parts(self) -> dict[str, str]:
        """Operand name -> the part it plays."""
        return {access.tensor: part for access, part in operands(self.einsum, self.workload)}

    @cached_property
    def bits(self) -> dict[str, float]:
        """Operand name -> bits stored per element, scales amortised."""
        return {name: format.bits for name, format in self.formats}

    @property
    def head(self) -> Job:
        """The job to ask about the head: the twin, if there is one."""
        return self.twin or self

    def renamed(self, tensor: str) -> str:
        """Own name of an operand of the twin."""
        return dict(zip(self.head.parts, self.parts, strict=True))[tensor]

    @cached_property
    def factors(self) -> tuple[Format, Format]:
        """Formats of the two factors of a multiply-accumulate (of the operand twice, if alone)."""
        inputs = [self.format[access.tensor] for access in self.einsum.inputs[:2]]
        return (inputs[0], inputs[-1]) if inputs else (known("int8"), known("int8"))


def job(workload: Workload, group: tuple[int, ...], assignment: Assignment) -> Job:
    """Return the job of an execution group; a format the model itself prescribes wins."""
    members = [workload.einsums[at] for at in group]
    head, last = members[0], members[-1]

    def format_of(tensor: str) -> Format:
        found = workload.tensor(tensor)
        return known(found.format) if found.format else assignment.of(found.role, head.name)

    inside = {member.output.tensor for member in members}
    extras: dict[str, tuple[str, int, Format]] = {}
    for member in members[1:]:
        for access in member.inputs:
            tensor = workload.tensor(access.tensor)
            if inside.isdisjoint(workload.sources(access.tensor)):
                extras[access.tensor] = (access.tensor, tensor.size, format_of(access.tensor))
    formats = {access.tensor: format_of(access.tensor) for access in head.inputs}
    formats[head.output.tensor] = format_of(last.output.tensor)
    return Job(
        name=head.name,
        einsum=head,
        workload=workload,
        formats=tuple(formats.items()),
        extras=tuple(extras.values()),
        vector_operations=math.ceil(sum(member.vector_operations for member in members)),
        operators=tuple(member.operator for member in members if member.operator),
    )
