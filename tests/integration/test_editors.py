"""The folder of the VS Code extension, loaded as VS Code would, and the page that tells how to use it."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from borgpy.shipped import shipped
from tests.docs.reading import PROGRAMS, does_something, fenced, flags_of
from tests.fakes.editor import an_editor

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "editors" / "vscode"
PAGES = (ROOT / "editors" / "README.md", EXTENSION / "README.md")

PACKAGE: dict[str, Any] = json.loads((EXTENSION / "package.json").read_text())
CONTRIBUTED = PACKAGE["contributes"]
SETTINGS = CONTRIBUTED["configuration"]["properties"]
COMMAND: list[str] = SETTINGS["bcl.server.command"]["default"]

# What VS Code would be to the extension, and the client that would start the server: it prints the command instead.
STAND_IN = """
const Module = require("module");
const [extension, settings, folder] = process.argv.slice(1);
const vscode = {
  workspace: {
    getConfiguration: (section) => ({ get: (name) => JSON.parse(settings)[`${section}.${name}`] }),
    workspaceFolders: folder ? [{ uri: { fsPath: folder } }] : undefined,
    createFileSystemWatcher: (pattern) => ({ pattern }),
  },
  commands: { registerCommand: (name, run) => ({ name, run }) },
  window: { showErrorMessage: (text) => { console.error(text); process.exit(1); } },
};
class LanguageClient {
  constructor(id, name, server, client) { Object.assign(this, { id, server, client }); }
  async start() { console.log(JSON.stringify({ server: this.server, client: this.client })); }
  async stop() {}
}
const load = Module._load;
Module._load = (name, ...rest) =>
  ({ vscode, "vscode-languageclient/node": { LanguageClient } })[name] ?? load(name, ...rest);
const subscriptions = [];
require(extension).activate({ subscriptions }).then(async () => {
  console.log(JSON.stringify(subscriptions.map((each) => each.name)));
  await subscriptions[0].run();
  await require(extension).deactivate();
});
"""


def test_every_file_that_the_extension_names_is_there() -> None:
    (language,), (grammar,) = CONTRIBUTED["languages"], CONTRIBUTED["grammars"]
    for name in (PACKAGE["main"], language["configuration"], grammar["path"]):
        assert (EXTENSION / name).is_file()
    json.loads((EXTENSION / language["configuration"]).read_text())
    assert language["extensions"] == [".borg"]
    assert grammar["language"] == language["id"] == "bcl"
    assert PACKAGE["activationEvents"] == ["onLanguage:bcl"]
    scope = json.loads((EXTENSION / grammar["path"]).read_text())["scopeName"]
    assert grammar["scopeName"] == scope


async def test_the_server_that_the_extension_names_tells_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    text = (shipped("jobspecs") / "hello_world.borg").read_text()
    async with an_editor(COMMAND, tmp_path) as editor:
        mistakes = [d for d in await editor.open("hello.borg", text) if d["severity"] < 3]
        assert mistakes == []
        found = await editor.change("hello.borg", text.replace("replicas", "replica"))
        (mistake,) = (d for d in found if d["severity"] == 1)
        assert mistake["code"] == "field"
        assert mistake["range"]["start"] == {"line": 9, "character": 2}
        assert "did you mean 'replicas'?" in mistake["message"]
        assert await editor.close() == 0


def activated(settings: dict[str, Any], folder: str = "") -> list[Any]:
    """What the extension does with some settings, as Node sees it."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node here")
    script = [node, "-e", STAND_IN, str(EXTENSION / PACKAGE["main"]), json.dumps(settings), folder]
    done = subprocess.run(script, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_extension_starts_what_the_settings_say() -> None:
    started, commands, again = activated({"bcl.server.command": COMMAND})
    assert started == again, "restarting starts the same"
    assert started["server"] == {"command": COMMAND[0], "args": COMMAND[1:], "options": {}}
    assert started["client"]["documentSelector"] == [{"language": "bcl"}]
    assert commands == [command["command"] for command in CONTRIBUTED["commands"]]


@pytest.mark.parametrize(
    ("program", "command"),
    [("borgcfg", "borgcfg"), (".venv/bin/borgcfg", "/a/b/.venv/bin/borgcfg"), ("/c/d", "/c/d")],
)
def test_a_path_starts_at_the_workspace(program: str, command: str) -> None:
    started, *_ = activated({"bcl.server.command": [program, "lsp"]}, "/a/b")
    assert started["server"]["command"] == command
    assert started["server"]["options"] == {"cwd": "/a/b"}


def test_every_command_line_of_the_pages_is_true() -> None:
    lines = [
        line.removeprefix("$ ")
        for page in PAGES
        for block in fenced("console", page.read_text())
        for line in block.splitlines()
    ]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    vsix = f"{PACKAGE['name']}-{PACKAGE['version']}.vsix"
    known = {
        f"pip install '{project['name']}[lsp]'": "lsp" in project["optional-dependencies"],
        f"cd {EXTENSION.relative_to(ROOT)}": EXTENSION.is_dir(),
        "npm install": list(PACKAGE["dependencies"]) == ["vscode-languageclient"],
        "npx --yes @vscode/vsce package": "publisher" in PACKAGE and "license" in PACKAGE,
        f"code --install-extension {vsix}": True,
    }
    ours = [line for line in lines if line.split()[0] in PROGRAMS]
    assert ours
    for line in ours:
        words = line.split()
        assert does_something(words)
        assert {word for word in words if word.startswith("-")} <= flags_of(words) | {"--help"}
        program = str(Path(sys.executable).with_name(words[0]))
        assert (
            subprocess.run([program, *words[1:]], capture_output=True, check=False).returncode == 0
        )
    assert {line: known.get(line) for line in lines if line not in ours} == known


def test_every_editor_starts_the_same_command() -> None:
    text = PAGES[0].read_text()
    assert text.count(", ".join(f'"{word}"' for word in COMMAND)) == 1, "Neovim's"
    assert " ".join(f'"{word}"' for word in COMMAND) in text, "Emacs's"
    for block in fenced("json", text):
        for name, value in json.loads(block).items():
            assert name in SETTINGS
            assert isinstance(value, list)


def test_the_settings_are_told_as_they_are() -> None:
    table = dict(re.findall(r"^\| `([\w.]+)` \|.*\| `([^`]+)`", PAGES[1].read_text(), re.MULTILINE))
    defaults = {
        name: value if isinstance(value := setting["default"], str) else json.dumps(value)
        for name, setting in SETTINGS.items()
    }
    assert table == defaults
    for command in CONTRIBUTED["commands"]:
        assert f"`{command['title']}`" in PAGES[1].read_text()


@pytest.mark.parametrize("page", PAGES, ids=["editors", "vscode"])
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)]+)\)", page.read_text())
    assert links
    assert all((page.parent / link).exists() for link in links)
