"""What a job asks of the machines that its tasks run on, and of their neighbours there.

A constraint is hard, or soft with a weight. Several constraints must all hold; the values of one are alternatives.
"""

import re
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

_VERSIONS = re.compile(r"\s*(==|!=|<=|>=|<|>)\s*v?\d+(\.\d+)*\s*\Z")


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
    return all(_VERSIONS.match(part) for part in text.split(","))
