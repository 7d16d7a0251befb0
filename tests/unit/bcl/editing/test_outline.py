"""The outline of a file, and where its records belong."""

from borgpy.bcl.editing.inheritance import Inheritance
from borgpy.bcl.editing.mentions import Kind
from borgpy.bcl.editing.outline import Symbol, outline
from borgpy.bcl.editing.places import Place, Places
from tests.unit.bcl.editing.reading import Project, index_of

TEXT = """\
param n: int = 3
local k = 1
template t = { hidden size: int, requirements = { ram = 1G } }
job a = t { size = 2, requirements { ram = 2G } }
job [f"b{i}"] = { args = { i = 1 } } for i in [1]
f = lambda x: x
list = [{ inner = 1 }]
"""


def lines(symbols: tuple[Symbol, ...], depth: int = 0) -> list[str]:
    found = []
    for symbol in symbols:
        found += [f"{'  ' * depth}{symbol.kind} {symbol.name}", *lines(symbol.children, depth + 1)]
    return found


def test_the_outline_has_every_declaration_and_field() -> None:
    assert lines(outline(index_of("main.borg", TEXT))) == [
        "param n",
        "local k",
        "template t",
        "  field size",
        "  record requirements",
        "    field ram",
        "job a",
        "  field size",
        "  record requirements",
        "    field ram",
        'job [f"b{i}"]',
        "  record args",
        "    field i",
        "function f",
        "field list",
    ]


def test_a_symbol_encloses_its_value_and_its_children() -> None:
    def check(symbol: Symbol) -> None:
        assert symbol.start <= symbol.name_start < symbol.name_end <= symbol.end
        for child in symbol.children:
            assert symbol.start <= child.start
            assert child.end <= symbol.end
            check(child)

    for symbol in outline(index_of("main.borg", TEXT)):
        check(symbol)
    job = outline(index_of("main.borg", TEXT))[3]
    assert TEXT[job.start : job.end] == "a = t { size = 2, requirements { ram = 2G } }"


def test_fields_know_what_they_are_part_of() -> None:
    project = Project("hidden base = { args { x = 1 } }\n" + TEXT + "alloc_set s = base { }\n")
    places = Places(project.files.values(), Inheritance())
    found = {
        (mention.name, *places.paths(mention, mention)): places.of_field(mention)
        for mention in project.main.mentions
        if mention.kind is Kind.FIELD and mention.name
    }
    assert found["x", "alloc_set.s.args.x"] == [Place("alloc_set", ("args", "x"))]
    ram = [Place("job", ("requirements", "ram"))]
    assert found["ram", "job.a.requirements.ram"] == ram, "of the job, and of its template"
    assert found["i",] == [Place("job", ("args", "i"))], "what has a computed name has no path"
    assert found["inner",] == [], "an item of a list is no declaration's part"
    assert found["f", "f"] == []


def test_a_value_is_asked_for_where_its_record_is_used() -> None:
    project = Project(
        "template t = { n = 1, 'x y' = n, m = { n = up.n } }\njob a = t { n = super.n }\njob b = t { }\nx = a.m.n"
    )
    inheritance = Inheritance()
    places = Places(project.files.values(), inheritance)

    def paths(at: int) -> list[str]:
        mention = project.main.mention_at(at)
        assert mention is not None
        return places.paths(mention, inheritance.definitions(mention)[0])

    text = project.main.source.text
    assert paths(text.index("n = 1")) == ["job.a.n", "job.b.n"]
    assert paths(text.index("'x y'")) == ['job.a."x y"', 'job.b."x y"']
    assert paths(text.index("n, m")) == ["job.a.n", "job.b.n"], "the name that is read there"
    assert paths(text.index("n = up.n")) == ["job.a.m.n", "job.b.m.n"]
    assert paths(text.index("up.n") + 3) == ["job.a.n", "job.b.n"]
    assert paths(text.index("super.n") + 6) == ["job.a.n"]
    assert paths(text.index("a.m.n") + 2) == ["job.a.m"]
    assert paths(text.index("a.m.n") + 4) == ["job.a.m.n", "job.b.m.n"]


def test_a_record_that_several_kinds_extend_is_part_of_each() -> None:
    project = Project("hidden base = { x = 1 }\njob j = base { }\nalloc_set s = base { }\n")
    places = Places(project.files.values(), Inheritance())
    (x,) = [mention for mention in project.main.mentions if mention.name == "x"]
    assert places.of_field(x) == [Place("job", ("x",)), Place("alloc_set", ("x",))]
