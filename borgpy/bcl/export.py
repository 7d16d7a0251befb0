"""From values to plain data, as JSON knows it, within limits."""

from borgpy.bcl.diagnostics import Findings
from borgpy.bcl.literals import Quantity
from borgpy.bcl.values import (
    Bareword,
    ListValue,
    PlaceholderText,
    Poison,
    RecordValue,
    Value,
)

MAX_NODES = 1_000_000
MAX_CHARACTERS = 64 << 20
"""What references can multiply a small file into must stay small as well."""

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class Exporter:
    """Turns the values of one file into plain data, and counts what that comes to."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._nodes = 0
        self._characters = 0

    def export(self, value: Value, where: tuple[int, int]) -> Json:
        """``value`` as plain data. What cannot be is reported at ``where`` or where it was written."""
        self._nodes += 1
        if self._nodes > MAX_NODES or self._characters > MAX_CHARACTERS:
            self._report_size(where)
            return None
        match value:
            case str():
                self._characters += len(value)
                return value
            case Quantity(amount=amount):
                return amount
            case ListValue():
                return self._list(value)
            case RecordValue():
                return self._record(value)
            case Bareword():
                unknown_name(value, self._findings)
                return None
            case PlaceholderText(text=text):
                message = f"{text} means something only inside a job"
                self._findings.add("placeholder", where, message)
                return None
            case Poison():
                return None
            case _:
                return value

    def _list(self, value: ListValue) -> Json:
        exported: list[Json] = []
        for node, item in zip(value.nodes, value.items, strict=True):
            if self._nodes > MAX_NODES:
                break  # one report is enough
            exported.append(self.export(item, node.where))
        return exported

    def _record(self, value: RecordValue) -> Json:
        record: dict[str, Json] = {}
        for field in value.fields:
            if self._nodes > MAX_NODES:
                break
            self._characters += len(field.name)
            record[field.name] = self.export(field.value, field.node.where)
        return record

    def _report_size(self, where: tuple[int, int]) -> None:
        if self._findings.found and self._findings.found[-1].code == "limit":
            return  # it is the same one
        message = f"the result has more than {MAX_NODES:,} values or {MAX_CHARACTERS:,} characters"
        self._findings.add("limit", where, message)


def unknown_name(bareword: Bareword, findings: Findings, *notes: str) -> None:
    """Reports a word which stands where only a name may stand, and names nothing."""
    word = bareword.node.word
    meant = findings.suggestion(word, lambda: (*bareword.visible(), "true", "false", "null"))
    findings.add(
        "name",
        bareword.node.where,
        f"unknown name '{word}'",
        label=f"did you mean '{meant}'?" if meant else "",
        notes=notes,
        help="" if meant else f"quote it if it is text: '{word}'",
    )
