"""One statement of extended-einsum notation as data: accesses, index expressions, reductions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

# reduction -> the word it is written with in front of the expression; "+" is written `+=`
REDUCTIONS = {"+": "sum", "max": "max", "min": "min", "*": "prod"}
# scalar functions -> how many arguments they take
FUNCTIONS = {
    "abs": 1, "ceil": 1, "cos": 1, "elu": 1, "erf": 1, "exp": 1, "floor": 1, "gelu": 1,
    "hardsigmoid": 1, "hardswish": 1, "log": 1, "max": 2, "min": 2, "mish": 1, "not": 1, "pow": 2,
    "quantize": 1, "relu": 1, "round": 1, "rsqrt": 1, "sigmoid": 1, "sign": 1, "silu": 1, "sin": 1,
    "softplus": 1, "sqrt": 1, "square": 1, "tanh": 1, "where": 3, "less": 2, "equal": 2,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """`coefficient * (rank // divisor % modulus)`; a modulus of 0 means none."""

    rank: str
    coefficient: int = 1
    divisor: int = 1
    modulus: int = 0

    def __str__(self) -> str:
        text = self.rank
        text += f"//{self.divisor}" if self.divisor != 1 else ""
        text += f"%{self.modulus}" if self.modulus else ""
        return text + (f"*{self.coefficient}" if self.coefficient != 1 else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """One dimension of an access: a sum of terms and an offset, or a look-up through a tensor.

    Positions outside the tensor are padding: they read the reduction's neutral element, are never
    stored or moved, but their multiply-accumulates count.
    """

    terms: tuple[Term, ...] = ()
    offset: int = 0
    lookup: Access | None = None

    @property
    def ranks(self) -> tuple[str, ...]:
        """Ranks this dimension depends on, in order of appearance."""
        if self.lookup is not None:
            return self.lookup.ranks
        if len(self.terms) == 1:
            return (self.terms[0].rank,)
        return tuple(dict.fromkeys(term.rank for term in self.terms))

    @property
    def plain(self) -> bool:
        """Whether the dimension is one bare rank."""
        if self.lookup is not None or self.offset or len(self.terms) != 1:
            return False
        term = self.terms[0]
        return term.coefficient == 1 and term.divisor == 1 and not term.modulus

    @property
    def name(self) -> str:
        """The first rank, or an empty text for a constant index."""
        return self.ranks[0] if self.ranks else ""

    def __str__(self) -> str:
        if self.lookup is not None:
            return str(self.lookup)
        text = "+".join(str(term) for term in self.terms)
        if self.offset or not text:
            text += f"{self.offset:+d}" if text else str(self.offset)
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A tensor read or written at index expressions; `density` is its share of non-zeros."""

    tensor: str
    indices: tuple[Index, ...] = ()
    density: Fraction = Fraction(1)

    @property
    def ranks(self) -> tuple[str, ...]:
        """Ranks used by any dimension, in order of appearance."""
        return tuple(dict.fromkeys(rank for index in self.indices for rank in index.ranks))

    def __str__(self) -> str:
        bare = self.tensor.isascii() and self.tensor.isidentifier()
        name = self.tensor if bare else f"`{self.tensor}`"
        dense = "" if self.density == 1 else f"{{{self.density}}}"
        return f"{name}[{','.join(str(index) for index in self.indices)}]{dense}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """A literal number in an expression."""

    value: float

    def __str__(self) -> str:
        return f"{self.value:g}" if float(f"{self.value:g}") == self.value else repr(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply:
    """A function or one of `+ - * /` applied to expressions."""

    function: str
    arguments: tuple[Expression, ...]

    def __str__(self) -> str:
        if self.function not in PRECEDENCE:
            return f"{self.function}({', '.join(str(argument) for argument in self.arguments)})"
        left, right = self.arguments
        level = PRECEDENCE[self.function]
        # `a - (b + c)` needs its brackets, `(a - b) + c` does not
        return f"{_bracketed(left, level)} {self.function} {_bracketed(right, level + 1)}"


PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2}
Expression = Access | Constant | Apply


def _bracketed(expression: Expression, level: int) -> str:
    inner = PRECEDENCE.get(expression.function, 9) if isinstance(expression, Apply) else 9
    return f"({expression})" if inner < level else str(expression)


@dataclass(frozen=True, slots=True, kw_only=True)
class Einsum:
    """One operation: `output (reduction)= expression` over `bounds`, `repeat` equal times.

    `bounds` gives every rank its size. `operator` says what it was in the model it came from.
    """

    name: str
    output: Access
    expression: Expression
    bounds: tuple[tuple[str, int], ...]
    reduction: str | None = None
    repeat: int = 1
    operator: str = ""

    def __str__(self) -> str:
        """The notation; `parse` reads it back."""
        if self.reduction is None:
            return f"{self.output} = {self.expression}"
        if self.reduction == "+":
            return f"{self.output} += {self.expression}"
        over = ",".join(self.reduced)
        return f"{self.output} = {REDUCTIONS[self.reduction]}({over}) {self.expression}"

    def __hash__(self) -> int:
        """Cheap, for caches: einsums of one name and size seldom differ."""
        return hash((self.name, self.bounds))

    @property
    def ranks(self) -> tuple[str, ...]:
        """All rank names, in the order of `bounds`."""
        return tuple(rank for rank, _ in self.bounds)

    @property
    def sizes(self) -> dict[str, int]:
        """Rank name -> size."""
        return dict(self.bounds)

    @property
    def reduced(self) -> tuple[str, ...]:
        """Ranks summed (or otherwise reduced) away."""
        kept = set(self.output.ranks)
        return tuple(rank for rank in self.ranks if rank not in kept)

    @property
    def inputs(self) -> tuple[Access, ...]:
        """Tensor accesses read, in order; look-up tables of indirect indices come last."""
        return _inputs(self)

    @property
    def points(self) -> int:
        """Size of the iteration space of one copy."""
        return math.prod(size for _, size in self.bounds)

    @property
    def contraction(self) -> bool:
        """Whether each point is a multiply-accumulate: a sum over products of two tensors."""
        return self.reduction == "+" and _factors(self.expression) >= 2

    @property
    def operations(self) -> int:
        """Multiply-accumulates of all copies, one each; densities skip, padding counts."""
        if not self.contraction:
            return 0
        share = math.prod((access.density for access in self.inputs), start=Fraction(1))
        return math.ceil(self.points * self.repeat * share)

    @property
    def vector_operations(self) -> int:
        """Scalar operations of all copies that are not multiply-accumulates."""
        steps = _steps(self.expression) + (self.reduction is not None)
        # one product and one sum of a contraction are the multiply-accumulate
        return (steps - 2 if self.contraction else steps) * self.points * self.repeat

    def resized(self, **sizes: int) -> Einsum:
        """Return a copy in which the named ranks have other sizes."""
        return replace(self, bounds=tuple((r, sizes.get(r, size)) for r, size in self.bounds))


def accesses(expression: Expression) -> Iterator[Access]:
    """Yield the tensor accesses of an expression from left to right."""
    match expression:
        case Access():
            yield expression
        case Apply():
            for argument in expression.arguments:
                yield from accesses(argument)


@lru_cache(maxsize=1 << 14)
def _inputs(einsum: Einsum) -> tuple[Access, ...]:
    direct = tuple(accesses(einsum.expression))
    indirect = tuple(index.lookup for access in direct for index in access.indices if index.lookup)
    return direct + indirect


def _factors(expression: Expression) -> int:
    """Tensors multiplied at the top of the expression; 0 when something else happens there."""
    match expression:
        case Access():
            return 1
        case Apply(function="*", arguments=(left, right)):
            a, b = _factors(left), _factors(right)
            return a + b if a and b else 0
    return 0


def _steps(expression: Expression) -> int:
    if isinstance(expression, Apply):
        return 1 + sum(_steps(argument) for argument in expression.arguments)
    return 0
