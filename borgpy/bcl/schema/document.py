"""The reference of all declared fields, as docs/BCL.md shows it."""

from collections.abc import Iterator

from borgpy.bcl.schema.reference import FieldReference, about, fields_of

_PARTS = (
    "runtime",
    "requirements",
    "requirements.gpu",
    "requirements.sets",
    "health",
    "update",
    "ports",
    "packages",
    "overrides",
    "constraints",
)
"""The records within a job, in the order in which people meet them."""


def field_reference() -> str:
    """Markdown of every field of every kind of declaration, with its type, its default and what it means."""
    return "\n".join(
        [
            *_section("### job", "job", fields_of("job")),
            *(line for part in _PARTS for line in _part(part)),
            *_section("### service", "service", _unlike("service", "job")),
            "All other fields are those of a job.\n",
            *_section("### alloc and alloc_set", "alloc", fields_of("alloc")),
            *_section("### package", "package", fields_of("package")),
        ]
    )


def _part(name: str) -> Iterator[str]:
    path = f"job.{name}"
    items = " (each item)" if "list" in _type_of(name) else ""
    yield from _section(f"#### {name}{items}", path, fields_of(path))


def _type_of(name: str) -> str:
    within, _, last = f"job.{name}".rpartition(".")
    return next(field.type for field in fields_of(within) if field.name == last)


def _unlike(kind: str, other: str) -> tuple[FieldReference, ...]:
    """The fields of a kind that another kind has not, or not so."""
    known = {(field.name, field.type, field.default) for field in fields_of(other)}
    return tuple(f for f in fields_of(kind) if (f.name, f.type, f.default) not in known)


def _section(title: str, path: str, fields: tuple[FieldReference, ...]) -> Iterator[str]:
    yield f"{title}\n"
    yield f"{about(path)}\n"
    yield "| field | type | default | meaning |"
    yield "|---|---|---|---|"
    for field in fields:
        example = f" For example `{field.name} = {field.example}`." if field.example else ""
        default = (
            "required"
            if field.required
            else f"`{field.default}`"
            if field.default != "none"
            else ""
        )
        cells = (f"`{field.name}`", field.type, default, field.description + example)
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
    yield ""
