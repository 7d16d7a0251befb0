"""The closed schema of a job: the fields there are, what each may hold, and which must be there."""

from collections.abc import Mapping

import msgspec

from borgpy.bcl.diagnostics import Findings
from borgpy.bcl.export import Json
from borgpy.bcl.kinds import (
    BytesKind,
    ChoiceKind,
    CoresKind,
    DurationKind,
    Kind,
    NameKind,
    Place,
    PriorityKind,
    TextKind,
    TextsKind,
    WholeKind,
    record_of,
)
from borgpy.bcl.syntax import Declaration
from borgpy.bcl.values import Field, RecordValue, Value
from borgpy.model.names import NAME_RULE, is_name
from borgpy.model.spec import Restart

# The limits are admission's (a test compares them): they stand here as well so that a mistake is shown in its line
# before anything is sent.
MAX_REPLICAS = 100_000
MAX_CORES = 10_000
MAX_RAM = 1 << 50
MAX_DISK = 1 << 60
MAX_NOTICE_SECONDS = 10 * 60
MAX_HEALTH_SECONDS = 60 * 60
MIN_INTERVAL_SECONDS = 0.1


class CheckedJob(msgspec.Struct, frozen=True):
    """A job that fits the schema: its plain value, and the offsets of each field's value by dotted name."""

    value: dict[str, Json]
    where: dict[str, tuple[int, int]]


class Group:
    """A record of known fields. With ``any_case`` their names may be written in capitals."""

    def __init__(
        self, fields: Mapping[str, Kind], *, required: tuple[str, ...] = (), any_case: bool = False
    ) -> None:
        self.fields = fields
        self.required = required
        self.any_case = any_case

    def check(self, value: Value, place: Place) -> Json:
        record = record_of(value, place)
        return None if record is None else self.check_record(record, place, place.node.where)

    def check_record(
        self, record: RecordValue, place: Place, where: tuple[int, int]
    ) -> dict[str, Json]:
        """The fields of ``record`` as plain data; what is missing is missed at ``where``."""
        checked: dict[str, Json] = {}
        for field in record.fields:
            name = field.name.lower() if self.any_case else field.name
            kind = self.fields.get(name)
            if kind is None:
                self._report_unknown(field, place)
            elif name in checked:
                message = f"{place.path} has '{name}' twice, in different case"
                place.findings.add("duplicate", field.where, message)
            else:
                checked[name] = kind.check(field.value, place.field(name, field.node))
        for name in self.required:
            if name not in checked:
                self._report_missing(name, place, where)
        return checked

    def _report_unknown(self, field: Field, place: Place) -> None:
        meant = place.findings.suggestion(field.name, lambda: self.fields)
        owner = place.path or "a job"
        place.findings.add(
            "field",
            field.where,
            f"unknown field '{field.name}' in {owner}",
            label=f"did you mean '{meant}'?" if meant else "",
            notes=() if meant else (f"the fields are {', '.join(self.fields)}",),
            help="" if meant else "a field of your own must be declared hidden",
        )

    def _report_missing(self, name: str, place: Place, where: tuple[int, int]) -> None:
        path = f"{place.path}.{name}" if place.path else name
        kind = self.fields[name]
        if isinstance(kind, Group) and kind.required:
            path = f"{path}.{kind.required[0]}"
        place.findings.add("missing", where, f"{path} is missing")


JOB = Group(
    {
        "runtime": Group({"cell": NameKind()}, required=("cell",)),
        "binary": TextKind(),
        "args": TextsKind(),
        "env": TextsKind(),
        "requirements": Group(
            {"ram": BytesKind(MAX_RAM), "disk": BytesKind(MAX_DISK), "cpu": CoresKind(MAX_CORES)},
            any_case=True,
        ),
        "replicas": WholeKind(1, MAX_REPLICAS, "to stop a job use borgcfg down"),
        "priority": PriorityKind(),
        "user": NameKind(),
        "health": Group(
            {
                "port": NameKind(),
                "path": TextKind(begins="/"),
                "grace": DurationKind(0, MAX_HEALTH_SECONDS),
                "interval": DurationKind(MIN_INTERVAL_SECONDS, MAX_HEALTH_SECONDS),
                "timeout": DurationKind(0.001, MAX_HEALTH_SECONDS),
                "failures_allowed": WholeKind(0, 1000),
            }
        ),
        "restart": ChoiceKind(*(restart.value for restart in Restart)),
        "notice": DurationKind(0, MAX_NOTICE_SECONDS),
        "update": Group({"batch": WholeKind(0, MAX_REPLICAS)}),
    },
    required=("runtime", "binary"),
)


def check_job(declaration: Declaration, value: Value, findings: Findings) -> CheckedJob | None:
    """The job that ``declaration`` declares, as plain data; everything wrong with it goes to ``findings``."""
    place = Place("", declaration.value, findings, {})
    if not is_name(declaration.name):
        message = f"'{declaration.name}' cannot name a job"
        findings.add("range", declaration.where, message, help=f"a name is {NAME_RULE}")
    record = record_of(value, Place("a job", declaration.value, findings, {}))
    if record is None:
        return None
    checked = JOB.check_record(record, place, declaration.where)
    return CheckedJob({"name": declaration.name, **checked}, place.spots)
