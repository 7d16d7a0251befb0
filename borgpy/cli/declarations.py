"""Job files: read, evaluated, and each job brought together with its program."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from borgpy.bcl.diagnostics import BclError, Diagnostic
from borgpy.bcl.jobs import JobDeclaration, job_declarations
from borgpy.cli.binaries import Binary, find_binary
from borgpy.cli.names import unknown
from borgpy.client.problems import error_of, problem_of
from borgpy.errors import BorgError, InvalidConfig
from borgpy.model.api import ProblemDetails
from borgpy.model.spec import JobSpec, Package

LONGEST_FILE = 16 * 1024 * 1024
"""A file beyond this was not written by a person, nor meant for one."""


class JobFile(msgspec.Struct, frozen=True):
    """A file's declarations, and the folder that its paths start from."""

    name: str
    folder: Path
    source: str
    declarations: tuple[JobDeclaration, ...]

    def chosen(self, names: Sequence[str]) -> tuple[JobDeclaration, ...]:
        """The jobs called so, in the file's order; all of them if none is named."""
        known = [declaration.name for declaration in self.declarations]
        for name in names:
            if name not in known:
                raise unknown(f"job in {self.name} called", name, known)
        return tuple(d for d in self.declarations if not names or d.name in names)


class Ready(msgspec.Struct, frozen=True):
    """A job that can be submitted, once the user is known, with its program."""

    declaration: JobDeclaration
    binary: Binary

    def spec(self, user: str) -> JobSpec:
        return self.declaration.spec(self.binary.package, user)

    def located(self, error: BorgError) -> BorgError:
        """The cell's refusal of this job, with the places in the file that it is about."""
        problem = problem_of(error)
        fields = [field.field for field in problem.fields] if problem else []
        where = self.declaration.where
        places = [f"  {where[name]}: {name} is written here" for name in fields if name in where]
        if not places:
            return error
        told = type(error)("\n".join([error.message, *places]), hint=error.hint)
        told.__cause__ = error.__cause__
        return told


def read_job_file(name: str) -> JobFile:
    """A job file, ``-`` for stdin; `InvalidConfig` with everything that is wrong with it."""
    if name == "-":
        source = _decoded(sys.stdin.buffer.read(LONGEST_FILE + 1), "<stdin>")
        return _parsed("<stdin>", source, Path.cwd())
    path = Path(name)
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_FILE + 1)
    except OSError as error:
        hint = "`borgcfg init` writes an example" if isinstance(error, FileNotFoundError) else ""
        raise InvalidConfig(f"{name} cannot be read: {error.strerror}", hint=hint) from error
    return _parsed(name, _decoded(content, name), path.absolute().parent)


def with_binaries(file: JobFile, names: Sequence[str]) -> list[Ready]:
    """The chosen jobs with their programs; `InvalidConfig` tells every program that cannot be used."""
    ready, wrong = [], []
    for declaration in file.chosen(names):
        try:
            ready.append(Ready(declaration, find_binary(declaration.binary, file.folder)))
        except InvalidConfig as error:
            wrong.append(_at_binary(file, declaration, error))
    if wrong:
        raise BclError(wrong)
    return ready


def check(file: JobFile) -> None:
    """Raise if a program cannot be used, or admission would turn a job down whatever the cell."""
    from borgpy.admission.validate import problems_of

    for job in with_binaries(file, ()):
        problems = problems_of(job.spec("you"))
        if problems:
            details = ProblemDetails(
                f"{job.declaration.name} would be refused", 400, "invalid", fields=problems
            )
            raise job.located(error_of(details))


def without_binary(declaration: JobDeclaration, folder: Path) -> Package:
    """The package of a job to look at only: the real one if its program is there, else one without a digest."""
    try:
        return find_binary(declaration.binary, folder).package
    except InvalidConfig as error:
        click.echo(f"note: {error.message}; its digest is left empty", err=True)
        return Package(Path(declaration.binary).name, "", 0)


def _parsed(name: str, source: str, folder: Path) -> JobFile:
    declarations = tuple(job_declarations(source, name))
    if not declarations:
        raise InvalidConfig(f"{name} declares no job", hint="a job is: job NAME = { … }")
    return JobFile(name, folder, source, declarations)


def _decoded(content: bytes, name: str) -> str:
    if len(content) > LONGEST_FILE:
        raise InvalidConfig(f"{name} is larger than {LONGEST_FILE >> 20} MiB; is it a job file?")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise InvalidConfig(f"{name} is no text: byte {error.start} is not UTF-8") from error


def _at_binary(file: JobFile, declaration: JobDeclaration, error: InvalidConfig) -> Diagnostic:
    """The complaint at the place in the file that names the program."""
    span = declaration.binary_span
    lines = file.source.splitlines()
    excerpt = lines[span.line - 1].replace("\t", " ") if span.line <= len(lines) else ""
    caret = " " * (span.column - 1) + "^" * max(1, span.end_column - span.column)
    return Diagnostic("missing", span, error.message, excerpt=excerpt, caret=caret, help=error.hint)
