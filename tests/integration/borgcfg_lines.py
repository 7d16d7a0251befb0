"""Command lines of borgcfg in tests: run here, against a Borgmaster's far side, with their own environment."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from borgpy.cli.borgcfg import run
from tests.fakes.borgmaster import TOKEN, FakeBorgmaster

EXAMPLE = """job {name} = {{
  runtime = {{ cell = {cell} }}
  binary = ./server
  args = {{ port = %port% }}
  replicas = {replicas}
  priority = {priority}
}}
"""


class Said(msgspec.Struct, frozen=True):
    """How a command line ended and what it said."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


class CommandLine:
    """A person at a shell: a home of their own, and perhaps a cell they know."""

    def __init__(
        self, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.home = home
        self._capsys = capsys
        self._monkeypatch = monkeypatch
        monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
        monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
        monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
        monkeypatch.setenv("BORG_USER", "alice")
        monkeypatch.chdir(home)

    def knows(self, fake: FakeBorgmaster) -> None:
        self._monkeypatch.setenv("BORG_ADDR", fake.address)
        self._monkeypatch.setenv("BORG_TOKEN", TOKEN)

    def types(self, *arguments: str) -> Said:
        self._capsys.readouterr()
        code = run(arguments)
        said = self._capsys.readouterr()
        return Said(code, said.out, said.err)

    def heard(self) -> tuple[str, str]:
        """What was said since, on stdout and stderr."""
        said = self._capsys.readouterr()
        return said.out, said.err

    def writes_job(
        self,
        name: str = "web",
        *,
        cell: str = "ic",
        replicas: int = 3,
        priority: int = 100,
        with_server: bool = True,
    ) -> str:
        """A job file, with its program beside it."""
        path = self.home / f"{name}.borg"
        path.write_text(EXAMPLE.format(name=name, cell=cell, replicas=replicas, priority=priority))
        if with_server:
            (self.home / "server").write_text("#!/bin/sh\nexec sleep 60\n")
            (self.home / "server").chmod(0o755)
        return str(path)
