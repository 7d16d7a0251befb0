"""Where names lead to, through every layer and file."""

import pytest

from borgpy.bcl.editing.inheritance import MAX_DEPTH, Inheritance
from borgpy.bcl.editing.mentions import Kind
from tests.unit.bcl.editing.reading import Project, index_of, place

LIB = "template web = {\n  port: int\n  requirements = { ram = 1G }\n}\nhidden make = lambda size: { total = size }\n"


@pytest.mark.parametrize(
    ("text", "places"),
    [
        pytest.param("a = 1\nb = ‸a", ["1:1"], id="a field of the file"),
        pytest.param("a = 1\nr = { a = 2, b = ‸a }", ["2:7"], id="the nearest one wins"),
        pytest.param("r = { local k = 1, b = ‸k }", ["1:13"], id="a local"),
        pytest.param("f = lambda n: ‸n", ["1:12"], id="a parameter"),
        pytest.param("f = lambda n, m = ‸n: 1", ["1:12"], id="a parameter in another's default"),
        pytest.param("x = [‸i for i in [1]]", ["1:12"], id="a name of a loop"),
        pytest.param("x = [1 for i, j in {a = 1} if ‸j == 1]", ["1:15"], id="a second name of a loop"),
        pytest.param('x = f"{‸a}"\na = 1', ["2:1"], id="within an f-string"),
        pytest.param("x = ‸nope", [], id="what nothing defines"),
        pytest.param("x = ‸len([])", [], id="a built-in function stands nowhere"),
        pytest.param("r = { a = 1, b = ‸self.a }", [], id="self itself is no definition"),
        pytest.param("r = { a = 1, b = self.‸a }", ["1:7"], id="a field through self"),
        pytest.param("b = { a = 1 }\nr = b { c = self.‸a }", ["1:7"], id="an inherited field through self"),
        pytest.param(
            "b = { a = 1 }\nr = b { a = 2, c = self.‸a }", ["2:9", "1:7"], id="every layer, the winner first"
        ),
        pytest.param("b = { a = 1 }\nr = b { a = super.‸a }", ["1:7"], id="through super"),
        pytest.param("b = { a = 1 }\nr = b { ‸a = 2 }", ["2:9", "1:7"], id="what a field overrides"),
        pytest.param(
            "b = { q = { a = 1 } }\nr = b { q { ‸a = 2 } }", ["2:13", "1:13"], id="within a block that extends"
        ),
        pytest.param(
            "b = { q = { a = 1 } }\nr = b { q { a = super.‸a } }", ["1:13"], id="super of such a block"
        ),
        pytest.param("b = { q = { a = 1 } }\nr = b { q = { ‸a = 2 } }", ["2:15"], id="what is replaced is gone"),
        pytest.param("a = 1\nr = { a = up.‸a }", ["1:1"], id="through up"),
        pytest.param("a = 1\nr = { s = { a = up.up.‸a } }", ["1:1"], id="through up.up"),
        pytest.param("r = { 'x y' = 1 }\nz = r.‸'x y'", ["1:7"], id="a quoted name"),
        pytest.param("r = { a = 1 }\nz = r[‸'a']", ["1:7"], id="an index that is written out"),
        pytest.param("k = 'a'\nr = { a = 1 }\nz = r[‸k]", ["1:1"], id="a computed index is only a name"),
        pytest.param("a = { x = 1 }\nb = { x = 2 }\nz = compose(a, b).‸x", ["2:7", "1:7"], id="compose"),
        pytest.param("f = lambda n: { x = n }\nz = f(1).‸x", ["1:17"], id="what a function makes"),
        pytest.param("f = lambda n: n\nz = f(‸n = 1)", ["1:12"], id="an argument by name"),
        pytest.param("r = { f = lambda n: n }\nz = r.f(‸n = 1)", ["1:18"], id="one of a function in a record"),
        pytest.param(
            "a = { x = 1 }\nb = { x = 2 }\nz = (if true then a else b).‸x", ["1:7", "2:7"], id="either branch"
        ),
        pytest.param("z = [r.‸x for r in [{ x = 1 }, { x = 2 }]]", ["1:22", "1:33"], id="all items of a loop"),
        pytest.param("hidden l = [{ x = 1 }]\nz = [r.‸x for r in l]", ["1:15"], id="items of a named list"),
        pytest.param("job a = { replicas = 1 }\njob b = ‸a { }", ["1:5"], id="a declaration"),
        pytest.param("job a = { replicas = 1 }\nx = a.‸replicas", ["1:11"], id="a field of a declaration"),
        pytest.param("job [f'{‸n}'] = { } for n in ['a']", ["1:24"], id="in a computed name"),
        pytest.param("job [n] = { x = ‸n } for n in ['a']", ["1:25"], id="in a looped declaration"),
        pytest.param("a = a { x = 1 }\nz = a.‸x", ["1:9"], id="what extends itself"),
        pytest.param("a = b\nb = a\nz = a.‸x", [], id="a circle ends"),
        pytest.param('l = import "lib.borg"\nz = l.‸web', ["lib.borg:1:10"], id="another file"),
        pytest.param(
            'l = import "lib.borg"\njob j = l.web { ‸port = 1 }', ["2:17", "lib.borg:2:3"], id="a field of another file"
        ),
        pytest.param(
            'l = import "lib.borg"\njob j = l.web { requirements { ram = super.‸ram } }',
            ["lib.borg:3:20"],
            id="two levels down in another file",
        ),
        pytest.param('z = (import "lib.borg").make(1).‸total', ["lib.borg:5:30"], id="a function of another file"),
        pytest.param('l = import "gone.borg"\nz = l.‸web', [], id="a file that is not there"),
        pytest.param("r = { local k = 1 }\nz = r.‸k", [], id="a local cannot be reached from outside"),
        pytest.param("p = { a = 1 }\nr = { a = ‸p.a }", ["1:1"], id="the cursor at the value, not its field"),
    ],
)  # fmt: skip
def test_where_a_name_leads(text: str, places: list[str]) -> None:
    project = Project(text, lib=LIB)
    found = Inheritance(project.imported).definitions(project.mention())
    assert [place(mention) for mention in found] == places


def test_every_name_of_a_file_is_found_where_it_stands() -> None:
    text = "job a = b { x += [y], 'z' = f(k = self.u) } for q in up.w\nimport_ = import 'l.borg'"
    file = index_of("main.borg", text.replace("job a", "job [a]"))
    shown = {mention.written: mention.kind for mention in file.mentions if mention.name}
    assert shown == {
        "a": Kind.NAME,
        "b": Kind.NAME,
        "x": Kind.FIELD,
        "y": Kind.NAME,
        "'z'": Kind.FIELD,
        "f": Kind.NAME,
        "k": Kind.ARGUMENT,
        "self": Kind.KEYWORD,
        "u": Kind.ATTRIBUTE,
        "q": Kind.VARIABLE,
        "up": Kind.KEYWORD,
        "w": Kind.ATTRIBUTE,
        "import_": Kind.FIELD,
        "import 'l.borg'": Kind.IMPORT,
    }


def test_a_cursor_behind_a_name_means_the_name() -> None:
    file = index_of("main.borg", "abc = 1")
    assert [file.mention_at(at) is not None for at in (0, 3, 4)] == [True, True, False]


def test_the_scope_around_a_place_is_the_innermost_one() -> None:
    text = "a = { b = { c = 1 } d = [e for e in [1]] }"
    file = index_of("main.borg", text)
    named = [sorted(file.scope_at(text.index(at)).names) for at in ("a", "b", "c", "e", "d")]
    assert named == [["a"], ["b", "d"], ["c"], ["e"], ["b", "d"]]


def test_however_far_one_thing_leads_to_the_next_an_answer_comes() -> None:
    chain = "hidden a0 = { n = 0 }\n" + "".join(
        f"hidden a{i + 1} = a{i} {{ m = self.n }}\n" for i in range(5 * MAX_DEPTH)
    )
    file = index_of("main.borg", chain)
    inheritance = Inheritance()
    reads = [mention for mention in file.mentions if mention.kind is Kind.ATTRIBUTE]
    assert [place(found) for found in inheritance.definitions(reads[0])] == ["1:15"]
    for read in reads:
        inheritance.definitions(read)
    assert len(inheritance.definitions(reads[-1])) == 1, "what is known already leads on"
