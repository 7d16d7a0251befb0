"""`borgcfg init` and `render`: job files, before there is a cell."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from borgpy.cli.asked import EVALUATION_OPTIONS, asked
from borgpy.cli.options import Options, Output, command
from borgpy.cli.output import show
from borgpy.errors import BorgError, Conflict
from borgpy.shipped import shipped

if TYPE_CHECKING:
    from borgpy.bcl.loading.jsondata import Json


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
    "render",
    parameters=[
        click.argument("file", type=click.Path()),
        click.argument("jobs", nargs=-1, metavar="[JOB]..."),
        click.option(
            "--as",
            "form",
            type=click.Choice(["json", "bcl"]),
            default="json",
            show_default=True,
            help="What to write; BCL evaluates to the same again.",
        ),
        click.option("--data", is_flag=True, help="All that the file evaluates to, not only jobs."),
        *EVALUATION_OPTIONS,
    ],
)
def render(options: Options, file: str, jobs: tuple[str, ...], form: str, data: bool) -> None:
    """Print jobs as the cell would get them, or whatever else a file comes to."""
    if form == "bcl":
        _render_bcl(file, jobs, data=data)
    elif data:
        if jobs:
            raise click.UsageError("--data shows the whole file; leave the names of jobs out")
        _render_data(options, file)
    else:
        _render_specs(options, file, jobs)


def _render_specs(options: Options, name: str, jobs: tuple[str, ...]) -> None:
    import msgspec

    from borgpy.cli.connection import here
    from borgpy.cli.contexts import local_user
    from borgpy.cli.declarations import read_job_file, without_binary
    from borgpy.model.alloc import AllocSetSpec
    from borgpy.model.spec import JobSpec

    user = options.user or here().user or local_user()
    file = read_job_file(name, asked())
    specs: list[AllocSetSpec | JobSpec] = [
        *(alloc.spec(user) for alloc in file.chosen_allocs(jobs)),
        *(without_binary(declaration, file, user) for declaration in file.chosen(jobs)),
    ]
    if options.output in (Output.TABLE, Output.WIDE):
        options = msgspec.structs.replace(options, output=Output.JSON)
    show(options, specs, text=lambda: "", names=lambda: [spec.key for spec in specs])


def _render_data(options: Options, name: str) -> None:
    import msgspec

    from borgpy.cli.evaluating import evaluated

    _, result = evaluated(name, asked())
    plain = result.plain()
    if options.output in (Output.TABLE, Output.WIDE):
        options = msgspec.structs.replace(options, output=Output.JSON)
    show(options, plain, text=lambda: "", names=lambda: plain)


def _render_bcl(name: str, jobs: tuple[str, ...], *, data: bool) -> None:
    from borgpy.bcl.render import bcl_text
    from borgpy.cli.declarations import read_any_file

    file = read_any_file(name, asked())
    wanted = {declaration.name for declaration in file.chosen(jobs)} if jobs else None
    kinds: dict[str, dict[str, Json]] = {}
    for declared in file.evaluated.declarations:
        if wanted is None or (declared.name in wanted and declared.kind in ("job", "service")):
            kinds.setdefault(declared.kind, {})[declared.name] = declared.checked.value
    fields = file.evaluated.data if data or wanted is None else {}
    click.echo(bcl_text(fields, kinds), nl=False)


def _is_example(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".") and "__pycache__" not in path.parts


def _is_program(path: Path) -> bool:
    """A wheel does not keep the permission to run, the first line does."""
    with path.open("rb") as file:
        return file.read(2) == b"#!"
