"""What is wrong with what a job says of its place: constraints, its alloc set, and the jobs it comes after."""

from collections.abc import Iterator

from borgpy.admission.bounds import between, in_a_line
from borgpy.model import constraints as c
from borgpy.model import limits
from borgpy.model.names import NAME_RULE, is_job_reference, is_name, is_pool
from borgpy.model.refusal import Problem
from borgpy.model.spec import JobSpec


def placement_problems(spec: JobSpec) -> Iterator[Problem]:
    """Everything that is wrong with it in itself, whatever machines there are."""
    yield from constraint_problems(spec.constraints)
    if spec.alloc and not is_job_reference(spec.alloc):
        yield _no_reference("alloc", spec.alloc)
    yield from between("after", len(spec.after), 0, limits.MAX_AFTER)
    for other in spec.after:
        if not is_job_reference(other):
            yield _no_reference("after", other)
        elif other in (spec.name, spec.key):
            yield Problem("after", "a job cannot start after itself", got=other)


def constraint_problems(constraints: tuple[c.Constraint, ...]) -> Iterator[Problem]:
    """Everything that is wrong with ``constraints``; the third is called ``constraints.2``."""
    yield from between("constraints", len(constraints), 0, limits.MAX_CONSTRAINTS)
    for number, constraint in enumerate(constraints):
        field = f"constraints.{number}"
        yield from between(f"{field}.weight", constraint.weight, c.HARD, limits.MAX_WEIGHT)
        attribute = getattr(constraint, "attribute", c.MACHINE)
        if not is_name(attribute):
            message = f"{attribute!r} is no attribute"
            yield Problem(f"{field}.attribute", message, got=attribute, allowed=NAME_RULE)
        yield from _rule_problems(field, constraint)


def _rule_problems(field: str, constraint: c.Constraint) -> Iterator[Problem]:
    match constraint:
        case c.Compare():
            yield from _compare_problems(f"{field}.value", constraint)
        case c.Limit(most=most):
            yield from between(f"{field}.value", most, 1, limits.MAX_REPLICAS)
        case c.Spread(shares=shares):
            yield from _share_problems(f"{field}.value", shares)
        case c.Dedicated(pool=pool):
            if not is_pool(pool):
                message = f"{pool!r} is no pool of machines"
                yield Problem(f"{field}.value", message, got=pool, allowed="USER/NAME or */NAME")
        case c.Near(job=job) | c.Away(job=job):
            if not is_job_reference(job):
                yield _no_reference(f"{field}.value", job)
        case c.Plugin(name=name):
            if not is_name(name):
                message = f"{name!r} is no name of a plug-in"
                yield Problem(f"{field}.value", message, got=name, allowed=NAME_RULE)


def _compare_problems(field: str, compare: c.Compare) -> Iterator[Problem]:
    operator, values = compare.operator, compare.values
    if operator in c.WITHOUT_VALUE:
        lowest = highest = 0
    else:
        lowest, highest = 1, limits.MAX_CONSTRAINT_VALUES if operator in c.WITH_MANY_VALUES else 1
    if not lowest <= len(values) <= highest:
        allowed = f"{lowest}" if lowest == highest else f"{lowest} to {highest:,}"
        message = f"{operator.value} has {len(values):,} values"
        yield Problem(field, message, got=str(len(values)), allowed=allowed)
        return
    for value in values:
        if unfit := tuple(in_a_line(field, value, "value of an attribute", 0)):
            yield from unfit
            continue
        if operator in c.NUMERIC and not c.is_number(value):
            yield Problem(field, f"{operator.value} compares numbers", got=value)
        if operator is c.Operator.VERSION and not c.is_version_range(value):
            yield Problem(field, f"{value!r} says no versions", got=value, allowed=">= 5.10, < 6")


def _share_problems(field: str, shares: tuple[c.Share, ...]) -> Iterator[Problem]:
    if len({share.value for share in shares}) != len(shares):
        yield Problem(field, "a value has two shares")
    yield from between(field, len(shares), 0, limits.MAX_CONSTRAINT_VALUES)
    for share in shares[: limits.MAX_CONSTRAINT_VALUES]:
        yield from in_a_line(field, share.value, "value of an attribute", 0)
        yield from between(f"{field}.{share.value}", share.percent, 0, 100)
    total = sum(share.percent for share in shares)
    if shares and total > 100:
        message = f"the shares come to {total} percent"
        yield Problem(field, message, got=str(total), allowed="up to 100")


def _no_reference(field: str, text: str) -> Problem:
    return Problem(
        field, f"{text!r} names no job", got=text, allowed=f"JOB or USER/JOB: {NAME_RULE}"
    )
