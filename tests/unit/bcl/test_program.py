"""Programs: which files an import reads, and every reason why one cannot be used."""

from hashlib import sha256

import pytest

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import BclError, Source
from borgpy.bcl.limits import DEFAULT_LIMITS, Limits
from borgpy.bcl.loading.imports import imports_of
from borgpy.bcl.loading.program import (
    MAX_FILES,
    Data,
    MemoryFiles,
    Program,
    Unreadable,
    load,
)
from borgpy.bcl.reading.parse import parse


def program(
    text: str,
    files: dict[str, object] | None = None,
    path: str = "main.borg",
    limits: Limits = DEFAULT_LIMITS,
    lock: dict[str, str] | None = None,
) -> Program:
    return load(Source(path, text), MemoryFiles(files or {}), limits=limits, lock=lock)


def error_of(
    text: str,
    files: dict[str, object] | None = None,
    path: str = "main.borg",
    limits: Limits = DEFAULT_LIMITS,
    lock: dict[str, str] | None = None,
) -> BclError:
    with pytest.raises(BclError) as caught:
        program(text, files, path, limits, lock)
    return caught.value


def first_line(error: BclError) -> str:
    return str(error).split("\n")[0]


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def test_a_program_is_the_closure_of_its_imports() -> None:
    loaded = program(
        'local a = import "../lib/a.borg"\nlocal again = (import "../lib/a.borg").x',
        {
            "lib/a.borg": 'b = import "b.borg"\nd = import "d/d.json"',
            "lib/b.borg": 'd = import "./d/d.json"',
            "lib/d/d.json": '{"n": 2.0}',
            "unused.borg": "= = =",
        },
        "jobs/main.borg",
    )
    assert list(loaded.modules) == ["jobs/main.borg", "lib/a.borg", "lib/b.borg", "lib/d/d.json"]
    assert loaded.modules["lib/a.borg"].imports == {
        "b.borg": "lib/b.borg",
        "d/d.json": "lib/d/d.json",
    }
    assert loaded.modules["lib/d/d.json"].content == Data({"n": 2})
    assert loaded.modules["lib/b.borg"].sha256 == digest('d = import "./d/d.json"')
    assert str(loaded.imported_at("lib/a.borg")) == "jobs/main.borg:1:11"
    assert str(loaded.imported_at("lib/d/d.json")) == "lib/b.borg:1:5"
    assert loaded.imported_at("jobs/main.borg") is None


EVERYWHERE = """
local a = import "f0"
param p: {int} = import "f1"
b = [import "f2", (import "f3"), {x = -import "f4"}]
c += [import "f5" for x in import "f6" if import "f7"]
d { for x in [1]: [import "f8"] = import "f9" }
e = if import "f10" then import "f11" else import "f12"
f = lambda x, y = import "f13": import "f14" + import "f15" * import "f16"
g = f(import "f17", y = import "f18")[import "f19"].x { z = f"{import 'f20'}" }
assert import "f21" == import "f22" : import "f23"
job [import "f24"] = import "f25" for x in import "f26" if not import "f27" and import "f28"
h = 1 in import "f29"  // import "no"
i = "import" # import "no"
final hidden j: int | "import" = not not import "f30"
"""


def test_imports_are_found_wherever_they_stand() -> None:
    found = [node.path for node in imports_of(parse(Source("m", EVERYWHERE)), EVERYWHERE)]
    assert found == [f"f{number}" for number in range(31)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('x = import "libb.borg"', "1:5: error[import]: there is no file libb.borg"),
        ('x = import "/etc/passwd"', "1:5: error[import]: '/etc/passwd' is an absolute path"),
        ('x = import "../up.borg"', "1:5: error[import]: '../up.borg' lies outside the project"),
        ('x = import "binary"', "1:5: error[import]: binary is not UTF-8: byte 0xff at offset 1"),
        ('x = import "odd"', "1:5: error[import]: odd is not text"),
        ('x = import "main.borg"', "1:5: error[cycle]: import cycle: main.borg -> main.borg"),
    ],
)
def test_a_file_that_cannot_be_imported_is_an_error_where_it_is_imported(
    text: str, said: str
) -> None:
    files = {"lib.borg": "a = 1", "binary": b"\x00\xff", "odd": 3}
    assert first_line(error_of(text, files)) == f"main.borg:{said}"


def test_a_missing_file_suggests_its_neighbour() -> None:
    error = error_of('x = import "lib/Web.borg"', {"lib/web.borg": "", "web.borg": ""})
    assert error.diagnostics[0].label == "did you mean 'web.borg'?"


def test_every_import_of_a_broken_file_is_told_and_the_file_is_read_once() -> None:
    class Once(MemoryFiles):
        count = 0

        def read(self, path: str) -> bytes | str | None:
            self.count += 1
            raise Unreadable("is a folder")

    files = Once({})
    with pytest.raises(BclError) as caught:
        load(Source("m.borg", 'a = import "l"\nb = import "l"'), files)
    assert [str(d.span) for d in caught.value.diagnostics] == ["m.borg:1:5", "m.borg:2:5"]
    assert caught.value.diagnostics[0].message == "l is a folder"
    assert files.count == 1


def test_mistakes_in_several_files_are_told_at_once_each_in_its_own() -> None:
    error = error_of(
        'x = import "bad.borg"\ny = import "none.borg"\nz = import "bad.json"',
        {"bad.borg": "u = 1\nv = ]\n", "bad.json": "{1: 2}"},
    )
    assert [(str(d.span), d.code) for d in error.diagnostics] == [
        ("bad.borg:2:5", "syntax"),
        ("bad.json:1:2", "import"),
        ("main.borg:2:5", "import"),
    ]
    assert "via   imported  main.borg:1:5" in str(error)


class TestCycles:
    def test_a_cycle_is_told_from_the_main_file_on_at_its_first_import(self) -> None:
        error = error_of(
            'local a = import "a.borg"\nx = 1',
            {"a.borg": 'local b = import "b.borg"', "b.borg": 'v = 1\nlocal a = import "a.borg"'},
        )
        said = "a.borg:1:11: error[cycle]: import cycle: main.borg -> a.borg -> b.borg -> a.borg"
        assert first_line(error) == said

    def test_a_file_that_is_reached_twice_is_no_cycle(self) -> None:
        files: dict[str, object] = {
            "a.borg": 'c = import "c.borg"',
            "b.borg": 'c = import "c.borg"',
            "c.borg": "",
        }
        assert len(program('a = import "a.borg"\nb = import "b.borg"', files).modules) == 4

    def test_a_long_one_is_abbreviated(self) -> None:
        files: dict[str, object] = {f"f{n}": f'x = import "f{(n + 1) % 500}"' for n in range(500)}
        error = error_of('x = import "f0"', files)
        assert error.code == "cycle"
        assert "f8 -> ... -> f491" in str(error)


class TestPins:
    def test_the_file_has_the_pinned_content(self) -> None:
        pin = digest("a = 1").upper()
        assert program(f'x = import "l.borg" sha256 "{pin}"', {"l.borg": "a = 1"})
        assert program(f'x = import "l.borg" sha256 "{pin}"', {"l.borg": b"a = 1"})

    def test_another_content_shows_both_and_offers_to_pin_it(self) -> None:
        old, new = digest("a = 1"), digest("a = 2")
        text = f'x = import "l.borg"\n  sha256 "{old}"'
        error = error_of(text, {"l.borg": "a = 2"})
        (diagnostic,) = error.diagnostics
        assert first_line(error) == (
            "main.borg:1:5: error[import]: l.borg has another sha256 than is pinned here"
        )
        assert diagnostic.notes == (f"pinned  {old}", f"found   {new}")
        (edit,) = diagnostic.fixes[0].edits
        assert (str(edit.span), edit.span.end_column - edit.span.column) == ("main.borg:2:11", 64)
        assert edit.text == new

    @pytest.mark.parametrize("pin", ["''", '""', '/* later */ ""', "'abc'", f"'{'g' * 64}'"])
    def test_what_is_no_digest_is_no_pin(self, pin: str) -> None:
        error = error_of(f'x = import "l.borg" sha256 {pin}', {"l.borg": "a = 1"})
        assert "this is no sha256" in first_line(error)
        assert digest("a = 1") in str(error)
        assert program('x = import "sha256"', {"sha256": ""})

    def test_each_import_is_held_to_its_own_pin(self) -> None:
        text = f'x = import "l.borg"\ny = import "l.borg" sha256 "{"0" * 64}"'
        assert [d.span.line for d in error_of(text, {"l.borg": ""}).diagnostics] == [2]

    def test_a_byte_order_mark_belongs_to_the_file_and_not_to_its_text(self) -> None:
        content = b"\xef\xbb\xbfa = 1"
        pin = sha256(content).hexdigest()
        loaded = program(f'x = import "l.borg" sha256 "{pin}"', {"l.borg": content})
        assert loaded.modules["l.borg"].source.text == "a = 1"


class TestLocks:
    def test_a_locked_file_is_the_one_that_was_locked(self) -> None:
        files: dict[str, object] = {"l.borg": "a = 1"}
        assert program('x = import "l.borg"', files, lock={"l.borg": digest("a = 1")})
        changed = error_of('x = import "l.borg"', files, lock={"l.borg": digest("a = 2")})
        assert "l.borg is not the file in borg.lock" in first_line(changed)
        assert "borgcfg lock" in str(changed)
        absent = error_of('x = import "l.borg"', files, lock={})
        assert "l.borg is not in borg.lock" in first_line(absent)

    def test_the_main_file_is_never_locked(self) -> None:
        assert program("x = 1", lock={})


class TestLimits:
    def test_files(self) -> None:
        files: dict[str, object] = {f"f{n}": f'x = import "f{n + 1}"' for n in range(MAX_FILES + 1)}
        error = error_of('x = import "f0"', files)
        assert first_line(error) == "f998:1:5: error[limit]: a program of more than 1,000 files"

    def test_characters_of_all_files(self) -> None:
        files: dict[str, object] = {f"f{n}": " " * 60 for n in range(5)}
        text = 'x0 = import "f0"'
        assert program(text, files, limits=Limits(source=100))
        files["f0"] = " ".join(f'x{n} = import "f{n}"' for n in range(1, 5))
        error = error_of(text, files, limits=Limits(source=100))
        assert "have more than 200 characters" in first_line(error)
        assert "--max-source" in str(error)

    def test_depth_of_data(self) -> None:
        error = error_of('x = import "d.json"', {"d.json": "[" * 100_000})
        assert (error.code, error.diagnostics[0].span.file) == ("limit", "d.json")


def test_data_may_be_given_as_it_is() -> None:
    loaded = program('x = import "d.json"', {"./d.json": {"a": [1]}})
    assert loaded.modules["d.json"].content == Data({"a": [1]})


def test_where_a_file_was_imported_is_known_by_the_name_that_messages_have_for_it() -> None:
    class Elsewhere(MemoryFiles):
        def shown(self, path: str) -> str:
            return f"../{path}"

    loaded = load(Source("m.borg", 'x = import "l.borg"'), Elsewhere({"l.borg": ""}))
    assert str(loaded.imported_at("l.borg")) == str(loaded.imported_at("../l.borg")) == "m.borg:1:5"
    assert loaded.imported_at("m.borg") is None


def test_what_parses_is_chosen_by_the_caller() -> None:
    seen: list[str] = []

    def remembered(source: Source, limits: Limits) -> syntax.File:
        seen.append(source.name)
        return syntax.File(())

    load(Source("jobs/m.borg", 'import "x"'), parser=remembered)
    assert seen == ["jobs/m.borg"]
