"""Which operator binds more tightly, and what becomes of those that wait for their right side.

However long a chain of one level is, it becomes one node.
"""

from typing import NamedTuple

from borgpy.bcl import syntax
from borgpy.bcl.syntax import Expression

_OR, _AND, _NOT, _COMPARISON, _SUM, _TERM = range(1, 7)
_LEVELS = {
    "or": _OR,
    "and": _AND,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in", "not in"), _COMPARISON),
    **dict.fromkeys("+-", _SUM),
    **dict.fromkeys("*/%", _TERM),
}


class Operator(NamedTuple):
    """An operator and where it stands."""

    start: int
    end: int
    operator: str


class Pending:
    """Operators of one level that wait for what is on the right of the last: everything that is on their left."""

    __slots__ = ("level", "operators", "start", "values")

    def __init__(self, level: int, start: int) -> None:
        self.level = level
        self.start = start
        self.values: list[Expression] = []
        self.operators: list[Operator] = []

    def folded(self, value: Expression, end: int) -> Expression:
        """The node that ``value``, the last there is, makes of it; it ends at ``end``."""
        start, values, operators = self.start, [*self.values, value], self.operators
        if self.level >= _SUM:
            steps = [
                syntax.Step(*operator, operand)
                for operator, operand in zip(operators, values[1:], strict=True)
            ]
            return syntax.Chain(start, end, values[0], tuple(steps))
        if self.level == _COMPARISON:
            ((at, behind, operator),) = operators
            return syntax.Compare(start, end, operator, (at, behind), *values)
        if self.level == _NOT:
            return syntax.Not(start, end, value, len(operators))
        return syntax.Logic(start, end, operators[0].operator, tuple(values))


def waits(
    pending: list[Pending], operator: Operator, value: Expression, start: int, end: int
) -> bool:
    """Takes up an operator with the value on its left, and where that starts and ends; not if it does not chain."""
    level = _LEVELS[operator.operator]
    while pending and pending[-1].level > level:
        waiting = pending.pop()
        start, value = waiting.start, waiting.folded(value, end)
    if not pending or pending[-1].level < level:
        pending.append(Pending(level, start))
    elif level == _COMPARISON:
        return False
    pending[-1].values.append(value)
    pending[-1].operators.append(operator)
    return True


def negates(pending: list[Pending], operator: Operator) -> bool:
    """Takes up a ``not``; not behind what binds more tightly."""
    if pending and pending[-1].level > _NOT:
        return False
    if not pending or pending[-1].level < _NOT:
        pending.append(Pending(_NOT, operator.start))
    pending[-1].operators.append(operator)
    return True


def finished(pending: list[Pending], value: Expression, end: int) -> Expression:
    """Everything that waited for ``value``, which ends at ``end``."""
    while pending:
        value = pending.pop().folded(value, end)
    return value
