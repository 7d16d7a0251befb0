"""Constraints and overrides, from what is written to what a cell is told."""

from borgpy.bcl.schema.rules import implied_operator
from borgpy.model import constraints as c
from borgpy.model.declared.constraint import DeclaredConstraint
from borgpy.model.declared.numbered import DeclaredDevices, DeclaredTaskRequirements
from borgpy.model.declared.parts import DeclaredOverride
from borgpy.model.declared.values import Scalar
from borgpy.model.devices import WHOLE, DeviceRequest
from borgpy.model.overrides import IndexRange, Override, parse_ranges
from borgpy.model.resource_sets import SetRequest


def constraint_of(declared: DeclaredConstraint) -> c.Constraint:
    """The constraint that a checked record stands for."""
    value, weight = declared.value, declared.weight or c.HARD
    attribute = declared.attribute or c.MACHINE
    operator = declared.operator or implied_operator(value)
    match operator, value:
        case "distinct", _:
            return c.Limit(attribute=attribute, weight=weight)
        case "limit", int(most):
            return c.Limit(attribute=attribute, most=most, weight=weight)
        case "spread", dict(shares):
            percentages = tuple(c.Share(name, shares[name]) for name in sorted(shares))
            return c.Spread(attribute=attribute, shares=percentages, weight=weight)
        case "spread", _:
            return c.Spread(attribute=attribute, weight=weight)
        case "exclusive", _:
            return c.Exclusive(weight=weight)
        case "dedicated", str(pool):
            return c.Dedicated(pool=pool, weight=weight)
        case "near", str(job):
            return c.Near(job=job, attribute=attribute, weight=weight)
        case "away", str(job):
            return c.Away(job=job, attribute=attribute, weight=weight)
        case "plugin", str(name):
            return c.Plugin(name=name, weight=weight)
    return c.Compare(
        attribute=attribute,
        operator=c.Operator(operator),
        values=_values(declared),
        weight=weight,
    )


def devices_of(asked: DeclaredTaskRequirements) -> tuple[DeviceRequest, ...]:
    """The devices that checked requirements ask for, by kind; none of a kind is as good as nothing."""
    named = asked.devices if asked.gpu is None else {"gpu": asked.gpu, **asked.devices}
    return tuple(
        _device(kind, several)
        for kind, wanted in named.items()
        if (several := _several(wanted)).count
    )


def sets_of(asked: DeclaredTaskRequirements) -> tuple[SetRequest, ...]:
    """The slots of resource sets that checked requirements ask for."""
    return tuple(SetRequest(wanted.name, wanted.value, wanted.slots) for wanted in asked.sets)


def _several(wanted: float | DeclaredDevices) -> DeclaredDevices:
    return wanted if isinstance(wanted, DeclaredDevices) else DeclaredDevices(count=wanted)


def _device(kind: str, wanted: DeclaredDevices) -> DeviceRequest:
    models = (wanted.model,) if isinstance(wanted.model, str) else wanted.model or ()
    if wanted.count < 1:
        return DeviceRequest(1, round(wanted.count * WHOLE), kind, models)
    return DeviceRequest(int(wanted.count), WHOLE, kind, models)


def override_of(declared: DeclaredOverride) -> Override:
    """What a checked record tells some of a job's tasks."""
    tasks = declared.tasks
    ranges = (IndexRange(tasks, tasks),) if isinstance(tasks, int) else parse_ranges(tasks)
    return Override(ranges, texts_of(declared.args), texts_of(declared.env))


def texts_of(values: dict[str, Scalar]) -> dict[str, str]:
    """Named values as a program is handed them."""
    return {name: text_of(value) for name, value in values.items()}


def text_of(value: Scalar) -> str:
    """A value as an argument shows it: ``true``, ``100000000``, ``0.1``."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _values(declared: DeclaredConstraint) -> tuple[str, ...]:
    match declared.value:
        case None | dict():
            return ()
        case tuple(values):
            return tuple(map(text_of, values))
        case value:
            return (text_of(value),)
