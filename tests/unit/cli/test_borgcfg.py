from pathlib import Path

import click
import pytest

from borgpy.cli.borgcfg import COMMANDS, cli, in_our_order, run
from borgpy.cli.options import Options, Output, Seconds, options_of


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "web.borg"
    path.touch()
    return str(path)


def test_borgs_own_order_is_understood(file: str) -> None:
    assert in_our_order([file, "up", "--detach"]) == ["up", file, "--detach"]
    assert in_our_order(["-c", "ic", "-q", file, "up", "web"]) == [
        "-c",
        "ic",
        "-q",
        "up",
        file,
        "web",
    ]
    assert in_our_order(["-", "up"]) == ["up", "-"]


def test_everything_else_stays_as_it_is(file: str) -> None:
    for line in (["up", file], [file, "status"], [file], ["nowhere.borg", "up"], [], ["-c"]):
        assert in_our_order(line) == line


@pytest.mark.parametrize(
    "line",
    [
        [],
        ["statsu"],
        ["up"],
        ["status", "--nonsense"],
        ["-o", "xml", "version"],
        ["--timeout", "soon", "version"],
        ["kill", "web"],
        ["up", "x.borg", "--verify", "--detach"],
    ],
)
def test_wrong_usage_is_64(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(line) == 64
    assert capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_explains_itself(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([name, "--help"]) == 0
    assert "Usage: borgcfg" in capsys.readouterr().out


@pytest.mark.parametrize("line", [["version"], ["--version"]])
def test_the_version(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(line) == 0
    assert capsys.readouterr().out.startswith("borgcfg ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_code_for_each_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == 0
    assert "_BORGCFG_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "seconds"), [("30", 30), ("5m", 300), ("500ms", 0.5), ("1h", 3600)]
)
def test_durations(text: str, seconds: float) -> None:
    assert Seconds().convert(text, None, None) == seconds


def test_global_options_count_before_and_after_the_command() -> None:
    seen: list[Options] = []

    @click.pass_context
    def look(ctx: click.Context) -> None:
        seen.append(options_of(ctx, {"NO_COLOR": "1"}.get))

    from borgpy.cli.options import Command

    group = click.Group("borgcfg", params=list(cli.params))
    group.add_command(Command("look", callback=look))
    line = ["-o", "json", "-c", "ic", "look", "-o", "wide", "-u", "bob", "-y", "--timeout", "2m"]
    group.main(line, standalone_mode=False)
    assert seen == [
        Options(
            cell="ic",
            user="bob",
            output=Output.WIDE,
            color=False,
            yes=True,
            timeout_seconds=120,
        )
    ]
