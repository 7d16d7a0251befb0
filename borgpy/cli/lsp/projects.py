"""The files of a project: as they are typed if they are open, as they lie on disk if not."""

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from borgpy.bcl.diagnostics import BclError, Source
from borgpy.bcl.editing.index import Index
from borgpy.bcl.loading.imports import imported_path
from borgpy.bcl.loading.program import Unreadable
from borgpy.bcl.reading.parse import parse
from borgpy.bcl.values import Wrong
from borgpy.cli.project import RootFiles, path_in, root_of

MOST_FILES = 500
"""A project's files are looked through for names and for who extends what; beyond so many, only those that are open."""

_SKIPPED = ("node_modules", "__pycache__", "build", "dist")


class Document:
    """A file that is open. ``index`` is what it says, or what it said when it could last be read."""

    def __init__(self, name: str, text: str) -> None:
        self.source = Source(name, "")
        self.index: Index | None = None
        self.is_current = False
        self.revision = 0
        self.change(text)

    def change(self, text: str) -> None:
        """Takes in a new text."""
        self.source = Source(self.source.name, text)
        self.revision += 1
        try:
            self.index = Index(self.source, parse(self.source))
            self.is_current = True
        except BclError:
            self.is_current = False


class OpenFiles:
    """What an evaluation reads: the texts of open files before those on disk. A picture of one moment."""

    def __init__(self, root: Path, texts: Mapping[str, str]) -> None:
        self._disk = RootFiles(root)
        self._texts = texts

    def read(self, path: str) -> bytes | str | None:
        return self._texts.get(path) or self._disk.read(path)

    def names(self, folder: str) -> Iterable[str]:
        return self._disk.names(folder)

    def shown(self, path: str) -> str:
        return path


class Project:
    """The files below one root, by their paths in there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.open: dict[str, Document] = {}
        self._on_disk: dict[str, tuple[tuple[int, int], Index | None]] = {}
        self._files = RootFiles(root)

    def files(self) -> OpenFiles:
        texts = {name: document.source.text for name, document in self.open.items()}
        return OpenFiles(self.root, texts)

    def index(self, name: str) -> Index | None:
        """What a file says, as far as it can be read."""
        document = self.open.get(name)
        return document.index if document else self._index_on_disk(name)

    def imported(self, importer: Index, written: str) -> Index | None:
        """The file that an import means."""
        try:
            return self.index(imported_path(importer.source.name, written))
        except Wrong:
            return None

    def indexes(self) -> list[Index]:
        """Every file of the project that can be read, the open ones first."""
        on_disk = [name for name in islice(self._names(), MOST_FILES) if name not in self.open]
        found = (self.index(name) for name in (*self.open, *on_disk))
        return [index for index in found if index is not None]

    def source(self, name: str) -> Source:
        """A file's text, for turning places in it into positions; empty if it is gone."""
        document = self.open.get(name)
        if document is not None:
            return document.source
        index = self._index_on_disk(name)
        return index.source if index else Source(name, self._text(name) or "")

    def names_beside(self, name: str, written: str) -> Iterator[str]:
        """What could be imported from a file, behind what has been written of the path."""
        folder = os.path.dirname(written)
        start = os.path.normpath(os.path.join(os.path.dirname(name), folder))
        for entry in sorted(self._files.names("" if start == "." else start)):
            path = os.path.join(folder, entry)
            if entry.endswith((".borg", ".json")) and os.path.normpath(path) != name:
                yield path
            elif (self.root / start / entry).is_dir() and not entry.startswith("."):
                yield f"{path}/"

    def _index_on_disk(self, name: str) -> Index | None:
        try:
            status = os.stat(self.root / name)
        except OSError:
            return None
        stamp = status.st_mtime_ns, status.st_size
        known = self._on_disk.get(name)
        if known is None or known[0] != stamp:
            known = self._on_disk[name] = stamp, self._parsed(name)
        return known[1]

    def _parsed(self, name: str) -> Index | None:
        text = self._text(name) if name.endswith(".borg") else None
        if text is None:
            return None
        source = Source(name, text)
        try:
            return Index(source, parse(source))
        except BclError:
            return None

    def _text(self, name: str) -> str | None:
        try:
            content = self._files.read(name)
        except (Unreadable, Wrong):
            return None
        return None if content is None else content.decode(errors="replace").removeprefix("\ufeff")

    def _names(self) -> Iterator[str]:
        """The job files below the root."""
        for folder, folders, files in os.walk(self.root):
            folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in _SKIPPED)
            for file in sorted(files):
                if file.endswith(".borg"):
                    yield os.path.relpath(os.path.join(folder, file), self.root)


class Desk:
    """The projects that are being worked on."""

    def __init__(self) -> None:
        self._projects: dict[Path, Project] = {}

    def locate(self, path: Path) -> tuple[Project, str]:
        """The project that a file belongs to, and its path in there."""
        root = root_of(path.parent)
        project = self._projects.setdefault(root, Project(root))
        return project, path_in(root, path)

    def documents(self) -> Iterator[tuple[Project, str]]:
        """Every open file."""
        for project in self._projects.values():
            for name in list(project.open):
                yield project, name
