"""The conformance cases of our own: what each rule of the language means, one small program at a time."""

from collections.abc import Iterator
from importlib import import_module

from tests.unit.bcl.cases.case import Case

GROUPS = (
    "literals",
    "operators",
    "records",
    "inheritance",
    "lambdas",
    "comprehensions",
    "conditionals",
    "strings",
    "imports",
    "parameters",
    "scoping",
    "types",
    "asserts",
    "jobs",
    "substitution",
    "errors",
    "limits",
    "found",
)


def every_case() -> Iterator[tuple[str, Case]]:
    """All cases, each with the name of its group and its own."""
    for group in GROUPS:
        for case in import_module(f"{__name__}.{group}").CASES:
            yield f"{group}: {case.name}", case
