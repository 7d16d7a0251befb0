"""What there is to say of each field, for editors, the command line and the documents."""

import pytest

from borgpy.bcl import evaluate_text
from borgpy.bcl.schema.document import field_reference
from borgpy.bcl.schema.reference import FieldReference, describe, field_at, fields_of, kinds
from borgpy.errors import InvalidConfig

PARTS = (
    "runtime",
    "requirements",
    "health",
    "update",
    "ports",
    "packages",
    "overrides",
    "constraints",
)
RECORDS = (*kinds(), *(f"job.{part}" for part in PARTS))
FIELDS = tuple(field for record in RECORDS for field in fields_of(record))

JOB = "runtime = { cell = ic } binary = ./x replicas = 20"
"""What jobs and alloc sets need, and nine tasks for the example of overrides."""

BESIDES = {
    "job.ports.number": "name = a",
    "job.packages.": "path = ./x",
    "job.overrides.": "tasks = 0",
    "job.constraints.": "attribute = a",
    "job.constraints.operator": "attribute = a value = b",
}
"""What a record needs besides the field that is tried."""


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.path)
def test_every_field_is_explained(field: FieldReference) -> None:
    assert field.description.endswith(".")
    assert field.required == (not field.default)
    assert field_at(field.path) == field
    assert describe(field.path).splitlines()[0] == f"{field.path}: {field.type}"


def a_record(field: FieldReference) -> str:
    """The text of a record in which nothing but ``field`` is of interest."""
    record = field.path.removesuffix(field.name)
    besides = BESIDES.get(field.path, BESIDES.get(record, ""))
    others = besides if f"{field.name} =" not in besides else ""
    return f"{{ {others} {field.name} = {field.example} }}"


@pytest.mark.parametrize(
    "field", [field for field in FIELDS if field.example], ids=lambda field: field.path
)
def test_every_example_can_be_written(field: FieldReference) -> None:
    kind, *within = field.path.split(".")[:-1]
    record = a_record(field)
    if within:
        holds_list = "list" in (field_at(f"{kind}.{within[0]}") or field).type
        record = f"{{ {within[0]} = {f'[{record}]' if holds_list else record} }}"
    base = {"package": "path = ./x", "alloc": JOB.replace("binary = ./x", "")}
    base["alloc_set"] = base["alloc"]
    evaluate_text(f"template base = {{ {base.get(kind, JOB)} }} {kind} x = base {record}")


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        ("jobs", "'jobs' has no schema", "'job'"),
        ("template.x", "'template' has no schema", "there are"),
        ("job.helth", "job has no field 'helth'", "'health'"),
        ("job.health.x", "job.health has no field 'x'", "failures_allowed"),
        ("job.replicas.x", "job.replicas has no fields", "whole number"),
    ],
)
def test_a_path_that_leads_nowhere(path: str, message: str, hint: str) -> None:
    with pytest.raises(InvalidConfig, match=message) as caught:
        describe(path)
    assert hint in caught.value.hint


def test_a_field_and_those_within_it() -> None:
    assert describe("job.update") == (
        "job.update: record\n"
        "  How tasks are replaced when the job changes.\n"
        "  default   {}\n"
        "  example   update = { batch = 5 }\n"
        "  fields\n"
        "    batch  whole number, 0 to 100,000"
    )
    assert describe("job.args.port") == "job.args.port: text, number or bool"
    assert describe("job.requirements.RAM").startswith("job.requirements.RAM: bytes, up to 1 PiB")


@pytest.mark.parametrize(
    ("path", "choices"),
    [
        ("job.restart", ("always", "on_failure", "never")),
        ("service.restart", ("always",)),
        ("job.priority", ("free", "batch", "mid", "production", "monitoring")),
        ("job.replicas", ()),
    ],
)
def test_an_editor_can_offer_the_words_that_a_field_may_be(
    path: str, choices: tuple[str, ...]
) -> None:
    field = field_at(path)
    assert field is not None
    assert field.choices == choices


def test_the_document_has_every_field() -> None:
    text = field_reference()
    assert all(f"| `{field.name}` |" in text for field in FIELDS)
