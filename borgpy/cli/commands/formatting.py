"""`borgcfg fmt`: job files in their one layout."""

from pathlib import Path

import click

from borgpy.cli.asked import LIMIT_OPTIONS, asked
from borgpy.cli.options import Options, command
from borgpy.errors import InvalidConfig

UNFORMATTED = 1


@command(
    "fmt",
    parameters=[
        click.argument("files", nargs=-1, required=True, type=click.Path(allow_dash=True)),
        click.option("--check", is_flag=True, help="Change nothing; list what is not formatted."),
        click.option("--diff", "as_diff", is_flag=True, help="Change nothing; show what would be."),
        click.option("--quote", is_flag=True, help="Put bare words in quotes, too."),
        *LIMIT_OPTIONS,
    ],
    epilog="With - the text on stdin is written to stdout. Comments stay as they are, and so does what a file means.",
)
def fmt(options: Options, files: tuple[str, ...], check: bool, as_diff: bool, quote: bool) -> None:
    """Lay job files out as everybody does, in place; print which of them changed."""
    wrong: list[str] = []
    changed = 0
    for name in dict.fromkeys(files):
        try:
            old, new = _formatted(name, quote=quote)
        except InvalidConfig as error:
            wrong.append(str(error) if hasattr(error, "diagnostics") else f"error: {error}")
            continue
        changed += old != new
        if as_diff:
            click.echo(_difference(name, old, new), nl=False)
        elif name == "-" and not check:
            click.echo(new, nl=False)
        elif old != new:
            click.echo(name)
            if not check:
                _write(name, new)
    if wrong:
        click.echo("\n\n".join(wrong), err=True)
        click.get_current_context().exit(InvalidConfig.exit_code)
    if check and changed:
        click.get_current_context().exit(UNFORMATTED)


def _formatted(name: str, *, quote: bool) -> tuple[str, str]:
    """A file's text as it is, and as it should be."""
    from borgpy.bcl.linting import bare_words_in
    from borgpy.bcl.reading.format import format_text
    from borgpy.cli.evaluating import parser_for, read_source

    if name != "-" and Path(name).exists() and not Path(name).is_file():
        raise InvalidConfig(f"{name} is no file that could be written again")
    how = asked()
    source = read_source(name, how).source
    quoted = bare_words_in(source, parser_for(how)(source, how.limits)) if quote else ()
    return source.text, format_text(source, quoted, how.limits)


def _difference(name: str, old: str, new: str) -> str:
    from difflib import unified_diff

    lines = unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), name, f"{name} (formatted)"
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _write(name: str, text: str) -> None:
    from borgpy.cli.writing import replace_file

    replace_file(Path(name), text.encode())
