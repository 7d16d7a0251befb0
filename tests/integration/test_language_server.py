"""The language server, spoken to over stdio as an editor does."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.editor import Editor, Refused, an_editor

COMMAND = (str(Path(sys.executable).with_name("borgcfg")), "lsp")

LIB = """\
template web = {
  hidden size: int
  runtime = { cell = 'ic' }
  binary = /bin/server
  requirements = { ram = 100M }
  replicas = size * 2
}
"""
MAIN = """\
local lib = import "lib.borg"
job shop = lib.web {
  size = 3
  requirements { ram = super.ram * 4 }
}
"""


@pytest.fixture
async def editor(tmp_path: Path) -> AsyncIterator[Editor]:
    (tmp_path / ".borgroot").touch()
    (tmp_path / "lib.borg").write_text(LIB)
    (tmp_path / "main.borg").write_text(MAIN)
    async with an_editor(COMMAND, tmp_path) as running:
        yield running


def place(text: str, word: str, skip: int = 0) -> tuple[int, int]:
    """Where ``word`` stands in a text, after so many others."""
    at = -1
    for _ in range(skip + 1):
        at = text.index(word, at + 1)
    before = text[:at]
    return before.count("\n"), len(before) - before.rfind("\n") - 1


def start(location: dict[str, Any]) -> tuple[int, int]:
    found = location["range"]["start"]
    return found["line"], found["character"]


async def test_a_session_begins_and_ends(editor: Editor) -> None:
    assert editor.capabilities["positionEncoding"] == "utf-16"
    for what in (
        "hover",
        "definition",
        "references",
        "completion",
        "rename",
        "codeAction",
        "documentFormatting",
    ):
        assert editor.capabilities[f"{what}Provider"]
    assert await editor.open("main.borg") == []
    assert await editor.close() == 0


async def test_all_mistakes_are_shown_and_go_away(editor: Editor) -> None:
    wrong = MAIN.replace("size = 3", "size = 'three'").replace("ram = super", "rma = super")
    found = await editor.open("main.borg", wrong)
    assert {(d["code"], d["severity"]) for d in found} == {("type", 1), ("field", 1)}
    (field,) = (d for d in found if d["code"] == "field")
    assert start(field) == place(wrong, "rma")
    assert field["source"] == "borgcfg"
    assert await editor.change("main.borg", MAIN) == []


async def test_a_mistake_says_where_it_comes_from(editor: Editor) -> None:
    text = "hidden t = { n = 'a', m = n * 2 }\nr = t { }\n"
    (found,) = await editor.open("main.borg", text)
    assert found["message"].startswith("'*' does not apply to string and int")
    related = {note["message"]: start(note["location"]) for note in found["relatedInformation"]}
    assert related['n = "a" (string)'] == place(text, "'a'")


async def test_a_mistake_in_an_imported_file_is_shown_there(editor: Editor) -> None:
    assert await editor.open("main.borg") == []
    broken = LIB.replace("size * 2", "'x' * 2")
    await editor.open("lib.borg", broken)
    found = await _until_some(editor, "lib.borg")
    assert [(d["code"], start(d)) for d in found] == [("type", place(broken, "*"))]
    await editor.change("lib.borg", LIB)
    while await editor.diagnostics("lib.borg"):
        pass


async def test_a_parameter_without_a_value_is_no_mistake_of_the_file(editor: Editor) -> None:
    (found,) = await editor.open("main.borg", "param cell: string\nx = cell\n")
    assert (found["code"], found["severity"]) == ("param", 3)


async def test_remarks_are_warnings(editor: Editor) -> None:
    text = MAIN.replace('"lib.borg"', '"lib.borg"\nlocal never_used = 1')
    found = await editor.open("main.borg", text)
    assert {d["severity"] for d in found} == {2}


async def test_a_fix_is_offered(editor: Editor) -> None:
    wrong = "replicas_wanted = 1\nx = replicas_wantd\n"
    found = await editor.open("main.borg", wrong)
    (action,) = await editor.ask(
        "textDocument/codeAction",
        textDocument={"uri": editor.uri("main.borg")},
        range=found[0]["range"],
        context={"diagnostics": found},
    )
    assert action["title"] == "change to 'replicas_wanted'"
    ((name, edits),) = action["edit"]["changes"].items()
    assert editor.name(name) == "main.borg"
    assert [(edit["newText"], start(edit)) for edit in edits] == [
        ("replicas_wanted", place(wrong, "replicas_wantd"))
    ]


async def test_definitions_lead_through_inheritance_and_imports(editor: Editor) -> None:
    await editor.open("main.borg")

    async def definitions(word: str) -> list[tuple[str, tuple[int, int]]]:
        found = await editor.at("definition", "main.borg", place(MAIN, word))
        return [(editor.name(each["uri"]), start(each)) for each in found]

    assert await definitions("web") == [("lib.borg", place(LIB, "web"))]
    assert await definitions("lib.web") == [("main.borg", place(MAIN, "lib"))]
    assert await definitions('"lib.borg"') == [("lib.borg", (0, 0))]
    assert await definitions("size") == [("lib.borg", place(LIB, "size"))]
    assert await definitions("ram * 4") == [("lib.borg", place(LIB, "ram"))]


async def test_hover_tells_the_value_and_its_layers(editor: Editor) -> None:
    await editor.open("main.borg")
    hover = await editor.at("hover", "main.borg", place(MAIN, "ram"))
    text = hover["contents"]["value"]
    assert "**requirements.ram**: bytes" in text
    assert "400" in text
    assert "lib.borg:5:" in text
    assert await editor.at("hover", "main.borg", (0, 6)) is not None
    assert await editor.at("hover", "main.borg", place(MAIN, "{")) is None


async def test_completion_knows_the_schema_the_template_and_the_scope(editor: Editor) -> None:
    await editor.open("main.borg")
    half = MAIN.replace("  size = 3\n", "  size = 3\n  re\n")
    await editor.type("main.borg", half)
    answer = await editor.at("completion", "main.borg", (3, 4))
    offers = {item["label"]: item for item in answer["items"]}
    assert {"restart", "replicas", "hidden"} <= set(offers)
    assert offers["replicas"]["textEdit"] == {
        "newText": "replicas = $0",
        "range": {"start": {"line": 3, "character": 2}, "end": {"line": 3, "character": 4}},
    }
    assert "How many tasks" in offers["replicas"]["documentation"]["value"]
    await editor.type("main.borg", MAIN.replace("size = 3", "size = lib."))
    answer = await editor.at("completion", "main.borg", (2, 13))
    assert [item["label"] for item in answer["items"]] == ["web"]


async def test_a_rename_reaches_every_file(editor: Editor) -> None:
    await editor.open("main.borg")
    at = place(MAIN, "size")
    name_range = await editor.at("prepareRename", "main.borg", at)
    assert name_range["start"] == {"line": at[0], "character": at[1]}
    edit = await editor.at("rename", "main.borg", at, newName="scale")
    changes = {editor.name(uri): edits for uri, edits in edit["changes"].items()}
    assert {name: sorted(map(start, edits)) for name, edits in changes.items()} == {
        "main.borg": [at],
        "lib.borg": [place(LIB, "size"), place(LIB, "size", 1)],
    }
    references = await editor.at(
        "references", "main.borg", at, context={"includeDeclaration": True}
    )
    assert len(references) == 3


async def test_a_rename_that_would_do_harm_is_refused(editor: Editor) -> None:
    await editor.open("main.borg")
    with pytest.raises(Refused, match="what borgpy calls this field"):
        await editor.at("prepareRename", "main.borg", place(MAIN, "requirements"))
    with pytest.raises(Refused, match="a word of the language"):
        await editor.at("rename", "main.borg", place(MAIN, "size"), newName="super")


async def test_a_file_is_laid_out_by_as_few_changes_as_it_takes(editor: Editor) -> None:
    text = MAIN.replace("  size = 3\n", "      size=3\n")
    await editor.open("main.borg", text)
    how = {"tabSize": 2, "insertSpaces": True}
    document = {"uri": editor.uri("main.borg")}
    (edit,) = await editor.ask("textDocument/formatting", textDocument=document, options=how)
    lines = text.splitlines(keepends=True)
    first, last = edit["range"]["start"], edit["range"]["end"]
    assert (first["line"], last["line"]) == (2, 2)
    lines[2] = lines[2][: first["character"]] + edit["newText"] + lines[2][last["character"] :]
    assert "".join(lines) == MAIN
    await editor.change("main.borg", MAIN)
    assert await editor.ask("textDocument/formatting", textDocument=document, options=how) == []
    await editor.change("main.borg", "job x = {")
    assert await editor.ask("textDocument/formatting", textDocument=document, options=how) == []


async def test_the_outline_is_told(editor: Editor) -> None:
    await editor.open("main.borg")
    document = {"uri": editor.uri("main.borg")}
    symbols = await editor.ask("textDocument/documentSymbol", textDocument=document)
    assert [(s["name"], s["detail"]) for s in symbols] == [("lib", "local"), ("shop", "job")]
    assert [child["name"] for child in symbols[1]["children"]] == ["size", "requirements"]


async def test_what_was_known_is_known_while_a_line_is_half_typed(editor: Editor) -> None:
    await editor.open("main.borg")
    half = MAIN.replace("  size = 3\n", "  size = (\n")
    (found, *_) = await editor.change("main.borg", half)
    assert found["code"] == "syntax"
    answer = await editor.at("definition", "main.borg", place(half, "ram * 4"))
    assert [editor.name(each["uri"]) for each in answer] == ["lib.borg"]
    assert await editor.at("hover", "main.borg", place(half, "web")) is not None
    with_nothing_known = await editor.open("other.borg", "job x = {{{")
    assert with_nothing_known
    assert await editor.at("definition", "other.borg", (0, 5)) == []


@pytest.mark.parametrize(("encoding", "character"), [("utf-8", 26), ("utf-16", 21), ("utf-32", 20)])
async def test_columns_are_counted_as_was_agreed(
    tmp_path: Path, encoding: str, character: int
) -> None:
    text = 'x = ["é", "\N{SNOWMAN}", "\N{ROCKET}", nope]\n'
    async with an_editor(COMMAND, tmp_path, [encoding]) as editor:
        (found,) = await editor.open("main.borg", text)
        assert editor.capabilities["positionEncoding"] == encoding
        assert start(found) == (0, character)
        fixed = text.replace("nope", "y") + "y = 1\n"
        assert await editor.change("main.borg", fixed) == []
        (definition,) = await editor.at("definition", "main.borg", (0, character))
        assert start(definition) == (1, 0)


async def test_only_the_last_of_many_changes_is_looked_through(editor: Editor) -> None:
    await editor.open("main.borg")
    for number in range(20):
        await editor.type("main.borg", f"{MAIN}x = nope{number}\n")
    (found,) = await editor.diagnostics("main.borg")
    assert "nope19" in found["message"]


async def test_an_endless_evaluation_is_a_mistake_like_any_other(editor: Editor) -> None:
    text = "local f = lambda n: if n == 0 then 1 else f(n - 1) + f(n - 1)\nx = f(60)\n"
    (found,) = await editor.open("main.borg", text)
    assert found["code"] == "limit"
    assert await editor.change("main.borg", "x = 1\n") == []


async def _until_some(editor: Editor, name: str) -> list[Any]:
    while not (found := await editor.diagnostics(name)):
        pass
    return found
