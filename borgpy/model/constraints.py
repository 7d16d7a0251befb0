"""What a job asks of the machines that its tasks run on, and of their neighbours there, and what that means.

A constraint is hard, or soft with a weight. Several constraints must all hold; the values of one are alternatives.
"""

import operator as compared
import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum

import msgspec

MACHINE = "machine"
"""An attribute that every machine has: its own name."""

DEDICATED = "dedicated"
"""The attribute of machines that take only the jobs which are dedicated to their pool."""

HARD = 0


class Operator(Enum):
    """How the value of a machine's attribute is compared. A machine without the attribute satisfies `NOT_EQUAL`,
    `NOT_IN` and `ABSENT`, and nothing else."""

    EQUAL = "=="
    NOT_EQUAL = "!="
    LESS = "<"  # this and the next three compare numbers
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="
    IN = "in"
    NOT_IN = "not_in"
    EXISTS = "exists"
    ABSENT = "absent"
    VERSION = "version"  # dotted numbers within a range such as ">= 5.10, < 6"


NUMERIC = frozenset([Operator.LESS, Operator.AT_MOST, Operator.GREATER, Operator.AT_LEAST])
WITHOUT_VALUE = frozenset([Operator.EXISTS, Operator.ABSENT])
WITH_MANY_VALUES = frozenset([Operator.IN, Operator.NOT_IN])

_RANGE_PART = re.compile(r"\s*(==|!=|<=|>=|<|>)\s*v?([0-9]{1,18}(?:\.[0-9]{1,18})*)\s*\Z")
_VERSION = re.compile(r"\s*v?([0-9]{1,18}(?:\.[0-9]{1,18})*)(?![0-9])")


class Rule(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="constraint",
):
    """``weight`` is `HARD`, or 1 to 100: how much it counts beside the job's other soft constraints."""

    weight: int = HARD


class Compare(Rule, frozen=True, kw_only=True, tag="compare"):
    """The machine's ``attribute`` compares so with one of ``values``."""

    attribute: str
    operator: Operator
    values: tuple[str, ...] = ()


class Limit(Rule, frozen=True, kw_only=True, tag="limit"):
    """At most ``most`` tasks of the job on machines with the same value of ``attribute``; 1 keeps them apart."""

    attribute: str = MACHINE
    most: int = 1


class Share(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """How many of a hundred tasks belong on machines where the attribute has this value."""

    value: str
    percent: int


class Spread(Rule, frozen=True, kw_only=True, tag="spread"):
    """The job's tasks are balanced over the values of ``attribute``: evenly, or by ``shares``."""

    attribute: str = MACHINE
    shares: tuple[Share, ...] = ()


class Exclusive(Rule, frozen=True, kw_only=True, tag="exclusive"):
    """Nothing else runs on the machine of a task."""


class Dedicated(Rule, frozen=True, kw_only=True, tag="dedicated"):
    """Only machines that are set aside for ``pool``: ``USER/NAME``, or ``*/NAME`` which is open to all users."""

    pool: str


class Near(Rule, frozen=True, kw_only=True, tag="near"):
    """Only where ``job`` (``JOB`` or ``USER/JOB``) has a task on a machine with the same value of ``attribute``."""

    job: str
    attribute: str = MACHINE


class Away(Rule, frozen=True, kw_only=True, tag="away"):
    """Only where ``job`` has no task on any machine with the same value of ``attribute``."""

    job: str
    attribute: str = MACHINE


class Plugin(Rule, frozen=True, kw_only=True, tag="plugin"):
    """The plug-in of this name, which the Borgmaster was started with, says where: a Python function (see
    `borgpy.scheduling.plugins`)."""

    name: str


Constraint = Compare | Limit | Spread | Exclusive | Dedicated | Near | Away | Plugin


def is_number(text: str) -> bool:
    """Whether the numeric operators can compare ``text``."""
    try:
        number = float(text)
    except ValueError:
        return False
    return abs(number) < float("inf")


def is_version_range(text: str) -> bool:
    """Whether ``text`` says which versions are wanted: comparisons with dotted numbers, with commas between them."""
    return all(_RANGE_PART.match(part) for part in text.split(","))


def value_of(attribute: str, machine: str, attributes: Mapping[str, str]) -> str | None:
    """What ``machine`` has as ``attribute``; None: nothing. `MACHINE` is its name, whatever it says of itself."""
    return machine if attribute == MACHINE else attributes.get(attribute)


def holds(rule: Compare, value: str | None) -> bool:
    """Whether a machine whose attribute has this value (None: it has no such attribute) is as ``rule`` asks for.

    Numbers are compared as floating point, and a value that is no number satisfies no comparison of numbers. Of a
    version the dotted numbers at its start count: ``v5.10-rc1`` and ``5.10.0-21-amd64`` are 5.10. A value that does
    not start with a number is in no range of versions.
    """
    if value is None:
        return rule.operator in _FOR_ABSENT
    return _HOLDS[rule.operator](value, rule.values)


def admits(pool_of_machine: str | None, rules: Iterable[Rule], user: str) -> bool:
    """Whether a machine that is set aside for this pool (None: for none) takes tasks of ``user`` with these rules.

    A job that names the pool, be it as a wish only, may go there; one that insists on a pool goes nowhere else.
    """
    pools = [rule for rule in rules if isinstance(rule, Dedicated)]
    if any(rule.weight == HARD and rule.pool != pool_of_machine for rule in pools):
        return False
    if pool_of_machine is None:
        return True
    owner = pool_of_machine.partition("/")[0]
    return owner in ("*", user) and any(rule.pool == pool_of_machine for rule in pools)


def words(rule: Rule) -> str:
    """The constraint in a few words: ``arch == 'arm64'``, ``at most 2 for each rack``."""
    match rule:
        case Compare():
            return _compare_words(rule)
        case Limit(attribute=attribute, most=most):
            return f"at most {most:,} for each {attribute}"
        case Spread(attribute=attribute, shares=shares):
            named = [f"{quoted(share.value)} {share.percent}%" for share in shares]
            return f"balanced over {attribute}" + (f" ({_listed(named)})" if named else "")
        case Exclusive():
            return "a machine of its own"
        case Dedicated(pool=pool):
            return f"dedicated to {pool}"
        case Near(job=job, attribute=attribute):
            return f"near {job} (same {attribute})"
        case Away(job=job, attribute=attribute):
            return f"not near {job} (same {attribute})"
        case Plugin(name=name):
            return f"plug-in {name}"
    raise TypeError(f"no words for {type(rule).__name__}")


MAX_VALUES_SAID = 3
MAX_VALUE_SAID = 40
"""So many values of a rule, and so many characters of each, are enough to know it again."""


def _compare_words(rule: Compare) -> str:
    attribute, operator = rule.attribute, rule.operator
    if operator in WITHOUT_VALUE:
        return f"{attribute} {'exists' if operator is Operator.EXISTS else 'is absent'}"
    if operator in WITH_MANY_VALUES:
        listed = _listed([quoted(value) for value in rule.values])
        return f"{attribute} {operator.value.replace('_', ' ')} {listed or 'nothing'}"
    if operator in NUMERIC:
        return f"{attribute} {operator.value} {' or '.join(map(_short, rule.values))}"
    if operator is Operator.VERSION:
        return f"{attribute} version {' or '.join(map(_short, rule.values))}"
    return f"{attribute} {operator.value} {' or '.join(map(quoted, rule.values))}"


def quoted(value: str) -> str:
    """A value as it is said: cut if it is long, and with nothing in it that a terminal would obey."""
    return repr(_short(value))


def _short(value: str) -> str:
    return value if len(value) <= MAX_VALUE_SAID else value[: MAX_VALUE_SAID - 1] + "…"


def _listed(named: list[str]) -> str:
    more = len(named) - MAX_VALUES_SAID
    return ", ".join(named[:MAX_VALUES_SAID]) + (f" and {more:,} more" if more > 0 else "")


def _compares_numbers(
    compare: Callable[[float, float], bool],
) -> Callable[[str, tuple[str, ...]], bool]:
    def check(value: str, wanted: tuple[str, ...]) -> bool:
        if not is_number(value):
            return False
        number = float(value)
        return any(is_number(text) and compare(number, float(text)) for text in wanted)

    return check


def _in_versions(value: str, wanted: tuple[str, ...]) -> bool:
    found = _VERSION.match(value)
    if found is None:
        return False
    version = _numbers(found[1])
    return any(all(_within(version, part) for part in text.split(",")) for text in wanted)


def _within(version: tuple[int, ...], part: str) -> bool:
    bound = _RANGE_PART.match(part)
    return bound is not None and _COMPARISONS[bound[1]](version, _numbers(bound[2]))


def _numbers(version: str) -> tuple[int, ...]:
    """``5.10`` and ``5.10.0`` are one version."""
    numbers = [int(number) for number in version.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


_COMPARISONS: Mapping[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    "==": compared.eq,
    "!=": compared.ne,
    "<": compared.lt,
    "<=": compared.le,
    ">": compared.gt,
    ">=": compared.ge,
}

_FOR_ABSENT = frozenset([Operator.NOT_EQUAL, Operator.NOT_IN, Operator.ABSENT])

_HOLDS: Mapping[Operator, Callable[[str, tuple[str, ...]], bool]] = {
    Operator.EQUAL: lambda value, wanted: value in wanted,
    Operator.NOT_EQUAL: lambda value, wanted: value not in wanted,
    Operator.LESS: _compares_numbers(compared.lt),
    Operator.AT_MOST: _compares_numbers(compared.le),
    Operator.GREATER: _compares_numbers(compared.gt),
    Operator.AT_LEAST: _compares_numbers(compared.ge),
    Operator.IN: lambda value, wanted: value in wanted,
    Operator.NOT_IN: lambda value, wanted: value not in wanted,
    Operator.EXISTS: lambda value, wanted: True,
    Operator.ABSENT: lambda value, wanted: False,
    Operator.VERSION: _in_versions,
}
