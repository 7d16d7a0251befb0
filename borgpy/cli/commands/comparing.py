"""`borgcfg diff` and `explain`: what is different between two files, and where a value comes from."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from borgpy.cli.asked import EVALUATION_OPTIONS, Asked, asked
from borgpy.cli.options import Options, command
from borgpy.cli.output import show

if TYPE_CHECKING:
    from borgpy.bcl.explain import Origin
    from borgpy.bcl.loading.jsondata import Json

DIFFERENT = 2


@command(
    "diff",
    parameters=[
        click.argument("before", type=click.Path()),
        click.argument("after", type=click.Path()),
        click.option(
            "--detailed-exitcode", is_flag=True, help="End with 2 if there is a difference."
        ),
        *EVALUATION_OPTIONS,
    ],
    epilog="Compared is what the files come to. One of them may be - for stdin, or a result as .json.",
)
def diff(options: Options, before: str, after: str, detailed_exitcode: bool) -> None:
    """Tell what is different between what two job files come to."""
    from borgpy.bcl.difference import changes, described

    how = asked()
    found = changes(_plain(before, how), _plain(after, how))
    show(
        options,
        found,
        text=lambda: (
            "\n".join(line for change in found for line in described(change)) or "no difference"
        ),
        names=lambda: [change.path for change in found],
    )
    if found and detailed_exitcode:
        click.get_current_context().exit(DIFFERENT)


def _plain(name: str, how: Asked) -> "dict[str, Json]":
    from borgpy.cli.evaluating import data_of, evaluated

    return data_of(name, how) if name.endswith(".json") else evaluated(name, how)[1].plain()


@command(
    "explain",
    parameters=[
        click.argument("path"),
        click.argument("file", required=False, type=click.Path()),
        click.option("--schema", is_flag=True, help="Describe the field instead of its value."),
        *EVALUATION_OPTIONS,
    ],
    epilog="PATH is like job.web.requirements.ram; FILE is not needed where there is only one.",
)
def explain(options: Options, path: str, file: str | None, schema: bool) -> None:
    """Tell where a value comes from: every layer that sets it, and what its field may hold."""
    if file is None and (path == "-" or path.endswith(".borg")):
        raise click.UsageError(f"which value? borgcfg explain job.web.requirements.ram {path}")
    if file is not None and not file.endswith(".borg") and path.endswith(".borg"):
        path, file = file, path
    if schema:
        _explain_schema(options, path)
        return
    from borgpy.bcl.explain import explain as explain_value
    from borgpy.cli.evaluating import evaluated

    _, result = evaluated(file or _only_file(), asked())
    explanation = explain_value(result, path)
    plain = {
        "path": explanation.path,
        "value": explanation.value,
        "origins": [_origin(origin) for origin in explanation.origins],
        "schema": explanation.schema,
    }
    show(options, plain, text=explanation.render, names=lambda: [path])


def _origin(origin: "Origin") -> dict[str, object]:
    imported = origin.imported_at
    return {
        "span": origin.spot.span,
        "expression": origin.expression,
        "value": origin.value,
        "remark": origin.remark,
        "owner": origin.owner,
        "imported_at": imported.span if imported is not None else None,
    }


def _explain_schema(options: Options, path: str) -> None:
    from borgpy.bcl.schema.reference import describe, field_at, fields_of

    fields = fields_of(path)
    show(
        options,
        {"field": field_at(path), "fields": fields},
        text=lambda: describe(path),
        names=lambda: [field.path for field in fields] or [path],
    )


def _only_file() -> str:
    """The job file of this folder, if there is just one."""
    files = sorted(path.name for path in Path().glob("*.borg"))
    if len(files) == 1:
        return files[0]
    found = ", ".join(files) if files else "none"
    raise click.UsageError(f"which file? There is {found} in this folder")
