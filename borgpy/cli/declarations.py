"""Job files: evaluated, and each job brought together with its program."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import click
import msgspec

from borgpy.bcl.diagnostics import BclError, Details, Diagnostic, Fault, Source, Span, Spot
from borgpy.bcl.evaluate import Evaluated
from borgpy.bcl.jobs import (
    AllocDeclaration,
    FileUse,
    JobDeclaration,
    alloc_declarations_of,
    declarations_of,
)
from borgpy.cli.asked import Asked
from borgpy.cli.binaries import Binary, find_binary, find_package
from borgpy.cli.evaluating import evaluated
from borgpy.cli.names import unknown
from borgpy.errors import BorgError, InvalidConfig
from borgpy.model.spec import JobSpec, Package


class JobFile(msgspec.Struct, frozen=True):
    """A file's declarations, and the folder that its own paths start from."""

    name: str
    folder: Path
    evaluated: Evaluated
    declarations: tuple[JobDeclaration, ...]
    allocs: tuple[AllocDeclaration, ...] = ()

    def chosen(self, names: Sequence[str]) -> tuple[JobDeclaration, ...]:
        """The jobs called so, in the file's order; all of them if none is named."""
        known = [job.name for job in self.declarations] + [alloc.name for alloc in self.allocs]
        for name in names:
            if name not in known:
                raise unknown(f"job in {self.name} called", name, known)
        return tuple(d for d in self.declarations if not names or d.name in names)

    def chosen_allocs(self, names: Sequence[str]) -> tuple[AllocDeclaration, ...]:
        """The alloc sets called so, and those that the jobs called so run in; all of them if none is named."""
        used = {job.alloc for job in self.chosen(names)}
        return tuple(
            alloc
            for alloc in self.allocs
            if not names
            or alloc.name in names
            or not used.isdisjoint((alloc.name, f"{alloc.user}/{alloc.name}"))
        )

    def folder_of(self, span: Span) -> Path:
        """Where a path starts from that is written at ``span``: the folder of the file that says it."""
        return self.folder if span.file == self.name else Path(span.file).absolute().parent


class Declared(Protocol):
    """What a file declares of a job or an alloc set, as far as both have it."""

    @property
    def name(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def cell(self) -> str: ...
    @property
    def where(self) -> Mapping[str, Span]: ...


class Submittable(Protocol):
    """A job or an alloc set on its way to the cell."""

    @property
    def declaration(self) -> Declared: ...
    @property
    def files(self) -> Sequence[Binary]: ...
    def spec(self, user: str) -> JobSpec: ...


class ReadyAllocSet(msgspec.Struct, frozen=True):
    """An alloc set that can be submitted, once the user is known. It has no files."""

    declaration: AllocDeclaration
    files: tuple[Binary, ...] = ()

    def spec(self, user: str) -> JobSpec:
        return self.declaration.spec(user).job()


class ReadyJob(msgspec.Struct, frozen=True):
    """A job that can be submitted, once the user is known, with its program and the other files it needs.

    ``files`` begin with the program.
    """

    declaration: JobDeclaration
    files: tuple[Binary, ...]

    def spec(self, user: str) -> JobSpec:
        binary, *packages = (file.package for file in self.files)
        return self.declaration.spec(binary, user, packages)


def located(ready: Submittable, error: BorgError) -> BorgError:
    """The cell's refusal of this job or alloc set, with the places in the file that it is about."""
    from borgpy.client.problems import problem_of

    problem = problem_of(error)
    fields = [field.field for field in problem.fields] if problem else []
    where = ready.declaration.where
    places = [f"  {where[name]}: {name} is written here" for name in fields if name in where]
    if not places:
        return error
    told = type(error)("\n".join([error.message, *places]), hint=error.hint)
    told.__cause__ = error.__cause__
    return told


def read_job_file(name: str, how: Asked) -> JobFile:
    """A job file that declares a job or alloc set, ``-`` for stdin; `InvalidConfig` with everything wrong with it."""
    file = read_any_file(name, how)
    if not file.declarations and not file.allocs:
        raise InvalidConfig(f"{file.name} declares no job", hint="a job is: job NAME = { … }")
    return file


def read_any_file(name: str, how: Asked) -> JobFile:
    """As `read_job_file`, for a file that may as well declare nothing."""
    job, result = evaluated(name, how)
    return JobFile(
        job.source.name, job.folder, result, declarations_of(result), alloc_declarations_of(result)
    )


def with_binaries(file: JobFile, names: Sequence[str]) -> list[ReadyJob]:
    """The chosen jobs with their programs; `InvalidConfig` tells every program that cannot be used."""
    ready: list[ReadyJob] = []
    wrong: list[Diagnostic] = []
    for declaration in file.chosen(names):
        span = declaration.binary_span
        try:
            binary = find_binary(declaration.binary, file.folder_of(span))
            files = [binary]
            for use in declaration.packages:
                span = use.span
                files.append(_file(use, file))
            ready.append(ReadyJob(declaration, tuple(files)))
        except InvalidConfig as error:
            wrong.append(_at(span, file, error))
    if wrong:
        raise BclError(wrong)
    return ready


def alloc_sets(file: JobFile, names: Sequence[str]) -> list[ReadyAllocSet]:
    """The alloc sets of the chosen jobs, and those that are chosen themselves."""
    return [ReadyAllocSet(declaration) for declaration in file.chosen_allocs(names)]


def check(file: JobFile) -> None:
    """Raise if a program cannot be used, or admission would turn a job down whatever the cell."""
    from borgpy.admission.validate import problems_of

    ready: list[Submittable] = [*alloc_sets(file, ()), *with_binaries(file, ())]
    for job in ready:
        problems = problems_of(job.spec("you"))
        if problems:
            from borgpy.client.problems import error_of
            from borgpy.model.api import ProblemDetails

            details = ProblemDetails(
                f"{job.declaration.name} would be refused", 400, "invalid", fields=problems
            )
            raise located(job, error_of(details))


def without_binary(declaration: JobDeclaration, file: JobFile, user: str) -> JobSpec:
    """A job to look at only: with its real packages if they are there, else with ones without a digest."""
    packages = []
    binary = FileUse("", declaration.binary, "", declaration.binary_span)
    for use in (binary, *declaration.packages):
        try:
            folder = file.folder_of(use.span)
            found = find_binary(use.path, folder) if use is binary else _file(use, file)
            packages.append(found.package)
        except InvalidConfig as error:
            click.echo(f"note: {error.message}; its digest is left empty", err=True)
            packages.append(Package(use.name or Path(use.path).name, use.digest, 0))
    return declaration.spec(packages[0], user, packages[1:])


def _file(use: FileUse, file: JobFile) -> Binary:
    """The package that a file of a job becomes; without a path it is one that the cell has."""
    if not use.path:
        return Binary(None, Package(use.name, use.digest, 0))
    return find_package(use.path, file.folder_of(use.span), use.name, use.digest)


def _at(span: Span, file: JobFile, error: InvalidConfig) -> Diagnostic:
    """A complaint about a file at the place that names it."""
    for module in file.evaluated.program.modules.values():
        if module.source.name == span.file:
            spot = _spot(module.source, span)
            return Fault("missing", spot, error.message, Details(help=error.hint)).diagnostic()
    return Diagnostic("missing", span, error.message, help=error.hint)


def _spot(source: Source, span: Span) -> Spot:
    lines = source.text.split("\n")
    starts = [
        sum(len(text) + 1 for text in lines[: line - 1]) for line in (span.line, span.end_line)
    ]
    return Spot(source, starts[0] + span.column - 1, starts[1] + span.end_column - 1)
