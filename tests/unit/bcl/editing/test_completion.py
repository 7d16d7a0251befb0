"""What is offered where."""

import pytest

from borgpy.bcl.editing.completion import Completion, Offer
from borgpy.bcl.editing.inheritance import Imported
from borgpy.bcl.reading.parse import parse
from tests.unit.bcl.editing.reading import index_of, with_cursor

LIB = index_of(
    "lib.borg", "template web = { port: int, hidden zone = 'a' }\nsizes = { small = 1 }\n"
)


def offers(text: str) -> dict[str, Offer]:
    source, offset = with_cursor(text)
    imported: Imported = lambda importer, path: LIB if path == "lib.borg" else None  # noqa: E731
    names = lambda written: ["lib.borg", "data.json"]  # noqa: E731
    found = Completion(parse, imported, (LIB,), names).offers(source, offset)
    assert len({offer.label for offer in found}) == len(found), "nothing is offered twice"
    return {offer.label: offer for offer in found}


@pytest.mark.parametrize(
    ("text", "some"),
    [
        pytest.param("job j = { ‸ }", ["runtime", "binary", "replicas", "hidden"], id="fields of a job"),
        pytest.param("job j = { repl‸ }", ["replicas"], id="a field that has been begun"),
        pytest.param("job j = {\n  binary = /b\n  ‸\n}", ["replicas"], id="on a line of its own"),
        pytest.param("job j = { requirements = { ‸ } }", ["cpu", "ram", "disk"], id="fields within a field"),
        pytest.param("job j = { requirements { ‸ } }", ["cpu", "ram"], id="in a block that extends"),
        pytest.param("alloc_set a = { ‸ }", ["requirements"], id="fields of an alloc set"),
        pytest.param("job j = { constraints = [{ ‸ }] }", ["attribute", "operator"], id="fields of an item"),
        pytest.param("template t = { ‸ }", ["replicas"], id="a template is for a job"),
        pytest.param("template t = { ‸ }\nalloc_set a = t { }", ["requirements"], id="or for what extends it"),
        pytest.param("hidden b = { ‸ }\njob j = b { }", ["replicas"], id="any record that a job extends"),
        pytest.param('l = import "lib.borg"\njob j = l.web { ‸ }', ["port", "zone", "replicas"], id="inherited inputs"),
        pytest.param('l = import "lib.borg"\nx = l.‸', ["web", "sizes"], id="what another file has"),
        pytest.param('l = import "lib.borg"\nx = l.sizes.sm‸', ["small"], id="further down"),
        pytest.param("r = { a = 1, b = self.‸ }", ["a", "b"], id="behind self"),
        pytest.param("b = { a = 1 }\nr = b { c = super.‸ }", ["a"], id="behind super"),
        pytest.param("a = 1\nr = { b = up.‸ }", ["a", "r", "up"], id="behind up"),
        pytest.param("local limit = 1\nx = ‸", ["limit", "len", "true", "if", "lambda"], id="names and functions"),
        pytest.param("local limit = 1\nx = 1 + li‸ + 2", ["limit"], id="in the middle of a line"),
        pytest.param('local limit = 1\nx = f"{‸}"', ["limit"], id="within an f-string"),
        pytest.param("f = lambda size: si‸", ["size"], id="a parameter"),
        pytest.param("f = lambda size: size\nx = f(‸)", ["size", "f"], id="an argument"),
        pytest.param("x = [i for item in [1] if ‸]", ["item"], id="a name of a loop"),
        pytest.param("job j = { priority = ‸ }", ["production", "batch", "free"], id="the bands"),
        pytest.param("job j = { restart = on‸ }", ["on_failure", "never"], id="one of a few words"),
        pytest.param("job j = { requirements = { ram = 100‸ } }", ["M", "MiB", "s", "min"], id="units"),
        pytest.param("job j = { args = { p = %‸ } }", ["port", "task", "replica"], id="placeholders"),
        pytest.param('job j = { args = { p = "--x=%po‸" } }', ["port"], id="placeholders in text"),
        pytest.param("hidden port: ‸", ["int", "string", "duration"], id="types"),
        pytest.param("r = { size: int | nu‸ = 3 }", ["number"], id="types of a union"),
        pytest.param("r = { sizes: [‸] }", ["int"], id="types of items"),
        pytest.param('l = import "‸"', ["lib.borg", "data.json"], id="files"),
        pytest.param("‸", ["job", "service", "template", "param", "local"], id="an empty file"),
        pytest.param("x = 1\nj‸", ["job"], id="a declaration"),
    ],
)  # fmt: skip
def test_what_is_offered(text: str, some: list[str]) -> None:
    assert set(some) <= set(offers(text))


@pytest.mark.parametrize(
    ("text", "unwanted"),
    [
        pytest.param("job j = { replicas = 1 ‸ }", "replicas", id="what is there already"),
        pytest.param("job j = { requirements = { RAM = 1G ‸ } }", "ram", id="in capitals, too"),
        pytest.param("job j = { args = { ‸ } }", "replicas", id="where any name may stand"),
        pytest.param("hidden r = { ‸ }", "replicas", id="in a record of no job"),
        pytest.param("r = { local k = 1, a = k }\nx = r.‸", "k", id="another's local"),
        pytest.param(
            "x = [item for item in [1]]\ny = ‸", "item", id="a name of a loop that is over"
        ),
    ],
)
def test_what_is_not_offered(text: str, unwanted: str) -> None:
    found = offers(text)
    assert found
    assert unwanted not in found


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x = 'so‸me'", id="in text"),
        pytest.param("x = 1 // so‸", id="in a comment"),
        pytest.param("/* so‸ */ x = 1", id="in a long comment"),
        pytest.param("x = 10 ‸ y", id="where nothing is expected that has a name"),
        pytest.param(")))‸(((", id="in what nobody can read"),
    ],
)
def test_nothing_is_offered(text: str) -> None:
    assert "len" not in offers(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("job a = {\n  replicas = 1\n  ‸", id="the bracket is still open"),
        pytest.param("job a = {\n  args = { x = 1\n  ‸\n}\njob b = { }", id="several are open"),
        pytest.param("job a = {\n  ‸ = \n}", id="the value is missing"),
        pytest.param("job a = {\n  ‸ what is this\n  replicas = 2\n}", id="the rest of the line is rubbish"),
        pytest.param("job a = {\n  ‸\n}\njob b = { replicas = = 3 }", id="there is a mistake further down"),
    ],
)  # fmt: skip
def test_half_typed_files_get_offers(text: str) -> None:
    assert "hidden" in offers(text)


def test_an_offer_says_what_it_is_and_what_to_write() -> None:
    ram = offers("job j = { requirements = { ‸ } }")["ram"]
    assert (ram.kind, ram.detail, ram.insert) == ("field", "bytes, up to 1 PiB", "ram = $0")
    assert ram.doc == "Memory in whole bytes. A task that takes more is ended."
    assert offers("job j = { ‸ }")["runtime"].detail == "record, required"
    assert offers("job j = { ‸ }")["runtime"].insert == "runtime = { $0 }"
    length = offers("x = ‸")["len"]
    assert (length.kind, length.detail, length.insert) == ("builtin", "len(value)", "len($0)")
    assert "```bcl" in length.doc
