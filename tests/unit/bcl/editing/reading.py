"""Texts with a cursor, ``‸``, and files that import one another."""

from borgpy.bcl.diagnostics import Source, Spot
from borgpy.bcl.editing.index import Index
from borgpy.bcl.editing.mentions import Mention
from borgpy.bcl.reading.parse import parse

CURSOR = "‸"


def with_cursor(text: str) -> tuple[Source, int]:
    """The text without its cursor, and where that was."""
    offset = text.index(CURSOR)
    return Source("main.borg", text.replace(CURSOR, "")), offset


def index_of(name: str, text: str) -> Index:
    source = Source(name, text)
    return Index(source, parse(source))


class Project:
    """Some files, the first of them ``main.borg``."""

    def __init__(self, main: str, **others: str) -> None:
        self.offset = main.find(CURSOR)
        files = {"main.borg": main.replace(CURSOR, "")}
        files |= {f"{name}.borg": text for name, text in others.items()}
        self.files = {name: index_of(name, text) for name, text in files.items()}

    @property
    def main(self) -> Index:
        return self.files["main.borg"]

    def imported(self, importer: Index, path: str) -> Index | None:
        return self.files.get(path)

    def mention(self) -> Mention:
        """The name at the cursor."""
        found = self.main.mention_at(self.offset)
        assert found is not None
        return found


def place(mention: Mention) -> str:
    """``line:column``, with the file's name in front if it is not the main one."""
    where = str(Spot(mention.source, mention.start, mention.end))
    return where.removeprefix("main.borg:")
