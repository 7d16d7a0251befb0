"""A program: a file and all that it imports, read, checked against its pins, and parsed."""

import re
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from posixpath import basename, dirname, normpath
from types import MappingProxyType
from typing import Protocol

import msgspec

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import (
    BclError,
    Details,
    Diagnostic,
    Edit,
    Fault,
    Findings,
    Fix,
    Source,
    Spot,
    Step,
    did_you_mean,
)
from borgpy.bcl.evaluating.frames import fault_of
from borgpy.bcl.limits import DEFAULT_LIMITS, Limits, raised_by
from borgpy.bcl.loading.imports import imported_path, imports_of
from borgpy.bcl.loading.jsondata import Json, read_json
from borgpy.bcl.reading.lexer import SKIPPED
from borgpy.bcl.values import Wrong

MAX_FILES = 1_000
"""Far beyond what people import, and soon read. A folder that links to itself has endlessly many paths."""

_TOTAL_PER_FILE = 2
"""All files together may have this many times the characters of the largest one allowed."""

_SHOWN_CHAIN = 20

_PIN = re.compile(r"[0-9a-fA-F]{64}")
_EMPTY_PIN = re.compile(rf"\bsha256{SKIPPED}(?:''|\"\"|\"{{6}})\Z")
"""A pin that was left open must not pass for none."""


class Unreadable(Exception):
    """A file that is there, and cannot be read; the reason completes ``lib.borg ...``."""


class Files(Protocol):
    """What imports read. Paths are relative to the root of the project, normalized, with ``/`` between names."""

    def read(self, path: str) -> bytes | str | None:
        """The content, None if there is no such file; may raise `Unreadable`, and `Wrong` for a limit."""
        ...

    def names(self, folder: str) -> Iterable[str]:
        """The names in a folder (``""`` is the root), for suggestions; none if that cannot be told."""
        ...

    def shown(self, path: str) -> str:
        """What messages call the file."""
        ...


class MemoryFiles:
    """Files held in memory: text, bytes, or plain data for a ``.json``."""

    def __init__(self, files: Mapping[str, object]) -> None:
        self._files = {normpath(path): content for path, content in files.items()}

    def read(self, path: str) -> bytes | str | None:
        content = self._files.get(path)
        if isinstance(content, bytes | str):
            return content
        if path not in self._files:
            return None
        if not path.endswith(".json"):
            raise Unreadable("is not text")
        return msgspec.json.encode(content)

    def names(self, folder: str) -> Iterable[str]:
        return [basename(path) for path in self._files if dirname(path) == folder]

    def shown(self, path: str) -> str:
        return path


NO_FILES: Files = MemoryFiles({})


class Data(msgspec.Struct, frozen=True):
    """The content of a ``.json`` file."""

    value: Json


class Module(msgspec.Struct, frozen=True):
    """One file of a program. ``imports`` leads from a path as it is written there to the path of a module."""

    path: str
    source: Source
    sha256: str
    content: syntax.File | Data
    imports: Mapping[str, str] = MappingProxyType({})


class Program(msgspec.Struct, frozen=True):
    """The main file and the closure of its imports, by path; the main file is first."""

    main: str
    modules: Mapping[str, Module]
    origins: Mapping[str, Spot]
    """Where each imported file was imported first."""

    def imported_at(self, name: str) -> Spot | None:
        """Where a file, by its path or by the name that messages have for it, was imported first."""
        if name in self.origins:
            return self.origins[name]
        named = (m.path for m in self.modules.values() if m.source.name == name)
        return self.origins.get(next(named, ""))


Parser = Callable[[Source, Limits], syntax.File]
"""`borgpy.bcl.reading.parse.parse`, or one that remembers."""


def _parse(source: Source, limits: Limits) -> syntax.File:
    from borgpy.bcl.reading.parse import (
        parse,  # whoever remembers all that is asked for never needs it
    )

    return parse(source, limits)


def load(
    source: Source,
    files: Files = NO_FILES,
    *,
    path: str = "",
    parser: Parser = _parse,
    limits: Limits = DEFAULT_LIMITS,
    lock: Mapping[str, str] | None = None,
) -> Program:
    """The program whose main file is ``source``; `BclError` tells of everything wrong in any of its files.

    ``path`` is where the main file stands in the project (the source's name by default): imports are relative to that.
    With a ``lock``, from paths to sha256, every imported file has to be the one that is named there.
    """
    return _Loader(files, parser, limits, lock).program(source, normpath(path or source.name))


class _Visit:
    """A file on the way down from the main file, and the import of it that is being followed."""

    def __init__(self, module: Module, imports: list[syntax.Import], found: dict[str, str]) -> None:
        self.module = module
        self.found = found
        self._remaining = imports[::-1]
        self.following: syntax.Import | None = None

    def next(self) -> syntax.Import | None:
        self.following = self._remaining.pop() if self._remaining else None
        return self.following

    def spot(self) -> Spot:
        assert self.following is not None
        return Spot(self.module.source, self.following.start, self.following.end)


class _Loader:
    """Walks imports depth first, without recursion: a hostile chain may be as long as the limit on files."""

    def __init__(
        self, files: Files, parser: Parser, limits: Limits, lock: Mapping[str, str] | None
    ) -> None:
        self._files = files
        self._parser = parser
        self._limits = limits
        self._lock = lock
        self._findings = Findings()
        self._syntax: list[BclError] = []
        self._modules: dict[str, Module] = {}
        self._digests: dict[str, str] = {}
        self._origins: dict[str, Spot] = {}
        self._failures: dict[str, Wrong] = {}
        self._characters = 0

    def program(self, source: Source, path: str) -> Program:
        self._digests[path] = _digest(source.text)
        way = [visit] if (visit := self._visit(path, source)) else []
        while way:
            node = way[-1].next()
            if node is None:
                way.pop()
                continue
            try:
                followed = self._follow(way, node)
            except Wrong as wrong:
                self._findings.add(fault_of(wrong, way[-1].spot()))
            except Fault as fault:
                self._findings.add(fault)
            else:
                way += [followed] if followed else []
        self._raise_if_any()
        return Program(path, self._modules, self._origins)

    def _raise_if_any(self) -> None:
        if len(self._syntax) == 1 and not self._findings.found:
            raise self._syntax[0]  # with its own count of what is not shown
        found: list[Diagnostic] = [d for error in self._syntax for d in error.diagnostics]
        if self._findings.found:
            found += self._findings.error().diagnostics
        if found:
            raise BclError(found)

    def _follow(self, way: list[_Visit], node: syntax.Import) -> _Visit | None:
        """What to visit next for an import, None if its file is known already or broken."""
        path = imported_path(way[-1].module.path, node.path)
        way[-1].found[node.path] = path
        for number, visit in enumerate(way):
            if visit.module.path == path:
                raise _cycle([*(v.module for v in way), visit.module], way[number].spot())
        if path in self._failures:
            raise self._failures[path]
        spot = way[-1].spot()
        source = None if path in self._digests else self._read(path, spot)
        self._check_pin(node, path, spot)
        if source is None:
            return None
        self._origins[path] = spot
        return self._visit(path, source)

    def _visit(self, path: str, source: Source) -> _Visit | None:
        """Parses a file and keeps it; None if there is nothing more to follow from it."""
        try:
            if path.endswith(".json") and path in self._origins:
                content: syntax.File | Data = Data(read_json(source, self._limits))
            else:
                content = self._parser(source, self._limits)
        except BclError as error:
            self._syntax.append(self._with_origin(error, path))
            return None
        except Fault as fault:
            self._syntax.append(self._with_origin(BclError([fault.diagnostic()]), path))
            return None
        imports = [] if isinstance(content, Data) else imports_of(content, source.text)
        found: dict[str, str] = {}
        module = Module(path, source, self._digests[path], content, found)
        self._modules[path] = module
        return _Visit(module, imports, found) if imports else None

    def _with_origin(self, error: BclError, path: str) -> BclError:
        """The mistakes in an imported file, which also tell who imports it."""
        spot = self._origins.get(path)
        if spot is None:
            return error
        step = (Step("imported", str(spot)),)
        return BclError(
            msgspec.structs.replace(diagnostic, via=(*diagnostic.via, *step))
            for diagnostic in error.diagnostics
        )

    def _read(self, path: str, spot: Spot) -> Source:
        """The text of a file that is imported for the first time; `Wrong` is kept for its other imports."""
        try:
            if len(self._digests) >= MAX_FILES:
                raise Wrong("limit", f"a program of more than {MAX_FILES:,} files")
            content = self._files.read(path)
            if content is None:
                raise self._missing(path)
            source = Source(self._files.shown(path), _decoded(path, content))
            self._characters += len(source.text)
            if self._characters > _TOTAL_PER_FILE * self._limits.source:
                most = _TOTAL_PER_FILE * self._limits.source
                message = f"the files of this program have more than {most:,} characters"
                raise Wrong("limit", message, help=raised_by("source"))
        except Unreadable as reason:
            self._failures[path] = Wrong("import", f"{path} {reason}")
            raise self._failures[path] from None
        except Wrong as wrong:
            self._failures[path] = wrong
            raise
        self._digests[path] = _digest(content)
        return source

    def _missing(self, path: str) -> Wrong:
        folder, name = dirname(path), basename(path)
        return Wrong(
            "import",
            f"there is no file {path}",
            label=lambda: did_you_mean(name, sorted(self._files.names(folder))),
        )

    def _check_pin(self, node: syntax.Import, path: str, spot: Spot) -> None:
        digest = self._digests[path]
        is_pinned = node.digest or _EMPTY_PIN.search(spot.text)
        if is_pinned and node.digest.lower() != digest:
            raise _wrong_pin(node, path, digest, spot)
        if self._lock is None or self._lock.get(path) == digest:
            return
        locked = self._lock.get(path)
        message = f"{path} is not {'in borg.lock' if locked is None else 'the file in borg.lock'}"
        notes = () if locked is None else (f"locked  {locked}", f"found   {digest}")
        help = "if it is meant to be imported as it is now, run: borgcfg lock"
        raise Fault("import", spot, message, Details(notes=notes, help=help))


def _cycle(modules: list[Module], spot: Spot) -> Fault:
    """An import cycle, told from the main file on; at the import within the cycle that comes first."""
    paths = [module.source.name for module in modules]
    if len(paths) > _SHOWN_CHAIN:
        paths = [*paths[: _SHOWN_CHAIN // 2], "...", *paths[-_SHOWN_CHAIN // 2 :]]
    return Fault("cycle", spot, f"import cycle: {' -> '.join(paths)}")


def _wrong_pin(node: syntax.Import, path: str, digest: str, spot: Spot) -> Fault:
    def details() -> Details:
        at = spot.text.rfind(node.digest)
        place = spot.source.span(spot.start + at, spot.start + at + len(node.digest))
        fix = Fix("pin the file as it is now", (Edit(place, digest),))
        return Details(
            notes=(f"pinned  {node.digest}", f"found   {digest}"),
            help=f'if the change is meant, pin sha256 "{digest}"',
            fixes=(fix,) if at >= 0 and node.digest else (),
        )

    message = f"{path} has another sha256 than is pinned here"
    if not _PIN.fullmatch(node.digest):
        message = "this is no sha256, which has 64 hexadecimal digits"
    return Fault("import", spot, message, details)


def _decoded(path: str, content: bytes | str) -> str:
    try:
        text = content if isinstance(content, str) else content.decode()
    except UnicodeDecodeError as error:
        message = f"{path} is not UTF-8: byte {content[error.start]:#04x} at offset {error.start:,}"
        raise Wrong("import", message) from None
    return text.removeprefix("\ufeff")


def _digest(content: bytes | str) -> str:
    if isinstance(content, str):
        content = content.encode(errors="surrogatepass")
    return sha256(content).hexdigest()
