"""From values to plain data, as JSON knows it, within limits; every mistake on the way is found, not only the first."""

from borgpy.bcl.diagnostics import Fault, Findings, Spot
from borgpy.bcl.evaluating.frames import fault_of
from borgpy.bcl.evaluating.meter import Meter
from borgpy.bcl.evaluating.records import Record
from borgpy.bcl.limits import raised_by
from borgpy.bcl.values import Bareword, PlaceholderText, Quantity, Value, Wrong, unknown_name

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


MAX_OUTPUT_DEPTH = 500
"""Records and lists within each other in a result: what every reader of JSON takes."""

_LONGEST_SHOWN = 200

MOST_FINDINGS = 10_000
"""Nobody looks at so many mistakes, and each takes memory."""


class Exporter:
    """Turns the values of one evaluation into plain data, and counts what that comes to."""

    def __init__(self, meter: Meter, findings: Findings) -> None:
        self._meter = meter
        self._findings = findings
        self._depth = 0
        self._around: set[int] = set()
        self._nodes = 0
        self._characters = 0
        self._most_nodes = meter.limits.output_nodes
        self._most_characters = meter.limits.output_bytes

    def field(self, record: Record, name: str) -> Json:
        """A field of ``record`` as plain data; what is wrong with it goes to the findings."""
        try:
            value = record.get(name)
        except Fault as fault:
            self._findings.add(fault)
            return None
        kind = type(value)
        if kind is int or kind is str or kind is bool:
            self._nodes += 1
            if kind is str:
                self._characters += len(value)  # type: ignore[arg-type]
            return value  # type: ignore[return-value]
        return self._value(value, record, name)

    @property
    def stopped(self) -> bool:
        """Whether there is no use in going on: everything else would fail for the same reason."""
        return (
            self._meter.exhausted is not None
            or self._nodes > self._most_nodes
            or self._characters > self._most_characters
            or len(self._findings.found) > MOST_FINDINGS
        )

    def _value(self, value: Value, owner: Record, name: str) -> Json:
        self._nodes += 1
        match value:
            case str():
                self._characters += len(value)
                return value
            case None | bool() | int() | float():
                return value
            case Quantity(amount=amount):
                return amount
            case Record():
                return self._record(value, owner, name)
            case list():
                return self._list(value, owner, name)
            case Bareword():
                self._findings.add(unknown_name(value))
            case PlaceholderText(text=text):
                message = f"{text[:_LONGEST_SHOWN]} means something only inside a job"
                self._findings.report("placeholder", _spot(owner, name), message)
            case _:
                message = f"{name} is a function, and functions are no data"
                self._findings.report("type", _spot(owner, name), message)
        return None

    def _list(self, items: list[Value], owner: Record, name: str) -> Json:
        exported: list[Json] = []
        if self._descends(owner, name):
            for item in items:
                kind = type(item)
                if kind is int or kind is bool:
                    self._nodes += 1
                    exported.append(item)  # type: ignore[arg-type]
                elif self._too_much(owner, name):
                    break
                else:
                    exported.append(self._value(item, owner, name))
            self._too_much(owner, name)
        self._depth -= 1
        return exported

    def _record(self, record: Record, owner: Record, name: str) -> Json:
        exported: dict[str, Json] = {}
        if id(record) in self._around:
            message = f"'{name}' leads back to a record that it is part of"
            self._findings.report("cycle", _spot(owner, name), message)
            return exported
        self._around.add(id(record))
        if self._descends(owner, name):
            names = () if self._too_much(owner, name) else record.shape.names
            for field in names:
                self._characters += len(field)
                exported[field] = self.field(record, field)
            if record.shape.asserting:
                for fault in record.check_asserts():
                    self._findings.add(fault)
        self._depth -= 1
        self._around.remove(id(record))
        return exported

    def _descends(self, owner: Record, name: str) -> bool:
        """One level deeper; whether that is still allowed."""
        self._depth += 1
        if self._depth <= MAX_OUTPUT_DEPTH:
            return True
        message = f"the result is nested deeper than {MAX_OUTPUT_DEPTH} levels"
        self._findings.report("limit", _spot(owner, name), message)
        return False

    def _too_much(self, owner: Record, name: str) -> bool:
        if self._nodes <= self._most_nodes and self._characters <= self._most_characters:
            return self.stopped
        flag = "output" if self._nodes > self._most_nodes else "output-bytes"
        message = (
            f"the result has more than {self._most_nodes:,} values"
            if flag == "output"
            else f"the result has more than {self._most_characters:,} characters"
        )
        wrong = Wrong("limit", message, help=raised_by(flag))
        self._findings.add(fault_of(wrong, _spot(owner, name)))
        return True


def _spot(record: Record, name: str) -> Spot:
    slot = record.slot(name)
    assert slot is not None
    return slot.value_spot
