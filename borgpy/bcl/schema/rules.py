"""What fields of one record must agree on, beyond what each of them may be."""

from collections.abc import Callable, Iterator, Mapping

import msgspec

from borgpy.bcl.diagnostics import Code
from borgpy.bcl.loading.jsondata import Json
from borgpy.model.constraints import Operator, is_number, is_version_range
from borgpy.model.names import NAME_RULE, is_job_reference, is_name, is_pool


class Complaint(msgspec.Struct, frozen=True):
    """A mistake in a record; ``field`` is the one to point at, if it is there."""

    code: Code
    field: str
    message: str
    help: str = ""


Plain = dict[str, Json]
Rule = Callable[[Plain], Iterator[Complaint]]


def constraint_rule(plain: Plain) -> Iterator[Complaint]:
    """A constraint has an attribute and a value as its operator wants them."""
    value = plain.get("value")
    operator = str(plain.get("operator") or implied_operator(value))
    wants = _WANTED.get(operator, _COMPARED)
    yield from wants(operator, value)
    if operator in _WITHOUT_ATTRIBUTE and "attribute" in plain:
        yield Complaint("field", "attribute", f"'{operator}' is about no attribute", "leave it out")
    elif operator in _OPERATORS and "attribute" not in plain:
        example = "for example attribute = rack"
        yield Complaint("missing", "attribute", f"'{operator}' needs an attribute", example)


def implied_operator(value: object) -> str:
    """What a constraint without an operator asks for."""
    if value is None:
        return Operator.EXISTS.value
    return Operator.IN.value if isinstance(value, list | tuple) else Operator.EQUAL.value


def package_rule(plain: Plain) -> Iterator[Complaint]:
    """A package is a file here, or one that the cell knows by its hash."""
    if "path" not in plain and "sha256" not in plain:
        example = "for example path = ./data.bin"
        yield Complaint("missing", "", "a package needs a path or a sha256", example)


_OPERATORS = frozenset(operator.value for operator in Operator)
_WITHOUT_ATTRIBUTE = frozenset(["exclusive", "dedicated", "plugin"])

Wants = Callable[[str, Json], Iterator[Complaint]]


def _missing(operator: str, what: str) -> Complaint:
    return Complaint("missing", "value", f"'{operator}' needs {what} as its value")


def _wrong(operator: str, what: str) -> Complaint:
    return Complaint("type", "value", f"'{operator}' wants {what} as its value")


def _nothing(operator: str, value: Json) -> Iterator[Complaint]:
    if value is not None:
        yield Complaint("field", "value", f"'{operator}' is compared with nothing", "leave it out")


def _text(operator: str, value: Json) -> Iterator[Complaint]:
    if value is None:
        yield _missing(operator, "a text")
    elif isinstance(value, list | dict):
        yield _wrong(operator, "one text")


def _number(operator: str, value: Json) -> Iterator[Complaint]:
    if value is None:
        yield _missing(operator, "a number")
    elif isinstance(value, bool | list | dict) or not is_number(str(value)):
        yield _wrong(operator, "a number")


def _texts(operator: str, value: Json) -> Iterator[Complaint]:
    if value is None:
        yield _missing(operator, "a list")
    elif not isinstance(value, list):
        yield _wrong(operator, "a list")
    elif not value:
        yield Complaint("range", "value", f"'{operator}' has no values: nothing could satisfy it")


def _versions(operator: str, value: Json) -> Iterator[Complaint]:
    if value is None:
        yield _missing(operator, "a range of versions")
    elif not isinstance(value, str) or not is_version_range(value):
        help = "it looks like '>= 5.10, < 6'"
        yield Complaint("range", "value", f"{value!r} is no range of versions", help)


def _count(operator: str, value: Json) -> Iterator[Complaint]:
    if value is None:
        yield _missing(operator, "a number of tasks")
    elif not isinstance(value, int) or isinstance(value, bool):
        yield _wrong(operator, "a whole number")
    elif value < 1:
        yield Complaint("range", "value", f"a limit of {value} would keep every task out")


def _shares(operator: str, value: Json) -> Iterator[Complaint]:
    if isinstance(value, dict):
        total = sum(share for share in value.values() if isinstance(share, int))
        if total > 100:
            yield Complaint("range", "value", f"the shares come to {total} percent")
    elif value is not None:
        yield _wrong(operator, "a record of percentages")


def _pool(operator: str, value: Json) -> Iterator[Complaint]:
    if not isinstance(value, str):
        yield _missing(operator, "'USER/NAME' or '*/NAME'")
        return
    if not is_pool(value):
        help = "it is called 'USER/NAME', or '*/NAME' if it is open to all"
        yield Complaint("range", "value", f"'{value}' is no pool of machines", help)


def _job(operator: str, value: Json) -> Iterator[Complaint]:
    if not isinstance(value, str):
        yield _missing(operator, "the name of a job")
    elif not is_job_reference(value):
        yield Complaint("range", "value", f"'{value}' names no job", f"a name is {NAME_RULE}")


def _plugin(operator: str, value: Json) -> Iterator[Complaint]:
    if not isinstance(value, str):
        yield _missing(operator, "the name of a plug-in")
    elif not is_name(value):
        yield Complaint("range", "value", f"'{value}' names no plug-in", f"a name is {NAME_RULE}")


_COMPARED: Wants = _text

_WANTED: Mapping[str, Wants] = {
    "<": _number,
    "<=": _number,
    ">": _number,
    ">=": _number,
    "in": _texts,
    "not_in": _texts,
    "exists": _nothing,
    "absent": _nothing,
    "version": _versions,
    "distinct": _nothing,
    "limit": _count,
    "spread": _shares,
    "exclusive": _nothing,
    "dedicated": _pool,
    "near": _job,
    "away": _job,
    "plugin": _plugin,
}
