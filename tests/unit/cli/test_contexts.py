from pathlib import Path

import pytest

from borgpy.cli.contexts import find_context, known_contexts, surroundings
from borgpy.client.transport import Endpoint
from borgpy.errors import InvalidConfig, NotAllowed, NotFound
from borgpy.model.names import is_name


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "BORG_USER": "alice",
    }


def write_contexts(environment: dict[str, str], text: str) -> None:
    path = surroundings(environment).contexts_file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def make_embedded(environment: dict[str, str], cell: str) -> Path:
    folder = surroundings(environment).cells / cell
    folder.mkdir(parents=True)
    (folder / "cell.json").write_text('{"address": "http://127.0.0.1:7", "user": "eve"}')
    (folder / "token").write_text("embedded\n")
    return folder


TWO = """
[cells.ic]
address = "https://ic.example"
token_file = "{token}"
[cells.cc]
address = "https://cc.example"
user = "bob"
"""


def test_without_any_cell_one_is_told_how_to_get_one(environment: dict[str, str]) -> None:
    with pytest.raises(NotFound, match="no cell is known") as refused:
        find_context(surroundings(environment))
    assert "borgcfg up" in refused.value.hint


def test_the_environment_names_address_and_token(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("from file\n")
    environment |= {"BORG_ADDR": "http://x:1", "BORG_TOKEN_FILE": str(tmp_path / "token")}
    context = find_context(surroundings(environment))
    assert context.endpoint() == Endpoint("http://x:1", "from file")
    environment["BORG_TOKEN"] = "direct"
    assert find_context(surroundings(environment)).endpoint() == Endpoint("http://x:1", "direct")


def test_a_cell_of_the_contexts_file_is_found_by_name(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "t").write_text("ic's")
    write_contexts(environment, TWO.format(token=tmp_path / "t"))
    around = surroundings(environment)
    assert find_context(around, "ic").endpoint() == Endpoint("https://ic.example", "ic's")
    assert find_context(around, "cc").address == "https://cc.example"
    assert find_context(surroundings(environment | {"BORG_CELL": "cc"})).cell == "cc"


def test_several_cells_must_be_chosen_from(environment: dict[str, str]) -> None:
    write_contexts(environment, TWO)
    with pytest.raises(InvalidConfig, match=r"which cell\? known: ic, cc"):
        find_context(surroundings(environment))
    write_contexts(environment, 'default = "cc"\n' + TWO)
    assert find_context(surroundings(environment)).cell == "cc"


def test_a_cell_of_this_machine_comes_with_its_token_and_user(environment: dict[str, str]) -> None:
    folder = make_embedded(environment, "ic")
    context = find_context(surroundings(environment))
    assert (context.cell, context.data) == ("ic", folder)
    assert context.endpoint() == Endpoint("http://127.0.0.1:7", "embedded")
    assert context.user == "alice"
    del environment["BORG_USER"]
    assert find_context(surroundings(environment)).user == "eve"


def test_the_contexts_file_comes_before_the_cells_of_this_machine(
    environment: dict[str, str],
) -> None:
    make_embedded(environment, "ic")
    make_embedded(environment, "local")
    write_contexts(environment, TWO)
    known = known_contexts(surroundings(environment))
    assert {name: context.data is not None for name, context in known.items()} == {
        "ic": False,
        "cc": False,
        "local": True,
    }


def test_an_unknown_cell_is_refused_with_those_that_are_known(environment: dict[str, str]) -> None:
    make_embedded(environment, "ic")
    with pytest.raises(NotFound, match="unknown cell 'xx'; known: ic") as refused:
        find_context(surroundings(environment), "xx")
    assert refused.value.hint == "start one with `borgcfg cell start xx`"


@pytest.mark.parametrize(
    "text", ["[cells.ic]", "cells = 3", "not toml at all [", "[cells.ic]\nx=1"]
)
def test_a_contexts_file_with_mistakes_is_refused(environment: dict[str, str], text: str) -> None:
    write_contexts(environment, text)
    with pytest.raises(InvalidConfig, match=r"contexts\.toml"):
        known_contexts(surroundings(environment))


def test_a_token_that_cannot_be_read_is_not_allowed(environment: dict[str, str]) -> None:
    write_contexts(environment, TWO.format(token="/nowhere/at/all"))
    context = find_context(surroundings(environment), "ic")
    with pytest.raises(NotAllowed, match="/nowhere/at/all"):
        context.endpoint()


def test_relative_base_directories_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/alice")
    around = surroundings({"XDG_DATA_HOME": "relative", "BORG_USER": "alice"})
    assert around.cells == Path("/home/alice/.local/share/borg/cells")


@pytest.mark.parametrize("login", ["j.doe", "3com", "DOMAIN\\user", "", "x" * 100])
def test_any_login_becomes_a_user(login: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", login or "root")
    context = find_context(surroundings({"BORG_ADDR": "http://x"}))
    assert is_name(context.user)
