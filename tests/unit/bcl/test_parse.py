"""Every construct of the language is read as what it is, with the offsets where it stands, and at once."""

import gc
import sys

import pytest

from borgpy.bcl import syntax
from borgpy.bcl.diagnostics import BclError, Source
from borgpy.bcl.limits import DEFAULT_LIMITS, Limits
from borgpy.bcl.reading.parse import parse
from tests.unit.bcl.samples import LECTURE
from tests.unit.bcl.syntax_text import meaning, parsed, text_of, value_text


@pytest.mark.parametrize(
    ("source", "structure"),
    [
        pytest.param("2 + 3 * 4 - 1", "(2 + (3 * 4) - 1)", id="terms bind before sums"),
        pytest.param("10 - 4 - 3", "(10 - 4 - 3)", id="a chain is one node"),
        pytest.param("(2 + 3) * 4", "((2 + 3) * 4)", id="parentheses"),
        pytest.param("a or b and c or d", "(a or (b and c) or d)", id="and binds before or"),
        pytest.param("not a == b and c", "((not (a == b)) and c)", id="not binds before and"),
        pytest.param("not not a", "(not not a)", id="not twice is one node"),
        pytest.param("1 + 1 == 2 * 1", "((1 + 1) == (2 * 1))", id="sums bind before comparisons"),
        pytest.param("a not in b", "(a not in b)", id="not in"),
        pytest.param("not a in b", "(not (a in b))", id="in binds before not"),
        pytest.param("-5", "-5", id="a sign belongs to its number"),
        pytest.param("- 5", "-5", id="also apart from it"),
        pytest.param("--5", "(- -5)", id="the other signs do not"),
        pytest.param("- -x", "(-- x)", id="signs of a name"),
        pytest.param("a -1", "(a - 1)", id="behind a value it is an operator"),
        pytest.param("a - -1", "(a - -1)", id="and then a sign"),
        pytest.param("-a.b * c", "((- a.b) * c)", id="a sign binds before terms"),
        pytest.param("2 * -3", "(2 * -3)", id="a sign within a term"),
        pytest.param("-9223372036854775808", "-9223372036854775808", id="the least integer"),
        pytest.param("1 < 2 and 2 < 3", "((1 < 2) and (2 < 3))", id="two comparisons"),
        pytest.param("a %b% c", "(a % b % c)", id="behind a value % is modulo"),
        pytest.param("%port%", "%port%", id="elsewhere it begins a placeholder"),
        pytest.param("1 + %port:http%", "(1 + %port:http%)", id="also behind an operator"),
        pytest.param("n /k", "(n / k)", id="behind a value / divides"),
        pytest.param("/k", "/k", id="elsewhere it begins a path"),
        pytest.param("a / b/c", "(a / b / c)", id="divisions"),
        pytest.param(
            "[/a, ./b/%task%.x, ../c-d/e+f]", "[/a, ./b/%task%.x, ../c-d/e+f]", id="paths"
        ),
        pytest.param("1GiB + 90s", "(1073741824 bytes + 90 duration)", id="units"),
        pytest.param("7 // 2", "7", id="two slashes are a comment"),
    ],
)
def test_operators(source: str, structure: str) -> None:
    assert value_text(source) == structure


@pytest.mark.parametrize(
    ("source", "structure"),
    [
        pytest.param("[]", "[]", id="an empty list"),
        pytest.param("[1, [2], ]", "[1, [2]]", id="a last comma"),
        pytest.param("{}", "{}", id="an empty record"),
        pytest.param("{a = 1, b = 2; c = 3\n d = 4 e = 5}", "{a = 1; b = 2; c = 3; d = 4; e = 5}"),
        pytest.param("{,;a = 1;;,}", "{a = 1}", id="separators mean nothing"),
        pytest.param("{\"x y\" = 1, 'z' = 2}", "{x y = 1; z = 2}", id="quoted names"),
        pytest.param("{job = 1 param_ = 2}", "{job = 1; param_ = 2}", id="kinds are names"),
        pytest.param("{a = v\n b { c = 2 }}", "{a = v; b {c = 2}}", id="a name begins a member"),
        pytest.param("v\n { c = 2 }", "v {c = 2}", id="a brace goes on"),
        pytest.param("{a += [1]}", "{a += [1]}", id="append"),
        pytest.param("a.b[c](d, e = f) { g = h }.i", "a.b[c](d, e = f) {g = h}.i", id="postfix"),
        pytest.param("f()", "f()", id="no arguments"),
        pytest.param("f(a,)", "f(a)", id="a last comma of arguments"),
        pytest.param("f(a == b)", "f((a == b))", id="a comparison is no named argument"),
        pytest.param('a."b c".job', "a.b c.job", id="attributes"),
        pytest.param("up.up.x + up", "(up^2.x + up^1)", id="up"),
        pytest.param("up.up.up", "up^3", id="up and no field"),
        pytest.param("self.a + super.b", "(self.a + super.b)", id="self and super"),
        pytest.param("if a then b else c", "(if a then b else c)", id="a conditional"),
        pytest.param(
            "if a then b else if c then d else e",
            "(if a then b else if c then d else e)",
            id="a chain of them is one node",
        ),
        pytest.param(
            "if a then if b then c else d else e", "(if a then (if b then c else d) else e)"
        ),
        pytest.param("lambda: 1", "(lambda : 1)", id="no parameters"),
        pytest.param("lambda a, b=10: a - b", "(lambda a, b = 10: (a - b))", id="a function"),
        pytest.param("lambda p=/b/c: p", "(lambda p = /b/c: p)", id="a path ends at a colon"),
        pytest.param("lambda x: lambda y: x", "(lambda x: (lambda y: x))", id="functions"),
        pytest.param(
            "[a + b for a in x if a > 1 for b in y]",
            "[(a + b) for a in x if (a > 1) for b in y]",
            id="a loop",
        ),
        pytest.param("{for k, v in r: [k] = v}", "{for k, v in r: k = v}", id="a loop of a record"),
        pytest.param(
            "base {for k in r: [k] = 1}", "base {for k in r: k = 1}", id="extending by one"
        ),
        pytest.param('import "a.borg"', "(import a.borg)", id="an import"),
        pytest.param('import "a" sha256 "b"', "(import a b)", id="a pinned import"),
        pytest.param('(import "a").b { c = 1 }', "(import a).b {c = 1}", id="extending an import"),
        pytest.param("[true, false, null]", "[true, false, null]", id="constants"),
        pytest.param("True", "True", id="other cases are names"),
    ],
)
def test_expressions(source: str, structure: str) -> None:
    assert value_text(source) == structure


@pytest.mark.parametrize(
    ("source", "structure"),
    [
        pytest.param("x", "x = 1", id="a field"),
        pytest.param("hidden x", "hidden x = 1", id="hidden"),
        pytest.param("final x", "final x = 1", id="final"),
        pytest.param("hidden final x", "hidden final x = 1", id="both"),
        pytest.param("final // why\n hidden x", "hidden final x = 1", id="in any order"),
        pytest.param("local x", "local x = 1", id="local"),
        pytest.param("x: int", "x: int = 1", id="a type"),
        pytest.param("x: int?", "x: int? = 1", id="a type with null"),
        pytest.param("x: 'a' | \"b\"", 'x: ("a" | "b") = 1', id="texts"),
        pytest.param("x: [int | string?]", "x: [(int | string?)] = 1", id="a list"),
        pytest.param("x: {[number]}", "x: {[number]} = 1", id="a record"),
        pytest.param("x: unheard_of", "x: unheard_of = 1", id="any name, as far as syntax goes"),
        pytest.param("param x: int", "param x: int = 1", id="a param"),
        pytest.param("job x", "job x = 1", id="a declaration"),
        pytest.param("job 'a-b'", "job a-b = 1", id="a quoted declaration"),
        pytest.param("job job", "job job = 1", id="named like its kind"),
        pytest.param("alloc_set [a + b]", "alloc_set [(a + b)] = 1", id="a computed name"),
    ],
)
def test_members(source: str, structure: str) -> None:
    assert text_of(parsed(f"{source} = 1")) == structure


@pytest.mark.parametrize(
    ("source", "structure"),
    [
        pytest.param("x: int", "x: int", id="an abstract field"),
        pytest.param("param x: [string] y = 1", "param x: [string]\ny = 1"),
        pytest.param("x: int 'y' = 1", "x: int\ny = 1", id="a type ends before a name"),
        pytest.param("hidden t { a = 1 }", "hidden t {a = 1}", id="a hidden block"),
        pytest.param("assert a", "assert a", id="an assert"),
        pytest.param("assert a : f'{b}' c = 1", "assert a : (f {b})\nc = 1", id="its message"),
        pytest.param("job [n] = {} for n in xs if n", "job [n] = {} for n in xs if n"),
        pytest.param("local a = import 'x' sha256 = 1", "local a = (import x)\nsha256 = 1"),
        pytest.param("a = b job c = d", "a = b\njob c = d", id="a kind before a name declares"),
        pytest.param("job = b alloc: int", "job = b\nalloc: int", id="a kind is a name"),
        pytest.param("a = b // {\n /* c = 1 */ d = 1 # }", "a = b\nd = 1", id="comments"),
        pytest.param("a = 1 /* b */ + /**/ 2 // c", "a = (1 + 2)", id="comments within"),
        pytest.param("\ufeffa = 1", "a = 1", id="a byte order mark"),
        pytest.param("", "", id="nothing"),
        pytest.param("// nothing", "", id="a comment"),
        pytest.param(",;", "", id="separators"),
    ],
)
def test_files(source: str, structure: str) -> None:
    assert text_of(parsed(source)) == structure


@pytest.mark.parametrize(
    ("source", "structure"),
    [
        pytest.param('f""', "(f )", id="empty"),
        pytest.param('f"a{b}c"', '(f "a" {b} "c")', id="a value"),
        pytest.param('f"{{a}} {b}}}"', '(f "{a} " {b} "}")', id="braces"),
        pytest.param(r'f"\u007b\u007b{a}\n"', r'(f "{{" {a} "\n")', id="escaped braces are text"),
        pytest.param(
            'f"{n:03d}{x:.2f}{s:10}{h:X}{e:}"',
            "(f {n:03d} {x:.2f} {s:10} {h:X} {e})",
        ),
        pytest.param("f\"{join(['a', f'{b}'], x.y)}\"", '(f {join(["a", (f {b})], x.y)})'),
        pytest.param(
            'f"{if a then b else c}{lambda x: x}"', "(f {(if a then b else c)} {(lambda x: x)})"
        ),
        pytest.param('f"{ {a = 1}.a }"', "(f {{a = 1}.a})", id="a record"),
        pytest.param('f"""a "{b}"\n{\nc\n}"""', r'(f "a \"" {b} "\"\n" {c})', id="several lines"),
        pytest.param("f", "f", id="a name"),
    ],
)
def test_f_strings(source: str, structure: str) -> None:
    assert value_text(source) == structure


def test_offsets_are_those_of_what_is_written() -> None:
    source = "a = (b + 1) * -c.d { e = f'x{g}' } // h\nassert i not in [j]"
    field, assertion = parsed(source).items
    assert isinstance(field, syntax.Field)
    assert isinstance(field.value, syntax.Chain)
    (step,) = field.value.steps
    assert isinstance(step.operand, syntax.Negate)
    postfix = step.operand.value
    assert isinstance(postfix, syntax.Postfix)
    extension = postfix.steps[1]
    assert isinstance(extension, syntax.Extend)
    assert isinstance(extension.record, syntax.Record)
    (inner,) = extension.record.members
    assert isinstance(inner, syntax.Field)
    assert isinstance(inner.value, syntax.FString)
    interpolation = inner.value.parts[1]
    assert isinstance(interpolation, syntax.Interpolation)
    assert isinstance(assertion, syntax.Assert)
    assert isinstance(assertion.condition, syntax.Compare)
    found = [
        source[slice(*where)]
        for where in (
            field.where,
            field.value.where,
            field.value.first.where,
            step.where,
            step.operand.where,
            postfix.steps[0].where,
            extension.where,
            inner.value.where,
            interpolation.where,
            interpolation.value.where,
            assertion.where,
            assertion.condition.spot,
        )
    ]
    assert found == [
        "a",
        "(b + 1) * -c.d { e = f'x{g}' }",
        "b + 1",
        "*",
        "-c.d { e = f'x{g}' }",
        "d",
        "{ e = f'x{g}' }",
        "f'x{g}'",
        "{g}",
        "g",
        "i not in [j]",
        "not in",
    ]


def test_line_breaks_mean_nothing() -> None:
    without_comments = "\n".join(line.split("//")[0] for line in LECTURE.splitlines())
    assert meaning(parsed(without_comments.replace("\n", " "))) == meaning(parsed(LECTURE))
    assert meaning(parsed(LECTURE.replace("\n", "\r\n"))) == meaning(parsed(LECTURE))


NESTED = [
    pytest.param("[", "1", "]", id="lists"),
    pytest.param("(", "1", ")", id="parentheses"),
    pytest.param("{a = ", "1", "}", id="records"),
    pytest.param("b {hidden a: int = ", "1", "}", id="extensions"),
    pytest.param("f(", "1", ")", id="calls"),
    pytest.param("a[", "1", "]", id="indexes"),
    pytest.param("if a then ", "1", " else 1", id="conditionals"),
    pytest.param("if ", "1", " then 1 else 1", id="conditions"),
    pytest.param("lambda x: ", "1", "", id="functions"),
    pytest.param("lambda x=", "1", ": 1", id="defaults"),
    pytest.param("a or not b == c + d * -(", "1", ")", id="operators"),
    pytest.param("b{for k in [] : [k] = ", "1", "}", id="loops"),
]


@pytest.mark.parametrize(("opening", "middle", "closing"), NESTED)
def test_nesting_has_a_limit(opening: str, middle: str, closing: str) -> None:
    def nested(depth: int) -> str:
        return "x = " + opening * depth + middle + closing * depth

    parsed(nested(DEFAULT_LIMITS.nesting - 2))
    for depth in (DEFAULT_LIMITS.nesting + 1, 20_000):
        with pytest.raises(BclError) as caught:
            parsed(nested(depth))
        assert caught.value.code == "limit"
        assert "--max-nesting" in str(caught.value)


def test_a_limit_that_python_cannot_keep_is_still_a_limit() -> None:
    limits = Limits(nesting=10 * sys.getrecursionlimit())
    with pytest.raises(BclError) as caught:
        parse(Source("main.borg", "x = " + "[" * limits.nesting), limits)
    assert caught.value.code == "limit"


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("x = 0" + " + 1" * 20_000, id="a sum"),
        pytest.param("x = a" + ".b" * 20_000, id="fields of fields"),
        pytest.param("x = " + "-" * 20_000 + "a", id="signs"),
        pytest.param("x = " + "not " * 20_000 + "a", id="negations"),
        pytest.param("x = " + "if a then b else " * 5_000 + "c", id="conditionals"),
        pytest.param("x = a" + " { b = 1 }" * 5_000, id="extensions"),
        pytest.param("x = [a" + " for b in c" * 5_000 + "]", id="loops"),
        pytest.param("x: a" + " | b" * 5_000, id="a type"),
    ],
)
def test_long_chains_are_flat(source: str) -> None:
    assert len(parsed(source).items) == 1


@pytest.mark.parametrize(
    ("source", "flag"),
    [
        pytest.param("x = 1 // " + "x" * (4 << 20), "--max-source", id="a long file"),
        pytest.param("x = '" + "x" * (1 << 20) + "'", "--max-string", id="a long text"),
        pytest.param("x = " + "{a=" * 100_000, "--max-nesting", id="braces"),
    ],
)
def test_hostile_sizes_are_refused_by_a_limit_that_can_be_raised(source: str, flag: str) -> None:
    with pytest.raises(BclError) as caught:
        parsed(source)
    assert caught.value.code == "limit"
    assert flag in str(caught.value)


def test_the_garbage_collector_is_left_as_it_was() -> None:
    assert gc.isenabled()
    parsed("a = 1")
    assert gc.isenabled()
    with pytest.raises(BclError):
        parsed("a = ")
    assert gc.isenabled()
    gc.disable()
    try:
        parsed("a = 1")
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_names_of_one_function_or_loop_differ() -> None:
    for source in ("lambda a, a: 1", "[1 for a, a in b]"):
        with pytest.raises(BclError) as caught:
            parsed(f"x = {source}")
        assert caught.value.code == "duplicate"
