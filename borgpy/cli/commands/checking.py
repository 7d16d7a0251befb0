"""`borgcfg validate` and `lint`: what is wrong with job files, or probably not meant in them."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from borgpy.cli.asked import EVALUATION_OPTIONS, Asked, asked
from borgpy.cli.options import Options, Output, command
from borgpy.errors import BorgError, InvalidConfig

if TYPE_CHECKING:
    from borgpy.bcl.diagnostics import Diagnostic
    from borgpy.bcl.linting import Remark

FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Text for people, or JSON with ranges and fixes on stdout.",
)

FILES = click.argument("files", nargs=-1, required=True, type=click.Path())

REMARKED = 1
"""There are remarks and no mistakes."""


@command("validate", parameters=[FILES, FORMAT, *EVALUATION_OPTIONS])
def validate(options: Options, files: tuple[str, ...], form: str) -> None:
    """Check job files, without a cell."""
    how = asked()
    errors = {name: error for name in files if (error := _error_of(options, name, how))}
    _tell(options, form, [], errors)


def _error_of(options: Options, name: str, how: Asked) -> InvalidConfig | None:
    from borgpy.cli.declarations import check, read_any_file

    try:
        file = read_any_file(name, how)
        check(file)
    except InvalidConfig as error:
        return error
    if not options.quiet:
        found = [declared.name for declared in file.evaluated.declarations]
        click.echo(f"{name}: {', '.join(found) or 'nothing wrong'}", err=True)
    return None


@command(
    "lint",
    parameters=[
        FILES,
        FORMAT,
        click.option(
            "--ignore", multiple=True, metavar="RULE", help="Leave a rule out; may be repeated."
        ),
        *EVALUATION_OPTIONS,
    ],
    epilog="A comment in its line silences a remark: // lint: ignore[RULE]",
)
def lint(options: Options, files: tuple[str, ...], form: str, ignore: tuple[str, ...]) -> None:
    """Tell what is allowed in job files, and probably not meant."""
    from borgpy.bcl.linting import RULES
    from borgpy.cli.linting import linted

    for rule in ignore:
        if rule not in RULES:
            raise click.UsageError(f"there is no rule {rule!r}; there are {', '.join(RULES)}")
    remarks, errors = linted(files, asked())
    _tell(options, form, [remark for remark in remarks if remark.rule not in ignore], errors)


def _tell(
    options: Options,
    form: str,
    remarks: "Sequence[Remark]",
    errors: dict[str, InvalidConfig],
) -> None:
    """Prints what was found, and ends with the exit code that says so."""
    if form == "json" or options.output is Output.JSON:
        import msgspec

        found = [*remarks, *_diagnostics(errors)]
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
    else:
        for text in (remark.render() for remark in remarks):
            click.echo(f"{text}\n")
        if errors:
            click.echo("\n\n".join(map(_text, errors.values())), err=True)
    if errors:
        click.get_current_context().exit(InvalidConfig.exit_code)
    if remarks:
        click.get_current_context().exit(REMARKED)


def _text(error: BorgError) -> str:
    # What is wrong in a file begins with its place, where editors look for it.
    return str(error) if hasattr(error, "diagnostics") else f"error: {error}"


def _diagnostics(errors: dict[str, InvalidConfig]) -> "Iterable[Diagnostic]":
    """Everything as diagnostics; what has no place, such as a file that is not there, is told at its beginning."""
    from borgpy.bcl.diagnostics import BclError, Diagnostic, Span

    for name, error in errors.items():
        if isinstance(error, BclError):
            yield from error.diagnostics
        else:
            yield Diagnostic("import", Span(name, 1, 1, 1, 1), error.message, help=error.hint)
