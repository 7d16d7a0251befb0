"""Which cells there are, and how to reach them: the environment, the contexts file, the cells on this machine."""

import getpass
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from borgpy.client.transport import Endpoint
from borgpy.errors import InvalidConfig, NotAllowed, NotFound
from borgpy.model.names import is_name

DEFAULT_CELL = "ic"
"""What a cell on this machine is called when nobody says otherwise: the lecture's."""


class Surroundings(msgspec.Struct, frozen=True):
    """What the environment says, read once."""

    cell: str
    user: str
    address: str
    token: str
    token_file: str
    ca_file: str
    config_home: Path
    data_home: Path

    @property
    def contexts_file(self) -> Path:
        return self.config_home / "borg" / "contexts.toml"

    @property
    def cells(self) -> Path:
        return self.data_home / "borg" / "cells"


class Context(msgspec.Struct, frozen=True):
    """A cell that can be asked. ``cell`` is empty where only the cell itself knows its name; ``data`` is its folder if
    it is one of this machine."""

    cell: str
    address: str
    said_by: str
    user: str
    token_file: str = ""
    token: str = ""
    ca_file: str = ""
    data: Path | None = None

    def endpoint(self) -> Endpoint:
        """Where to send requests, with the token read now; `NotAllowed` if there is none to read."""
        token = self.token
        if self.token_file:
            try:
                token = Path(self.token_file).expanduser().read_text().strip()
            except (OSError, UnicodeDecodeError) as error:
                raise NotAllowed(
                    f"the token file {self.token_file} cannot be read: {error}",
                    hint=f"it is named by {self.said_by}",
                ) from error
        return Endpoint(self.address, token, self.ca_file)


def surroundings(environment: Mapping[str, str]) -> Surroundings:
    """The part of the environment that borgcfg heeds."""
    return Surroundings(
        cell=environment.get("BORG_CELL", ""),
        user=environment.get("BORG_USER", ""),
        address=environment.get("BORG_ADDR", ""),
        token=environment.get("BORG_TOKEN", ""),
        token_file=environment.get("BORG_TOKEN_FILE", ""),
        ca_file=environment.get("BORG_CACERT", ""),
        config_home=_base(environment.get("XDG_CONFIG_HOME", ""), ".config"),
        data_home=_base(environment.get("XDG_DATA_HOME", ""), ".local/share"),
    )


def local_user() -> str:
    """The login name, made a Borg name: ``j.doe`` is ``j_doe``."""
    try:
        login = getpass.getuser()
    except (KeyError, OSError):  # a container may run under a uid without a name
        login = f"uid{os.getuid()}"
    name = re.sub(r"[^A-Za-z0-9_-]", "_", login)[:63]
    return name if is_name(name) else f"u_{name}"[:63]


def find_context(around: Surroundings, cell: str = "") -> Context:
    """The cell called so; without a name the only one there is. `NotFound` names those that are known."""
    if around.address:
        return _addressed(around)
    known = known_contexts(around)
    wanted = cell or around.cell or _default_cell(around)
    if wanted:
        if wanted not in known:
            raise unknown_cell(wanted, known)
        return known[wanted]
    if not known:
        raise NotFound(
            "no cell is known",
            hint="start one here with `borgcfg cell start`, or `borgcfg up FILE`",
        )
    if len(known) > 1:
        raise InvalidConfig(
            f"which cell? known: {', '.join(known)}", hint="say --cell NAME, or set BORG_CELL"
        )
    return next(iter(known.values()))


def known_contexts(around: Surroundings) -> dict[str, Context]:
    """Every cell by name: those of the contexts file, then those on this machine. BORG_ADDR has no name and is none."""
    known = dict(_from_file(around))
    for folder in sorted(around.cells.glob("*/cell.json")):
        name = folder.parent.name
        if is_name(name) and name not in known:
            known[name] = _embedded(folder.parent, around)
    return known


def unknown_cell(name: str, known: Mapping[str, object]) -> NotFound:
    """The refusal of a name that no cell has."""
    listed = f"; known: {', '.join(known)}" if known else ""
    return NotFound(
        f"unknown cell {name!r}{listed}", hint=f"start one with `borgcfg cell start {name}`"
    )


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[cells.ic]`` of the contexts file."""

    address: str
    token_file: str = ""
    ca_file: str = ""
    user: str = ""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    cells: dict[str, _Entry] = {}
    default: str = ""


class _Recorded(msgspec.Struct, frozen=True):
    """The part of an embedded cell's cell.json that matters here."""

    address: str = ""
    user: str = ""


def _addressed(around: Surroundings) -> Context:
    return Context(
        cell="",
        address=around.address,
        said_by="BORG_ADDR",
        user=around.user or local_user(),
        token_file="" if around.token else around.token_file,
        token=around.token,
        ca_file=around.ca_file,
    )


def _read(around: Surroundings) -> _File:
    path = around.contexts_file
    try:
        return msgspec.convert(tomllib.loads(path.read_text()), type=_File)
    except FileNotFoundError:
        return _File()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise InvalidConfig(
            f"{path}: {error}",
            hint='it holds [cells.NAME] tables with address = "https://…" and token_file = "…"',
        ) from error


def _default_cell(around: Surroundings) -> str:
    return _read(around).default


def _from_file(around: Surroundings) -> dict[str, Context]:
    return {
        name: Context(
            cell=name,
            address=entry.address,
            said_by=str(around.contexts_file),
            user=around.user or entry.user or local_user(),
            token_file=entry.token_file,
            token="" if entry.token_file else around.token,
            ca_file=entry.ca_file or around.ca_file,
        )
        for name, entry in _read(around).cells.items()
    }


def _embedded(folder: Path, around: Surroundings) -> Context:
    try:
        recorded = msgspec.json.decode((folder / "cell.json").read_bytes(), type=_Recorded)
    except (OSError, msgspec.DecodeError) as error:
        raise InvalidConfig(f"{folder / 'cell.json'} cannot be read: {error}") from error
    return Context(
        cell=folder.name,
        address=recorded.address,
        said_by=str(folder),
        user=around.user or recorded.user or local_user(),
        token_file=str(folder / "token"),
        data=folder,
    )


def _base(value: str, otherwise: str) -> Path:
    """A base directory; the XDG specification has relative ones ignored."""
    path = Path(value)
    return path if value and path.is_absolute() else Path.home() / otherwise
