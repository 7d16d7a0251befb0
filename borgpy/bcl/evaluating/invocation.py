"""Functions, and what it takes to call one: its arguments brought to its parameters, and room to go deeper."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from borgpy.bcl.diagnostics import Spot, did_you_mean
from borgpy.bcl.evaluating.frames import Frame, Run, Thunk, fault_of
from borgpy.bcl.evaluating.meter import Meter
from borgpy.bcl.functions.builtin import Builtin
from borgpy.bcl.values import Bareword, Value, Wrong, type_name, unknown_name

if TYPE_CHECKING:
    from borgpy.bcl.evaluating.evaluation import Evaluation


_MOST_NAMES = 12
"""A message shows no more parameters than this."""


class Code:
    """A lambda, compiled. A default is evaluated in the frame of the call, so that it sees the other parameters."""

    __slots__ = ("body", "count", "defaults", "indexes", "names", "weight")

    def __init__(
        self,
        names: Sequence[str],
        defaults: Sequence[Run | None],
        body: Run,
        weight: int,
    ) -> None:
        self.names = names
        self.defaults = defaults
        self.body = body
        self.weight = weight + 1
        self.count = len(names)
        self.indexes = {name: index for index, name in enumerate(names)}


class Function:
    """A lambda with the frame it was written in."""

    __slots__ = ("code", "env")

    def __init__(self, code: Code, env: Frame) -> None:
        self.code = code
        self.env = env


class Arguments(NamedTuple):
    """What a call gives: values or thunks, and for each the name it is given by, or nothing."""

    values: Sequence[Value | Thunk]
    names: Sequence[str]


def invoke(function: Function, cells: list[Value | Thunk], meter: Meter, spot: Spot) -> Value:
    """What ``function`` returns, with one cell for each parameter."""
    code = function.code
    depth = meter.depth
    meter.depth = depth + 1
    if depth >= meter.max_depth:
        raise fault_of(meter.too_deep(), spot)
    meter.steps += code.weight
    if meter.steps > meter.stop:
        meter.overdrawn()
    value = code.body(Frame(function.env, None, 0, cells))
    meter.depth = depth
    return value


def call_value(evaluation: "Evaluation", value: Value, arguments: Arguments, spot: Spot) -> Value:
    """What calling ``value`` gives; `Wrong` if it is no function or takes no such arguments."""
    if isinstance(value, Function):
        return _call_lambda(value, arguments, evaluation.meter, spot)
    if isinstance(value, Builtin):
        return _call_builtin(evaluation, value, arguments)
    if isinstance(value, Bareword):
        raise unknown_name(value)
    raise Wrong("type", f"only a function can be called, not {type_name(value)}")


def _call_lambda(function: Function, arguments: Arguments, meter: Meter, spot: Spot) -> Value:
    code = function.code
    cells: list[Value | Thunk | None] = [None] * code.count
    given = [False] * code.count
    for index, (value, name) in enumerate(zip(arguments.values, arguments.names, strict=True)):
        at = _parameter(code, name) if name else index
        if at >= code.count:
            raise Wrong("call", _too_many(code, len(arguments.values)))
        if given[at]:
            raise Wrong("call", f"'{code.names[at]}' is given twice")
        cells[at], given[at] = value, True
    frame = Frame(function.env, None, 0, cells)
    for at, default in enumerate(code.defaults):
        if not given[at]:
            if default is None:
                raise Wrong("call", f"'{code.names[at]}' is not given: {_signature(code)}")
            cells[at] = Thunk(default, frame, code.names[at])
    depth = meter.depth
    meter.depth = depth + 1
    if depth >= meter.max_depth:
        raise fault_of(meter.too_deep(), spot)
    meter.spend(code.weight)
    result = code.body(frame)
    meter.depth = depth
    return result


def _parameter(code: Code, name: str) -> int:
    if name in code.indexes:
        return code.indexes[name]
    raise Wrong(
        "call",
        f"the function has no parameter '{name}': {_signature(code)}",
        label=lambda: did_you_mean(name, code.names),
    )


def _too_many(code: Code, count: int) -> str:
    return f"the function takes {code.count} argument{'' if code.count == 1 else 's'}, not {count}: {_signature(code)}"


def _signature(code: Code) -> str:
    names = ", ".join(code.names[:_MOST_NAMES])
    return f"lambda {names}" + (", .." if code.count > _MOST_NAMES else "")


def _call_builtin(evaluation: "Evaluation", builtin: Builtin, arguments: Arguments) -> Value:
    meter = evaluation.meter
    meter.spend(1)
    values: list[Value] = [v.force(meter) if isinstance(v, Thunk) else v for v in arguments.values]
    return builtin.call(evaluation, values, arguments.names)
