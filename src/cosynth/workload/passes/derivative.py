"""Derivatives of expressions, function by function."""

from __future__ import annotations

from cosynth.workload.einsum import Access, Apply, Constant, Expression
from cosynth.workload.notation import parse
from cosynth.workload.passes.rewrite import mapped

# derivatives of functions of one argument, here written `u[]`; rounding counts as the identity
_SLOPES = {
    "abs": "sign(u[])",
    "ceil": "1",
    "cos": "0 - sin(u[])",
    "elu": "where(less(0, u[]), 1, exp(u[]))",
    "erf": "exp(0 - square(u[])) * 1.1283791670955126",  # 2 / sqrt(pi)
    "exp": "exp(u[])",
    "floor": "1",
    # the normal distribution and u times its density: sqrt(1/2), 1 / sqrt(2 pi)
    "gelu": "(erf(u[] * 0.7071067811865476) + 1) * 0.5"
    " + u[] * exp(square(u[]) / -2) * 0.3989422804014327",
    "hardsigmoid": "where(less(abs(u[]), 3), 0.16666666666666666, 0)",
    "hardswish": "where(less(abs(u[]), 3), u[] / 3 + 0.5, less(0, u[]))",
    "log": "1 / u[]",
    "mish": "tanh(softplus(u[])) + u[] * sigmoid(u[]) * (1 - square(tanh(softplus(u[]))))",
    "not": "0",
    "quantize": "1",
    "relu": "less(0, u[])",
    "round": "1",
    "rsqrt": "pow(u[], -1.5) * -0.5",
    "sigmoid": "sigmoid(u[]) * (1 - sigmoid(u[]))",
    "sign": "0",
    "silu": "sigmoid(u[]) * (1 + u[] * (1 - sigmoid(u[])))",
    "sin": "cos(u[])",
    "softplus": "sigmoid(u[])",
    "sqrt": "rsqrt(u[]) * 0.5",
    "square": "u[] * 2",
    "tanh": "1 - square(tanh(u[]))",
}
ZERO, ONE = Constant(value=0.0), Constant(value=1.0)


def product(*factors: Expression) -> Expression:
    """Multiply, leaving out ones; zero if any factor is."""
    result: Expression = ONE
    for factor in factors:
        if ZERO in (factor, result):
            return ZERO
        if factor != ONE:
            result = factor if result == ONE else apply("*", result, factor)
    return result


def total(left: Expression, right: Expression) -> Expression:
    """Add, leaving out zeros."""
    if ZERO in (left, right):
        return left if right == ZERO else right
    return apply("+", left, right)


def apply(function: str, *arguments: Expression | float) -> Apply:
    """Write a function application; numbers become constants."""
    return Apply(
        function=function,
        arguments=tuple(
            Constant(value=float(a)) if isinstance(a, int | float) else a for a in arguments
        ),
    )


def derivative(expression: Expression, by: Access) -> Expression:
    """Return the derivative of an expression by one tensor access (all its equal occurrences).

    Rounding is differentiated as if it were not there (straight-through).

    >>> from cosynth.workload import parse
    >>> e = parse("y[m] = exp(x[m]) * w[m]", {"m": 4}).expression
    >>> str(derivative(e, e.arguments[0].arguments[0]))
    'exp(x[m]) * w[m]'
    """
    match expression:
        case Access():
            return ONE if expression == by else ZERO
        case Constant():
            return ZERO
        case Apply(function=function, arguments=arguments):
            found: Expression = ZERO
            for at, argument in enumerate(arguments):
                inner = derivative(argument, by)
                if inner != ZERO:
                    found = total(found, product(inner, _outer(function, arguments, at)))
            return found


def _outer(function: str, arguments: tuple[Expression, ...], at: int) -> Expression:
    """Derivative of a function by its argument number `at`."""
    match function:
        case "+":
            return ONE
        case "-":
            return Constant(value=-1.0) if at else ONE
        case "*":
            return arguments[1 - at]
        case "/":
            a, b = arguments
            if at == 0:
                return apply("/", 1, b)
            return apply("/", apply("-", 0, a), apply("square", b))
        case "max" | "min":
            mine, other = arguments[at], arguments[1 - at]
            return apply("less", *((other, mine) if function == "max" else (mine, other)))
        case "pow":
            base, power = arguments
            if at == 0:
                return apply("*", power, apply("pow", base, apply("-", power, 1)))
            return apply("*", apply("pow", base, power), apply("log", base))
        case "where":
            condition = arguments[0]
            chosen = {1: (condition, 1, 0), 2: (condition, 0, 1)}
            return apply("where", *chosen[at]) if at else ZERO
        case "less" | "equal":
            return ZERO
    slope = parse(f"y[] = {_SLOPES[function]}", {}).expression
    return mapped(slope, lambda _: arguments[0])
