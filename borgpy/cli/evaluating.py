"""Evaluating a job file that lies on this machine: its project, its parameters, its lock."""

import gc
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import BclError, Fault, Source, Spot
from borgpy.bcl.evaluate import Evaluated, evaluate
from borgpy.bcl.loading.jsondata import Json, read_json
from borgpy.bcl.loading.lock import read_lock
from borgpy.bcl.loading.params import Text, undeclared
from borgpy.bcl.loading.program import Parser, Program, load
from borgpy.bcl.reading.kept import parse_kept
from borgpy.cli.asked import Asked
from borgpy.cli.cache import Cache
from borgpy.cli.project import LOCK, RootFiles, path_in, root_of
from borgpy.clock import SystemClock
from borgpy.errors import InvalidConfig

STDIN = "<stdin>"

_BYTES_PER_CHARACTER = 4


class JobSource(msgspec.Struct, frozen=True):
    """A job file as it was read. Its project may read imports from ``root``; ``path`` is where it stands in there."""

    source: Source
    folder: Path
    root: Path
    path: str


def evaluated(name: str, how: Asked) -> tuple[JobSource, Evaluated]:
    """What the file ``name`` comes to (``-`` is stdin); `InvalidConfig` with everything that is wrong with it."""
    clock = SystemClock()
    until = clock.steady_seconds() + how.limits.seconds
    with _kept_for_good():
        job = read_source(name, how)
        program = loaded(job, how)
        params = parameters_of(program, name, how)
        result = evaluate(
            program,
            params,
            limits=how.limits,
            alarm=lambda: clock.steady_seconds() > until,
            strict=how.strict,
        )
    return job, result


@contextmanager
def _kept_for_good() -> Iterator[None]:
    """What is made within stays until the command ends: the collector need never look at it."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def loaded(job: JobSource, how: Asked) -> Program:
    """A file with all that it imports; `InvalidConfig` if that is not what the project's lock wants."""
    return _loaded(job, how, lock_of(job.root))


def loaded_unlocked(job: JobSource, how: Asked) -> Program:
    """A file with all that it imports now, whatever the lock says."""
    return _loaded(job, how, None)


def _loaded(job: JobSource, how: Asked, lock: Mapping[str, str] | None) -> Program:
    files = RootFiles(job.root, how.limits)
    parser = parser_for(how)
    return load(job.source, files, path=job.path, parser=parser, limits=how.limits, lock=lock)


def parser_for(how: Asked) -> Parser:
    """What reads texts: what was parsed once is not parsed again, as long as there is a place to keep it."""
    store = Cache(how.cache / "syntax") if how.cache is not None else _Nowhere()
    return lambda source, limits: parse_kept(source, store, limits)


class _Nowhere:
    """Keeps nothing."""

    def get(self, key: str) -> bytes | None:
        return None

    def put(self, key: str, value: bytes) -> None:
        return None


def lock_of(root: Path) -> dict[str, str] | None:
    """The lock of a project, None if it has none; `InvalidConfig` if it cannot be read."""
    path = root / LOCK
    name = os.path.relpath(path)
    try:
        text = path.read_text()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InvalidConfig(f"{name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidConfig(f"{name} is no text: byte {error.start} is not UTF-8") from error
    try:
        return read_lock(Source(name, text))
    except Fault as fault:
        raise BclError([fault.diagnostic()]) from None


def read_source(name: str, how: Asked) -> JobSource:
    """The text of a job file, ``-`` for stdin."""
    path = Path(name)
    most = how.limits.source * _BYTES_PER_CHARACTER
    if name == "-":
        content = sys.stdin.buffer.read(most + 1)
        name, path = STDIN, Path(STDIN)
    else:
        content = _content(path, most)
    if len(content) > most:
        message = f"{name} has more than {how.limits.source:,} characters"
        raise InvalidConfig(message, hint="is it a job file? --max-source raises the limit")
    try:
        text = content.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise InvalidConfig(f"{name} is no text: byte {error.start} is not UTF-8") from error
    # What comes through a pipe, as from `<(..)` of a shell, lies in no folder of its own.
    folder = path.absolute().parent if path.is_file() else Path.cwd()
    root = how.root or root_of(folder)
    return JobSource(Source(name, text), folder, root, path_in(root, folder / path.name))


def _content(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        hint = "`borgcfg init` writes an example" if isinstance(error, FileNotFoundError) else ""
        raise InvalidConfig(f"{path} cannot be read: {error.strerror}", hint=hint) from error


def parameters_of(program: Program, name: str, how: Asked) -> dict[str, object]:
    """The parameters given for a program: those of the command line before those of a file."""
    given: dict[str, object] = {name: Text(value) for name, value in how.params.items()}
    if not how.params_file:
        return given
    found = params_of(how.params_file, how)
    file = program.modules[program.main].content
    assert isinstance(file, syntax.File)
    for extra in undeclared(file, found):
        del found[extra]
        text = f"warning: {how.params_file}: {name} has no parameter {extra!r}"
        click.echo(text, err=True)
    return {**found, **given}


def params_of(name: str, how: Asked) -> dict[str, object]:
    """The values in a file of parameters: an object in JSON, or the fields of a job file."""
    if name.endswith(".json"):
        return dict(data_of(name, how))
    plain = msgspec.structs.replace(how, params={}, params_file="")
    return dict(evaluated(name, plain)[1].data)


def data_of(name: str, how: Asked) -> dict[str, Json]:
    """The object in a JSON file, wherever it lies; `InvalidConfig` with what is wrong with it."""
    source = read_source(name, msgspec.structs.replace(how, root=None)).source
    try:
        data = read_json(source, how.limits)
    except Fault as fault:
        raise BclError([fault.diagnostic()]) from None
    if not isinstance(data, dict):
        message = "an object is wanted here: {..}"
        raise BclError([Fault("type", Spot(source, 0, 0), message).diagnostic()])
    return data
