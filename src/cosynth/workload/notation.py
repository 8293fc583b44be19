"""Extended-einsum notation: text to `Einsum`. Mistakes point at their column."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from cosynth.errors import NotationError, did_you_mean
from cosynth.workload.einsum import (
    FUNCTIONS,
    REDUCTIONS,
    Access,
    Apply,
    Constant,
    Einsum,
    Expression,
    Index,
    Term,
    accesses,
)

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_]\w*)|`(?P<quoted>[^`]+)`|(?P<sign>\+=|//|[-+*/%=(),\[\]{}]))"
)
_LONGEST, _DEEPEST, _MOST = 4000, 120, 200  # words, levels of brackets (3 each), operators
_WORDS = {word: reduction for reduction, word in REDUCTIONS.items()}


def parse(
    text: str,
    bounds: Mapping[str, int],
    *,
    name: str = "",
    repeat: int = 1,
    operator: str = "",
) -> Einsum:
    """Read one statement; `bounds` gives the size of every rank used (others are ignored).

    Raises NotationError, pointing at the column, for anything that does not parse or bind.

    >>> einsum = parse("O[k,p] += I[c,p*2+r-1] * W[k,c,r]", dict(k=4, p=8, c=3, r=3))
    >>> str(einsum), einsum.operations, einsum.reduced
    ('O[k,p] += I[c,p*2+r-1] * W[k,c,r]', 288, ('c', 'r'))
    """
    reader = _Reader(text=text)
    output = reader.access()
    reduction: str | None = None
    stated: tuple[str, ...] | None = None
    if reader.take("+="):
        reduction = "+"
    else:
        reader.expect("=")
        reduction, stated = reader.reduction()
    start = reader.column
    expression = reader.expression()
    reader.finish()
    ranks = dict.fromkeys(output.ranks)
    for access in accesses(expression):
        ranks.update(dict.fromkeys(access.ranks))
    for rank in ranks:
        column = reader.columns.get(rank, 1)
        if rank not in bounds:
            raise NotationError(
                text, column, f"rank {rank!r} has no size{did_you_mean(rank, bounds)}"
            )
        if bounds[rank] < 1:
            raise NotationError(
                text, column, f"rank {rank!r} has size {bounds[rank]}, not 1 or more"
            )
    einsum = Einsum(
        name=name or output.tensor,
        output=output,
        expression=expression,
        bounds=tuple((rank, int(bounds[rank])) for rank in ranks),
        reduction=reduction,
        repeat=repeat,
        operator=operator,
    )
    _check_reduction(einsum, text, start, stated)
    return einsum


def _check_reduction(
    einsum: Einsum, text: str, column: int, stated: tuple[str, ...] | None
) -> None:
    missing = einsum.reduced
    if einsum.reduction is None and missing:
        raise NotationError(
            text, column, f"{', '.join(missing)} not in the output: write '+=', or 'max(...)'"
        )
    if stated is not None and set(stated) != set(missing):
        raise NotationError(
            text,
            column,
            f"reduces over {', '.join(stated)}, but the output lacks {', '.join(missing)}",
        )


@dataclass(slots=True, kw_only=True)
class _Reader:
    """A cursor over the tokens of one statement."""

    text: str
    position: int = 0
    tokens: list[tuple[str, str, int]] = field(default_factory=list)
    columns: dict[str, int] = field(default_factory=dict)
    nested: int = 0
    operators: int = 0

    def __post_init__(self) -> None:
        place = 0
        while self.text[place:].strip():
            match = _TOKEN.match(self.text, place)
            if not match:
                place += len(self.text[place:]) - len(self.text[place:].lstrip())
                raise NotationError(self.text, place + 1, f"unexpected {self.text[place]!r}")
            kind = match.lastgroup or ""
            self.tokens.append((kind, match.group(kind), match.start(kind) + 1))
            place = match.end()
        if len(self.tokens) > _LONGEST:
            raise NotationError(
                self.text[:60] + "...", 1, f"longer than {_LONGEST} words: write it as several"
            )

    @property
    def column(self) -> int:
        """1-based column of the next token."""
        if self.position < len(self.tokens):
            return self.tokens[self.position][2]
        return len(self.text) + 1

    def peek(self, ahead: int = 0) -> tuple[str, str]:
        """Kind and text of a coming token; empty at the end."""
        at = self.position + ahead
        if at >= len(self.tokens):
            return ("", "")
        kind, text, _ = self.tokens[at]
        return kind, text

    def take(self, sign: str) -> bool:
        """Step over `sign` if it comes next."""
        if self.peek() == ("sign", sign):
            self.position += 1
            return True
        return False

    def expect(self, sign: str) -> None:
        """Step over `sign` or fail."""
        if not self.take(sign):
            self.fail(f"expected {sign!r}, found {self.peek()[1] or 'the end'!r}")

    def fail(self, problem: str) -> None:
        """Raise at the next token."""
        raise NotationError(self.text, self.column, problem)

    def finish(self) -> None:
        """Fail unless everything was read."""
        if self.position < len(self.tokens):
            self.fail(f"unexpected {self.peek()[1]!r} after the statement")

    def access(self) -> Access:
        """`name[index, ...]{density}`."""
        kind, name = self.peek()
        if kind not in {"name", "quoted"}:
            self.fail(f"expected a tensor, found {name or 'the end'!r}")
        self.position += 1
        self.expect("[")
        indices: list[Index] = []
        while not self.take("]"):
            if indices:
                self.expect(",")
            indices.append(self.index())
        return Access(tensor=name, indices=tuple(indices), density=self.density())

    def density(self) -> Fraction:
        """`{2/8}`, or 1 when absent."""
        if not self.take("{"):
            return Fraction(1)
        column = self.column
        share = Fraction(self.literal())
        if self.take("/"):
            below = Fraction(self.literal())
            share = share / below if below else Fraction(2)
        self.expect("}")
        if not 0 < share <= 1:
            raise NotationError(self.text, column, "a density lies above 0 and at most at 1")
        return share

    def literal(self) -> str:
        """A number as text."""
        kind, text = self.peek()
        if kind != "number":
            self.fail(f"expected a number, found {text or 'the end'!r}")
        self.position += 1
        return text

    def integer(self) -> int:
        """A whole number."""
        column, text = self.column, self.literal()
        if not text.isdigit():
            raise NotationError(self.text, column, f"expected a whole number, found {text!r}")
        return int(text)

    def index(self) -> Index:
        """`rank*2 + other//4 - 1`, or a look-up `T[t]`."""
        if self.peek(1) == ("sign", "["):
            self.nested += 3
            if self.nested > _DEEPEST:
                self.fail(f"look-ups nest deeper than {_DEEPEST // 3}")
            inner = self.access()
            self.nested -= 3
            return Index(lookup=inner)
        terms: list[Term] = []
        offset = 0
        sign = -1 if self.take("-") else 1
        while True:
            scaled = self.peek(1) == ("sign", "*") and self.peek(2)[0] == "name"
            if self.peek()[0] == "name" or scaled:
                terms.append(self.term(sign))
            else:
                offset += sign * self.integer()
            if self.take("+"):
                sign = 1
            elif self.take("-"):
                sign = -1
            else:
                break
        return Index(terms=tuple(terms), offset=offset)

    def term(self, coefficient: int) -> Term:
        """`2*rank`, `rank*2`, `rank//4`, `rank//4%2*3`."""
        if self.peek()[0] == "number":
            coefficient *= self.integer()
            self.expect("*")
        kind, rank = self.peek()
        if kind != "name":
            self.fail(f"expected a rank, found {rank or 'the end'!r}")
        self.columns.setdefault(rank, self.column)
        self.position += 1
        divisor = self.nonzero() if self.take("//") else 1
        modulus = self.nonzero() if self.take("%") else 0
        if self.take("*"):
            coefficient *= -self.integer() if self.take("-") else self.integer()
        return Term(rank=rank, coefficient=coefficient, divisor=divisor, modulus=modulus)

    def nonzero(self) -> int:
        """A whole number of at least 1."""
        column, value = self.column, self.integer()
        if value == 0:
            raise NotationError(self.text, column, "cannot divide by 0")
        return value

    def reduction(self) -> tuple[str | None, tuple[str, ...] | None]:
        """`max(p,q)` in front of an expression; `(None, None)` when there is none."""
        word = self.peek()[1]
        if word not in _WORDS or self.peek(1) != ("sign", "("):
            return None, None
        ahead, ranks = 2, []
        while self.peek(ahead)[0] == "name" and self.peek(ahead + 1)[1] in {",", ")"}:
            ranks.append(self.peek(ahead)[1])
            ahead += 2
            if self.peek(ahead - 1)[1] == ")":
                break
        # `max(p) S[p]` reduces; `max(A[p], 0)` does not: an expression must follow the bracket
        if self.peek(ahead - 1)[1] != ")" or self.peek(ahead) == ("", ""):
            return None, None
        self.position += ahead
        return _WORDS[word], tuple(ranks)

    def expression(self, level: int = 1) -> Expression:
        """Sums of products of atoms."""
        self.nested += 1
        if self.nested > _DEEPEST:
            self.fail(f"brackets nest deeper than {_DEEPEST // 3}: write it as several statements")
        left = self.atom() if level > 2 else self.expression(level + 1)
        signs = {1: ("+", "-"), 2: ("*", "/")}.get(level, ())
        while self.peek()[0] == "sign" and self.peek()[1] in signs:
            sign = self.peek()[1]
            self.operators += 1
            if self.operators > _MOST:
                self.fail(f"more than {_MOST} operators: write it as several statements")
            self.position += 1
            right = self.expression(level + 1)
            left = Apply(function=sign, arguments=(left, right))
        self.nested -= 1
        return left

    def atom(self) -> Expression:
        """A bracket, a number, a function call or a tensor."""
        kind, text = self.peek()
        if self.take("("):
            inside = self.expression()
            self.expect(")")
            return inside
        if self.take("-"):
            return Constant(value=-float(self.literal()))
        if kind == "number":
            return Constant(value=float(self.literal()))
        if kind == "name" and self.peek(1) == ("sign", "("):
            return self.call(text)
        return self.access()

    def call(self, function: str) -> Apply:
        """`function(a, b)`."""
        if function not in FUNCTIONS:
            near = did_you_mean(function, FUNCTIONS)
            self.fail(f"unknown function {function!r}{near or '; known: ' + ', '.join(FUNCTIONS)}")
        column = self.column
        self.position += 2
        arguments = [self.expression()]
        while self.take(","):
            arguments.append(self.expression())
        self.expect(")")
        if len(arguments) != FUNCTIONS[function]:
            wanted = FUNCTIONS[function]
            problem = f"{function} takes {wanted} argument{'s'[: wanted > 1]}, got {len(arguments)}"
            raise NotationError(self.text, column, problem)
        return Apply(function=function, arguments=tuple(arguments))
