"""The imports of a file: where they stand in it, and which file of the project each of them names."""

import posixpath
import re
from bisect import bisect_left

from borgpy.bcl import syntax
from borgpy.bcl.values import Wrong

LONGEST_PATH = 1_024
"""No project has a longer path; a file system would not take it."""

_WORD = re.compile(r"\bimport\b")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def imports_of(file: syntax.File, text: str) -> list[syntax.Import]:
    """The imports of a parsed file, in the order of its text.

    Only what lies around the word is looked through: most of a large file is not.
    """
    at = [match.start() for match in _WORD.finditer(text)]
    found: list[syntax.Import] = []
    pending: list[object] = [file] if at else []
    while pending:
        piece = pending.pop()
        if isinstance(piece, syntax.Import):
            found.append(piece)
        elif isinstance(piece, tuple):
            pending += piece
        elif isinstance(piece, syntax.File) or _may_import(piece, at):
            pending += [getattr(piece, name) for name in piece.__struct_fields__]  # type: ignore[attr-defined]
    return sorted(found, key=lambda node: node.start)


_WHOLE = (
    *(syntax.Constant, syntax.Number, syntax.Path, syntax.Placeholder, syntax.Name),
    *(syntax.Record, syntax.RecordLoop, syntax.List, syntax.ListLoop, syntax.FString),
    *(syntax.Chain, syntax.Compare, syntax.Logic, syntax.If, syntax.Postfix, syntax.Lambda),
)
"""The nodes whose offsets enclose all that belongs to them. A `syntax.Field` has those of its name."""


def _may_import(piece: object, at: list[int]) -> bool:
    if not isinstance(piece, syntax.Node):
        return False
    if not isinstance(piece, _WHOLE):
        return True
    index = bisect_left(at, piece.start)
    return index < len(at) and at[index] < piece.end


def imported_path(importer: str, written: str) -> str:
    """The file that ``import "written"`` names in the file ``importer``; `Wrong` if there can be none.

    Paths are relative to the root of the project, with ``/`` between their names, and never lead out of it. They are
    worked out from the words alone: a symbolic link on the way has no say in what ``..`` means.
    """
    _check_written(written)
    path = posixpath.normpath(posixpath.join(posixpath.dirname(importer), written))
    if path == ".." or path.startswith("../"):
        raise Wrong(
            "import",
            f"'{written}' lies outside the project",
            help="only files of the project can be imported; move the file into it, "
            "or put 'borg.lock' or '.borgroot' into the folder that holds both",
        )
    if path == "." or written.endswith(("/", "/.", "/..")):
        raise Wrong("import", f"'{written}' is a folder", help="name a file in it")
    return path


def _check_written(written: str) -> None:
    """Refuses what is no relative path of a file, and says what to write instead."""
    if not written:
        raise Wrong("import", "the path is empty", help='name a file: import "lib/base.borg"')
    if len(written) > LONGEST_PATH:
        raise Wrong("import", f"the path is longer than {LONGEST_PATH:,} characters")
    if _URL.match(written):
        raise Wrong(
            "import",
            f"'{written}' is a URL; nothing is imported over a network",
            help="keep a copy in the project, and pin it with sha256 or `borgcfg lock`",
        )
    if written.startswith("/"):
        raise Wrong(
            "import",
            f"'{written}' is an absolute path",
            help="write the path from this file's folder; only files of the project are imported",
        )
    if written.startswith("~"):
        raise Wrong(
            "import",
            f"'{written}' starts at a home folder, which differs from person to person",
            help="write the path from this file's folder; only files of the project are imported",
        )
    if "\\" in written:
        meant = written.replace("\\", "/")
        raise Wrong("import", f"'{written}' has a backslash", help=f"did you mean '{meant}'?")
    if not written.isprintable():  # control characters, and halves of a surrogate pair
        raise Wrong("import", "the path has characters that no file name should have")
