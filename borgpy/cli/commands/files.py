"""`borgcfg init`, `validate` and `render`: job files, before there is a cell."""

from pathlib import Path

import click

from borgpy.cli.options import Options, Output, command
from borgpy.cli.output import show
from borgpy.errors import BorgError, Conflict, InvalidConfig
from borgpy.shipped import shipped


@command(
    "init",
    parameters=[
        click.argument("folder", required=False, default=".", type=click.Path(path_type=Path))
    ],
)
def init(options: Options, folder: Path) -> None:
    """Write the example job and its web server into a folder."""
    source = shipped("jobspecs")
    files = sorted(path for path in source.rglob("*") if _is_example(path))
    there = [path for path in files if (folder / path.relative_to(source)).exists()]
    if there:
        names = ", ".join(str(folder / path.relative_to(source)) for path in there)
        raise Conflict(f"nothing was written: {names} is there already", hint="name another folder")
    try:
        for path in files:
            fresh = folder / path.relative_to(source)
            fresh.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("xb") as file:
                file.write(path.read_bytes())
            fresh.chmod(0o755 if _is_program(path) else 0o644)
            click.echo(fresh)
    except OSError as error:
        raise BorgError(f"{error.filename} cannot be written: {error.strerror}") from error
    if not options.quiet:
        first = next((path.name for path in files if path.name == "hello_world.borg"), "FILE")
        click.echo(f"try: borgcfg up {folder / first}", err=True)


@command(
    "validate", parameters=[click.argument("files", nargs=-1, required=True, type=click.Path())]
)
def validate(options: Options, files: tuple[str, ...]) -> None:
    """Check job files, without a cell."""
    from borgpy.cli.declarations import check, read_job_file

    wrong = []
    for name in files:
        try:
            file = read_job_file(name)
            check(file)
        except InvalidConfig as error:
            wrong.append(str(error))
        else:
            if not options.quiet:
                jobs = ", ".join(declaration.name for declaration in file.declarations)
                click.echo(f"{name}: {jobs}", err=True)
    if wrong:
        raise InvalidConfig("\n".join(wrong))


@command(
    "render",
    parameters=[
        click.argument("file", type=click.Path()),
        click.argument("jobs", nargs=-1, metavar="[JOB]..."),
    ],
)
def render(options: Options, file: str, jobs: tuple[str, ...]) -> None:
    """Print jobs as the cell would get them."""
    import msgspec

    from borgpy.cli.connection import here
    from borgpy.cli.contexts import local_user
    from borgpy.cli.declarations import read_job_file, without_binary

    user = options.user or here().user or local_user()
    read = read_job_file(file)
    specs = [
        declaration.spec(without_binary(declaration, read.folder), user)
        for declaration in read.chosen(jobs)
    ]
    if options.output in (Output.TABLE, Output.WIDE):
        options = msgspec.structs.replace(options, output=Output.JSON)
    show(options, specs, text=lambda: "", names=lambda: [spec.key for spec in specs])


def _is_example(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".") and "__pycache__" not in path.parts


def _is_program(path: Path) -> bool:
    """A wheel does not keep the permission to run, the first line does."""
    with path.open("rb") as file:
        return file.read(2) == b"#!"
