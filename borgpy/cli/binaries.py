"""The program a job names: found beside the file that names it, checked, and made a package."""

import hashlib
import os
from pathlib import Path

import msgspec

from borgpy.errors import InvalidConfig
from borgpy.model.spec import Package


class Binary(msgspec.Struct, frozen=True):
    """A file on this machine, and the package it becomes; without a path the cell has it already."""

    path: Path | None
    package: Package


def find_binary(text: str, folder: Path) -> Binary:
    """The program that ``binary = text`` names in a file of ``folder``; `InvalidConfig` if it cannot be run."""
    path = _existing(text, folder, "name the program itself")
    if not os.access(path, os.X_OK):
        raise InvalidConfig(f"{path} is not executable", hint=f"chmod +x {path}")
    return _packed(path, path.name)


def find_package(text: str, folder: Path, name: str, digest: str) -> Binary:
    """The file that a package is made from; `InvalidConfig` if it is not there, or another one than ``digest`` says."""
    binary = _packed(_existing(text, folder, "name a file"), name)
    if digest and binary.package.digest != digest:
        raise InvalidConfig(
            f"{binary.path} has another sha256 than is written here",
            hint=f'if the change is meant, write sha256 = "{binary.package.digest}"',
        )
    return binary


def _existing(text: str, folder: Path, hint: str) -> Path:
    path = Path(os.path.normpath(folder / text))
    try:
        if not path.exists():
            raise InvalidConfig(f"there is no file {path}", hint=_near(path, folder))
        if not path.is_file():
            raise InvalidConfig(f"{path} is no file", hint=hint)
    except OSError as error:
        raise InvalidConfig(f"{path} cannot be read: {error.strerror}") from error
    return path


def _packed(path: Path, name: str) -> Binary:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Binary(path, Package(name, digest, path.stat().st_size))
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
