"""Whatever editors ask about whatever is being typed, an answer comes; and what is renamed still comes to the same."""

from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from borgpy.bcl.diagnostics import BclError, Source
from borgpy.bcl.editing.completion import Completion
from borgpy.bcl.editing.fields import field_at
from borgpy.bcl.editing.hover import Hover, number_text
from borgpy.bcl.editing.index import Index
from borgpy.bcl.editing.inheritance import Inheritance
from borgpy.bcl.editing.mentions import Mention
from borgpy.bcl.editing.outline import outline
from borgpy.bcl.editing.places import Places
from borgpy.bcl.editing.rename import RenameRefused, Renaming
from borgpy.bcl.evaluate import evaluate
from borgpy.bcl.loading.imports import imported_path
from borgpy.bcl.loading.program import MemoryFiles, load
from borgpy.bcl.reading.parse import parse
from borgpy.shipped import shipped

NEW = "zz_new"

Files = dict[str, Index]


@cache
def projects() -> dict[str, Files]:
    """The files of each folder of job specs, by their paths in there."""
    root = shipped("jobspecs")
    found: dict[str, Files] = {}
    for path in sorted(root.rglob("*.borg")):
        folder = path.relative_to(root).parts[0] if path.parent != root else "."
        name = path.relative_to(root / folder).as_posix()
        source = Source(name, path.read_text())
        found.setdefault(folder, {})[name] = Index(source, parse(source))
    return found


def imported(files: Files, importer: Index, path: str) -> Index | None:
    return files.get(imported_path(importer.source.name, path))


def is_program(name: str) -> bool:
    return name not in ("lib/service.borg", "storefront.borg")


def outcome(texts: dict[str, str], name: str) -> Any:
    return evaluate(load(Source(name, texts[name]), MemoryFiles(texts))).plain()


def with_old_names(value: Any, old: str) -> Any:
    """Plain data in which the new name is the old one again."""
    if isinstance(value, dict):
        return {old if k == NEW else k: with_old_names(v, old) for k, v in value.items()}
    if isinstance(value, list):
        return [with_old_names(item, old) for item in value]
    return old if value == NEW else value


@pytest.mark.parametrize("folder", list(projects()))
def test_a_renamed_file_comes_to_what_it_came_to(folder: str) -> None:
    files = projects()[folder]
    resolve = lambda importer, path: imported(files, importer, path)  # noqa: E731
    places = Places(files.values(), Inheritance(resolve))

    def is_fixed(mention: Mention) -> bool:
        return any(field_at(place) for place in places.of_field(mention))

    renaming = Renaming(list(files.values()), resolve, parse, is_fixed)
    before = {name: file.source.text for name, file in files.items()}
    expected = {name: outcome(before, name) for name in files if is_program(name)}
    done = 0
    for mention in (mention for file in files.values() for mention in file.mentions):
        try:
            edits = renaming.replacements(mention, NEW)
        except RenameRefused:
            continue
        after = dict(before)
        for edit in sorted(edits, key=lambda edit: -edit.start):
            text = after[edit.file.source.name]
            after[edit.file.source.name] = text[: edit.start] + edit.text + text[edit.end :]
        for name in expected:
            assert with_old_names(outcome(after, name), mention.name) == expected[name]
        done += 1
    assert done >= (2 if folder == "." else 10)


ALL_TEXTS = [file.source.text for files in projects().values() for file in files.values()]


@st.composite
def typed(draw: st.DrawFn) -> tuple[str, int]:
    """A job file of which a piece is missing or has become something else, and a cursor in it."""
    text = draw(st.sampled_from(ALL_TEXTS))
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 40)))
    piece = draw(
        st.sampled_from(["", " ", "{", "}", ".", "=", '"', "'", "%", "(", "x", "/*", "\n"])
    )
    changed = text[:start] + piece + text[end:]
    return changed, draw(st.sampled_from([start, start + len(piece)]))


@given(typed())
def test_whatever_is_being_typed_something_is_offered_or_nothing(what: tuple[str, int]) -> None:
    text, offset = what
    source = Source("main.borg", text)
    for offer in Completion(parse, lambda importer, path: None).offers(source, offset):
        assert offer.label
    number_text(source, offset)
    try:
        index = Index(source, parse(source))
    except BclError:
        return
    outline(index)
    index.scope_at(offset)
    inheritance = Inheritance()
    places = Places([index], inheritance)
    for mention in index.mentions:
        inheritance.definitions(mention)
        Hover(inheritance, places, None).text(mention)
