"""No construct costs more than the square of its size, and what is written once for each item costs in proportion.

Counted in steps of the evaluator, not in seconds, so that the outcome is the same on every machine.
"""

from collections.abc import Callable, Mapping
from math import log2

import pytest

from borgpy.bcl.diagnostics import Source
from borgpy.bcl.evaluate import evaluate
from borgpy.bcl.loading.program import MemoryFiles, load

SIZES = (50, 100, 200, 400)

LINEAR, QUADRATIC = 1.15, 2.1
"""The exponents allowed; the little above 1 and 2 is for sizes this small."""

Files = Mapping[str, str]
Program = str | Files
"""A text, or several of which ``main.borg`` is the main one."""


def lines(first: str, line: str, n: int, last: str) -> str:
    """``first``, then ``line`` for each number, ``@i`` and the next one, ``@n``, then ``last``."""
    grown = (line.replace("@i", str(i)).replace("@n", str(i + 1)) for i in range(n))
    return "\n".join([first, *grown, last.replace("@n", str(n))])


def repeated(first: str, piece: str, n: int, last: str) -> str:
    grown = (piece.replace("@i", str(i)) for i in range(n))
    return f"{first}{''.join(grown)}{last}"


def imports(n: int) -> Files:
    files = {f"f{i}.borg": f'v = (import "f{i + 1}.borg").v + 1' for i in range(n)}
    return files | {f"f{n}.borg": "v = 0", "main.borg": 'x = (import "f0.borg").v'}


TEN = ", ".join(f"f{i} = {i}" for i in range(10))
FACTS = "local f = lambda n: if n == 0 then 0 else f(n - 1) + 1"

LINEAR_ONES: dict[str, Callable[[int], Program]] = {
    "fields": lambda n: lines("", "f@i = @i + 1", n, ""),
    "fields that read the one before": lambda n: lines("f0 = 0", "f@n = f@i + 1", n, ""),
    "fields that read the one before twice": lambda n: lines("f0 = 0", "f@n = f@i - f@i", n, ""),
    "fields that read the one behind": lambda n: lines("", "f@i = f@n + 1", n, "f@n = 0"),
    "locals": lambda n: lines("local f0 = 0", "local f@n = f@i - f@i", n, "x = f@n"),
    "typed fields": lambda n: lines("", "f@i: int | string = @i", n, ""),
    "records": lambda n: lines("", f"r@i = {{ {TEN} }}", n, ""),
    "records that extend one template": lambda n: lines(
        f"hidden t = {{ {TEN} }}", "r@i = t { f0 = @i }", n, ""
    ),
    "jobs that extend one template": lambda n: lines(
        "template t = { runtime = { cell = ic } binary = /b hidden i: int args = { i = up.i } }",
        "job j@i = t { i = @i }",
        n,
        "",
    ),
    "jobs of a loop": lambda n: (
        f"job [f'j{{i}}'] = {{ runtime = {{ cell = ic }} binary = /b }} for i in range({n})"
    ),
    "blocks that extend what is nested": lambda n: lines(
        "hidden t = { a = { b = { c = 1, d = 2 } } }", "r@i = t { a { b { c = super.c + @i } } }", n, ""
    ),
    "appending to an inherited list of one": lambda n: lines(
        "hidden t = { l = [0] }", "r@i = t { l += [@i] }", n, ""
    ),
    "a chain of additions": lambda n: repeated("local f = lambda k: k", " + k", n, "\nx = f(1)"),
    "a chain of multiplications": lambda n: repeated("local f = lambda k: k", " * k", n, "\nx = f(1)"),
    "a chain of and": lambda n: repeated("local f = lambda k: k", " and k", n, "\nx = f(true)"),
    "a list": lambda n: repeated("local f = lambda k: [", "k, ", n, "]\nx = f(1)"),
    "a list loop": lambda n: f"x = [i * i for i in range({n})]",
    "a list loop that keeps nothing": lambda n: f"x = [i for i in range({n}) if i < 0]",
    "a record loop": lambda n: f"x = {{for i in range({n}): [f'k{{i}}'] = i}}",
    "records of a loop": lambda n: f"x = [{{ id = i, name = f'n{{i}}' }} for i in range({n})]",
    "a list looped over": lambda n: f"local l = range({n})\nx = [i for i in l]",
    "recursion": lambda n: f"{FACTS}\nx = f({n})",
    "recursion with a growing argument": lambda n: (
        f"local f = lambda n, sum: if n == 0 then sum else f(n - 1, sum + n)\nx = f({n}, 0)"
    ),
    "mutual recursion": lambda n: (
        "local f = lambda n: if n == 0 then 0 else g(n - 1)\nlocal g = lambda n: if n == 0 then 1 else f(n - 1)\n"
        f"x = f({n})"
    ),
    "closures within one another": lambda n: lines(
        "local f0 = lambda x: x", "local f@n = lambda x: f@i(x + 1)", n, "x = f@n(0)"
    ),
    "conditionals": lambda n: repeated("x = ", "if false then @i else ", n, "-1"),
    "conditionals that compare": lambda n: repeated(
        f"local n = {n - 1}\nx = ", "if n == @i then @i else ", n, "-1"
    ),
    "f-strings": lambda n: lines("", 'f@i = f"{@i} and {@n:03d}"', n, ""),
    "an f-string of many parts": lambda n: repeated('local f = lambda k: f"', "{k}", n, '"\nx = f(1)'),
    "asserts": lambda n: repeated("r = { a = 1, ", "assert a == 1 : 'no', ", n, "}"),
    "attribute chains": lambda n: lines(
        "hidden r0 = { v = 1 }", "hidden r@n = { v = r@i.v }", n, "x = r@n.v"
    ),
    "a path of attributes": lambda n: lines(
        "hidden r0 = 1", "hidden r@n = { a = r@i }", n, "x = r@n" + ".a" * n
    ),
    "imports": imports,
    "sharing a list": lambda n: lines("hidden a0 = [1]", "hidden a@n = [a@i, a@i][1]", n, "x = a@n"),
    "sorting": lambda n: f"x = sorted([{n} - i for i in range({n})])",
    "joining": lambda n: f"x = join([f'{{i}}' for i in range({n})], ',')",
    "a chain of block extensions of one field": lambda n: repeated(
        "hidden t = { a = 0, b = 1 }\nx = [", "t { a = @i }, ", n, "]"
    ),
}  # fmt: skip

QUADRATIC_ONES: dict[str, Callable[[int], Program]] = {
    "depth of inheritance": lambda n: lines(
        "hidden a0 = { n = 0 }", "hidden a@n = a@i { n = super.n + 1 }", n, "x = a@n.n"
    ),
    "depth of inheritance, each level exported": lambda n: lines(
        "a0 = { n = 0 }", "a@n = a@i { n = super.n + 1 }", n, ""
    ),
    "depth of inheritance, each level with a field": lambda n: lines(
        "hidden a0 = { n = 0 }", "hidden a@n = a@i { f@i = @i }", n, "x = a@n"
    ),
    "super read twice": lambda n: lines(
        "hidden a0 = { n = 0 }", "hidden a@n = a@i { n = super.n - super.n }", n, "x = a@n.n"
    ),
    "super of several fields": lambda n: lines(
        "hidden a0 = { n = 0, m = 0 }",
        "hidden a@n = a@i { n = super.m + super.n, m = super.n - super.m }",
        n,
        "x = a@n.n",
    ),
    "self at every level": lambda n: lines(
        "hidden a0 = { n = 0, m = self.n }", "hidden a@n = a@i { n = super.n + 1 }", n, "x = a@n.m"
    ),
    "extensions of one value": lambda n: repeated("x = { n = 0 }", " { n = super.n + 1 }", n, ""),
    "blocks that extend a block": lambda n: lines(
        "hidden a0 = { q = { n = 0 } }", "hidden a@n = a@i { q { n = super.n + 1 } }", n, "x = a@n.q"
    ),
    "appending at every level": lambda n: lines(
        "hidden a0 = { l = [] }", "hidden a@n = a@i { l += [@i] }", n, "x = len(a@n.l)"
    ),
    "final, hidden and typed at every level": lambda n: lines(
        "hidden a0 = { hidden n: int = 0, m = n }", "hidden a@n = a@i { n: int = super.n + 1 }", n, "x = a@n"
    ),
    "asserts at every level": lambda n: lines(
        "hidden a0 = { n = 0 }", "hidden a@n = a@i { assert self.n == 0 : 'no' }", n, "x = a@n"
    ),
    "compose": lambda n: lines("hidden a0 = { n = 0 }", "hidden a@n = compose(a@i, { f@i = @i })", n, "x = a@n"),
    "compose of many": lambda n: "x = compose(" + ", ".join(f"{{ f{i} = {i} }}" for i in range(n)) + ")",
    "inheritance by recursion": lambda n: (
        "local f = lambda n: if n == 0 then { a = 0 } else f(n - 1) { a = super.a + 1 }\n" f"x = f({n}).a"
    ),
    "lists that grow": lambda n: lines("hidden a0 = []", "hidden a@n = a@i + [@i]", n, "x = len(a@n)"),
    "text that grows": lambda n: lines("hidden a0 = ''", 'hidden a@n = f"{a@i}, @i"', n, "x = a@n"),
    "a loop in a loop": lambda n: f"x = [i * j for i in range({n}) for j in range({n})]",
    "membership": lambda n: f"local l = range({n})\nx = [i in l for i in l]",
    "nested records, each read from outside": lambda n: lines(
        "hidden r0 = { v = 1 }", "hidden r@n = { a = r@i, v = a.v }", n, "x = r@n.v"
    ),
    "equality of lists": lambda n: f"local l = range({n})\nlocal m = range({n})\nx = [l == m for i in l]",
}  # fmt: skip

NESTED_ONES: dict[str, Callable[[int], Program]] = {
    "nested records": lambda n: "x = " + "{ a = " * n + "1" + " }" * n,
    "nested lists": lambda n: "local f = lambda k: " + "[" * n + "k" + "]" * n + "\nx = f(1)",
    "nested records that look up": lambda n: "n = 1\nx = " + "{ a = " * n + "n" + " }" * n,
    "nested records that look two up": lambda n: (
        "x = { n = 1, a = " + "{ n = up.n, a = " * n + "1" + " }" * n + " }"
    ),
    "nested calls": lambda n: "local f = lambda x: x\nx = " + "f(" * n + "1" + ")" * n,
    "nested lambdas": lambda n: "x = (" + "lambda a: (" * n + "1" + ")" * n + ")" + "(0)" * n,
    "nested loops": lambda n: "x = " + "[i for i in " * n + "[1]" + "]" * n,
    "nested blocks": lambda n: (
        "hidden t = " + "{ a = " * n + "1" + " }" * n + "\nx = t " + "{ a " * (n - 1) + "{ a = 2 }" + " }" * (n - 1)
    ),
}  # fmt: skip
"""What nests has less room than `SIZES`: brackets may be 256 deep."""


def steps(program: Program) -> int:
    files = {"main.borg": program} if isinstance(program, str) else program
    loaded = load(Source("main.borg", files["main.borg"]), MemoryFiles(files))
    return evaluate(loaded).steps


def exponent(make: Callable[[int], Program], sizes: tuple[int, ...]) -> float:
    """With which power of its size the work grows, over the larger sizes, where a constant part counts least."""
    spent = [steps(make(n)) for n in sizes]
    assert spent[-1] >= sizes[-1] / 4, "work that is not paid for is not bounded either"
    return log2(spent[-1] / spent[-2]) / log2(sizes[-1] / sizes[-2])


@pytest.mark.parametrize("name", LINEAR_ONES)
def test_what_is_written_once_for_each_costs_in_proportion(name: str) -> None:
    assert exponent(LINEAR_ONES[name], SIZES) <= LINEAR


@pytest.mark.parametrize("name", QUADRATIC_ONES)
def test_nothing_costs_more_than_the_square(name: str) -> None:
    assert exponent(QUADRATIC_ONES[name], SIZES) <= QUADRATIC


@pytest.mark.parametrize("name", NESTED_ONES)
def test_nesting_costs_in_proportion(name: str) -> None:
    assert exponent(NESTED_ONES[name], (15, 30, 60, 120)) <= LINEAR
