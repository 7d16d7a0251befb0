"""The program a job names: found beside the file that names it, checked, and made a package."""

import hashlib
import os
from pathlib import Path

import msgspec

from borgpy.errors import InvalidConfig
from borgpy.model.spec import Package


class Binary(msgspec.Struct, frozen=True):
    """A program on this machine, and the package it becomes."""

    path: Path
    package: Package


def find_binary(text: str, folder: Path) -> Binary:
    """The program that ``binary = text`` names in a file of ``folder``; `InvalidConfig` if it cannot be run."""
    path = Path(os.path.normpath(folder / text))
    try:
        if not path.exists():
            raise InvalidConfig(f"there is no file {path}", hint=_near(path, folder))
        if not path.is_file():
            raise InvalidConfig(f"{path} is no file", hint="name the program itself")
        if not os.access(path, os.X_OK):
            raise InvalidConfig(f"{path} is not executable", hint=f"chmod +x {path}")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Binary(path, Package(path.name, digest, path.stat().st_size))
    except OSError as error:
        raise InvalidConfig(f"{path} cannot be read: {error.strerror}") from error


def _near(path: Path, folder: Path) -> str:
    from difflib import get_close_matches

    try:
        beside = [entry.name for entry in path.parent.iterdir() if entry.is_file()]
    except OSError:
        return f"it is looked for from {folder}, where the job file lies"
    close = get_close_matches(path.name, beside, 1)
    if close:
        return f"did you mean {close[0]}?"
    return f"it is looked for from {folder}, where the job file lies"
