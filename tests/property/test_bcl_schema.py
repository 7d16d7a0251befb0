"""Laws of the schema: no record breaks it, and what it lets through admission has nothing against."""

from hypothesis import given, settings
from hypothesis import strategies as st

from borgpy.admission.validate import problems_of
from borgpy.bcl import BclError, job_declarations
from borgpy.bcl.schema.reference import FieldReference, fields_of
from borgpy.model.spec import Package
from tests.unit.bcl.samples import job_text

PACKAGE = Package("x", "ab" * 32, 1)  # the binary of `job_text`

FITTING = {
    "whole number": ("1", "2", "7"),
    "bytes": ("0", "100M", "1GiB", "4096"),
    "duration": ("5s", "250ms", "1min"),
    "cores": ("0.1", "250m", "2"),
    "name": ("a", "http", "port", "data"),
    "text": ("a", "'a b'", "%port%", "%port:http%", "'%%'", "3.5", "true"),
    "that begins": ("'/ok'", "/p"),
    "path": ("./f", "'/b/x'"),
    "indexes": ("'0-2'", "'0,5'"),
    "SHA-256": (f"'{'ab' * 32}'",),
    "list of names": ("[]", "[a, b]"),
    "record of texts": ("{}", "{ a = 1 b = %port:http% }"),
    "record of whole": ("{}", "{ a = 60 b = 30 }"),
}
"""Values that fit fields of a type, if nothing else is against them."""

UNFIT = (
    *(
        "null",
        "[1, [2]]",
        "{ a = { b = 1 } }",
        "1 / 0",
        "nope + 1",
        "max",
        "-1",
        "'\\0'",
        "j",
        "'x y'",
    ),
    *(
        "100m",
        "2EB",
        "1500us",
        "2h",
        "5",
        "65536",
        "%prot%",
        "'5-2'",
        "'/b/%cell%'",
        "''",
        "'u/j'",
        "'a\\nb'",
    ),
)


def a_value(field: FieldReference) -> st.SearchStrategy[str]:
    fitting = [word for kind, words in FITTING.items() if kind in field.type for word in words]
    quoted = (f"'{choice}'" for choice in field.choices)
    fitting.extend((*quoted, *([field.example] if field.example else ())))
    return st.integers(0, 19).flatmap(
        lambda n: st.sampled_from(UNFIT if n == 19 else fitting or ["a"])
    )


def a_record(fields: tuple[FieldReference, ...]) -> st.SearchStrategy[str]:
    known = {field.name: a_value(field) for field in fields if field.required}
    other = {field.name: a_value(field) for field in fields if not field.required}
    return st.fixed_dictionaries(known, optional=other).map(
        lambda found: "{ " + " ".join(f"{name} = {value}" for name, value in found.items()) + " }"
    )


def a_field(field: FieldReference) -> st.SearchStrategy[tuple[str, str]]:
    values = a_value(field)
    if within := fields_of(field.path):
        record = a_record(within)
        several = st.lists(record, max_size=3).map(lambda records: f"[{', '.join(records)}]")
        values = several if "list" in field.type else record
    return values.map(lambda value: (field.name, value))


FIELDS = [field for field in fields_of("job") if field.name not in ("runtime", "binary")]

jobs = st.lists(
    st.sampled_from(FIELDS).flatmap(a_field), max_size=3, unique_by=lambda field: field[0]
).map(lambda fields: job_text(" ".join(f"{name} = {value}" for name, value in fields)))


@settings(max_examples=400, deadline=None)
@given(jobs)
def test_what_is_accepted_is_admitted_and_what_is_not_is_explained(source: str) -> None:
    try:
        (declaration,) = job_declarations(source, "main.borg")
    except BclError:
        return
    packages = [Package(use.name, "cd" * 32, 1) for use in declaration.packages]
    assert problems_of(declaration.spec(PACKAGE, "alice", packages)) == ()
    assert all(declaration.where[path] for path in declaration.where)
