"""Operators and conditionals."""

from borgpy.bcl import syntax
from borgpy.bcl.compiling.compiler import Compiler
from borgpy.bcl.diagnostics import Spot
from borgpy.bcl.evaluating.frames import Frame, Run
from borgpy.bcl.evaluating.scope import Scope
from borgpy.bcl.operations.operators import BINARY, negate
from borgpy.bcl.values import Bareword, Value, Wrong, type_name, unknown_name


def chain(compiler: Compiler, node: syntax.Chain, scope: Scope) -> Run:
    if len(node.steps) == 1:
        (step,) = node.steps
        return _binary(
            compiler, step.operator, (node.first, step.operand), compiler.spot(step), scope
        )
    meter = compiler.meter
    first = compiler.compile(node.first, scope)
    steps = [
        (BINARY[step.operator], compiler.compile(step.operand, scope), step) for step in node.steps
    ]

    def run(frame: Frame) -> Value:
        value = first(frame)
        for operation, operand, step in steps:
            right = operand(frame)
            try:
                value = operation(value, right, meter)
            except Wrong as wrong:
                operands = (
                    node.first,
                    *(s.operand for s in node.steps[: node.steps.index(step) + 1]),
                )
                raise compiler.wrong(
                    wrong, compiler.spot(step), operands[-2:], scope, frame
                ) from None
        return value

    return run


def compare(compiler: Compiler, node: syntax.Compare, scope: Scope) -> Run:
    spot = Spot(compiler.source, *node.spot)
    return _binary(compiler, node.operator, (node.left, node.right), spot, scope)


def _binary(
    compiler: Compiler,
    operator: str,
    operands: tuple[syntax.Expression, syntax.Expression],
    spot: Spot,
    scope: Scope,
) -> Run:
    """An operator at ``spot`` between two operands."""
    meter = compiler.meter
    operation = BINARY[operator]
    left, right = (compiler.compile(operand, scope) for operand in operands)

    def run(frame: Frame) -> Value:
        one, other = left(frame), right(frame)
        try:
            return operation(one, other, meter)
        except Wrong as wrong:
            raise compiler.wrong(wrong, spot, operands, scope, frame) from None

    return run


def negation(compiler: Compiler, node: syntax.Negate, scope: Scope) -> Run:
    operand = compiler.compile(node.value, scope)
    count = node.count

    def run(frame: Frame) -> Value:
        value = operand(frame)
        try:
            negated = negate(value)
            return negated if count % 2 else negate(negated)
        except Wrong as wrong:
            raise compiler.wrong(wrong, compiler.spot(node), (node.value,), scope, frame) from None

    return run


def logic(compiler: Compiler, node: syntax.Logic, scope: Scope) -> Run:
    terms = [(compiler.compile(term, scope), term) for term in node.terms]
    word = node.operator
    ends = word == "or"

    def run(frame: Frame) -> Value:
        for term, written in terms:
            value = term(frame)
            if value is ends:
                return ends
            if value is not True and value is not False:
                raise no_truth(compiler, value, f"'{word}'", written, scope, frame)
        return not ends

    return run


def inversion(compiler: Compiler, node: syntax.Not, scope: Scope) -> Run:
    operand = compiler.compile(node.value, scope)
    odd = node.count % 2 == 1

    def run(frame: Frame) -> Value:
        value = operand(frame)
        if value is True or value is False:
            return value is not odd
        raise no_truth(compiler, value, "'not'", node.value, scope, frame)

    return run


def conditional(compiler: Compiler, node: syntax.If, scope: Scope) -> Run:
    meter = compiler.meter
    branches = [
        (*compiler.region(branch.condition, scope), *compiler.region(branch.value, scope), branch)
        for branch in node.branches
    ]
    otherwise, last_weight = compiler.region(node.otherwise, scope)

    def run(frame: Frame) -> Value:
        for condition, condition_weight, value, weight, branch in branches:
            meter.steps += condition_weight
            truth = condition(frame)
            if truth is True:
                meter.steps += weight
                return value(frame)
            if truth is not False:
                raise no_truth(compiler, truth, "'if'", branch.condition, scope, frame)
        meter.steps += last_weight
        return otherwise(frame)

    return run


def no_truth(
    compiler: Compiler, value: Value, what: str, node: syntax.Expression, scope: Scope, frame: Frame
) -> Exception:
    """What to raise when ``value`` stands where true or false must."""
    if isinstance(value, Bareword):
        return unknown_name(value)
    wrong = Wrong("type", f"{what} needs true or false, not {type_name(value)}")
    return compiler.wrong(wrong, compiler.spot(node), (node,), scope, frame)
