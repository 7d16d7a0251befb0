"""Texts that nobody should write: each means to use something up, and each must end soon, within little memory."""

from collections.abc import Callable, Mapping

from benchmarks.bcl_inputs import grown


def _deep(opening: str, closing: str, depth: int) -> str:
    return f"x = {opening * depth}1{closing * depth}\n"


_TENFOLD = ", ".join(["a@i"] * 10)

HOSTILE: Mapping[str, Callable[[], str]] = {
    "deep lists": lambda: _deep("[", "]", 200_000),
    "deep records": lambda: "x = " + "{a = " * 200_000,
    "deep parentheses": lambda: _deep("(", ")", 200_000),
    "deep lambdas": lambda: "x = " + "lambda a: " * 200_000 + "1",
    "deep conditionals": lambda: "x = " + "if true then " * 200_000 + "1",
    "deep interpolations": lambda: "x = " + 'f"{' * 20_000 + "1" + '}"' * 20_000,
    "many signs": lambda: "x = 1 " + "- " * 200_000 + "1\n",
    "many nots": lambda: "x = " + "not " * 200_000 + "true\n",
    "a sum of 200,000 terms": lambda: "x = 0" + " + 1" * 200_000,
    "a chain of 20,000 attributes in a loop": lambda: (
        "local r = {a = self}\nx = len([r" + ".a" * 20_000 + " for k in range(1000)])\n"
    ),
    "a chain of 80,000 extensions": lambda: "x = {}" + "{a = 1}" * 80_000,
    "a record of 45,000 extensions of one name": lambda: (
        "hidden b = {a = 1}\nx = b" + " {a = super.a + 1}" * 45_000
    ),
    "40,000 fields": lambda: grown("", 'field_@i = "value number @i"', 40_000),
    "40,000 duplicates": lambda: "x = 1\n" * 40_000,
    "40,000 unknown names": lambda: grown("", "x@i = nope@i + 1", 40_000),
    "80,000 mistakes": lambda: grown("", "z@i=1+''", 80_000),
    "80,000 unknown names": lambda: grown("", "z@i=q+1", 80_000),
    "135,000 bare words": lambda: grown("", "z@i=q", 135_000),
    "80,000 empty jobs": lambda: grown("", "job j@i={}", 80_000),
    "a list of 200,000 unknown names": lambda: "x=[" + "a," * 200_000 + "]",
    "100,000 extensions in a list": lambda: "hidden b={a=1}\nx=[" + "b{}," * 100_000 + "]",
    "100,000 records": lambda: grown("", "z@i={}", 100_000),
    "135,000 fields without a value": lambda: grown("", "z@i:int", 135_000),
    "135,000 calls of a call": lambda: "x=a" + "(1)" * 135_000,
    "200,000 attributes of an attribute": lambda: "x={}" + ".a" * 200_000,
    "200,000 extensions of an extension": lambda: "x={}" + "{}" * 200_000,
    "a file of 400,000 signs": lambda: "x=" + "-" * 400_000 + "1",
    "40,000 syntax errors": lambda: "x = = 1\n" * 40_000,
    "40,000 failed asserts": lambda: grown("", 'assert 1 > 2 : "no @i"', 40_000),
    "endless recursion": lambda: "local f = lambda n: f(n + 1)\nx = f(0)\n",
    "exponential recursion": lambda: (
        "local f = lambda n: if n == 0 then 1 else f(n - 1) + f(n - 1)\nx = f(60)\n"
    ),
    "exponential records": lambda: grown(
        "local f0 = lambda: {a = 1}", "local f@n = lambda: {a = f@i(), b = f@i()}", 40, "x = f40()"
    ),
    "exponential inheritance": lambda: (
        "local f = lambda n: if n == 0 then {a = 1} else f(n - 1) { b = f(n - 1) }\nx = f(40)\n"
    ),
    "the Y combinator": lambda: "x = (lambda f: f(f))(lambda f: f(f))\n",
    "billion laughs in lists": lambda: grown(
        'hidden a0 = ["lol"]', f"hidden a@n = [{_TENFOLD}]", 10, "x = a10"
    ),
    "billion laughs in records": lambda: grown(
        "hidden a0 = {v = 1}", "hidden a@n = {l = a@i, r = a@i}", 60, "x = a60"
    ),
    "billion laughs compared": lambda: grown(
        "hidden a0 = [1]\nhidden b0 = [1]",
        "hidden a@n = [a@i, a@i]\nhidden b@n = [b@i, b@i]",
        60,
        "x = a60 == b60",
    ),
    "billion laughs flattened": lambda: grown(
        "hidden a0 = [1]", "hidden a@n = a@i + a@i", 60, "x = len(a60)"
    ),
    "string doubling": lambda: grown(
        'hidden s0 = "xxxxxxxx"', "hidden s@n = s@i + s@i", 60, "x = len(s60)"
    ),
    "f-string doubling": lambda: grown(
        'hidden s0 = "x"', 'hidden s@n = f"{s@i}{s@i}"', 60, "x = len(s60)"
    ),
    "strings kept in number": lambda: (
        grown('hidden s0 = "xxxxxxxx"', "hidden s@n = s@i + s@i", 16)
        + 'x = [f"{s16}{i}" for i in range(100000)]\n'
    ),
    "join of long strings": lambda: (
        grown('hidden s0 = "xxxxxxxx"', "hidden s@n = s@i + s@i", 16)
        + "x = len(join([s16 for i in range(100000)], s16))\n"
    ),
    "replace that multiplies": lambda: (
        grown('hidden s0 = "xxxxxxxx"', "hidden s@n = s@i + s@i", 16)
        + 'x = len(replace(s16, "x", s16))\n'
    ),
    "replace of nothing": lambda: (
        grown('hidden s0 = "xxxxxxxx"', "hidden s@n = s@i + s@i", 16)
        + 'x = len(replace(s16, "", s16))\n'
    ),
    "split into letters": lambda: (
        grown('hidden s0 = "x,x,x,x,"', "hidden s@n = s@i + s@i", 17)
        + 'x = [len(split(s17, ",")) for i in range(1000)]\n'
    ),
    "a huge range": lambda: "x = len(range(1000000000))\n",
    "a range of huge steps": lambda: (
        "x = range(-9223372036854775807, 9223372036854775807, 4611686018427387904)\n"
        "y = len(range(-9223372036854775807, 9223372036854775807))\n"
    ),
    "a loop in a loop in a loop": lambda: (
        "x = [1 for a in range(10000) for b in range(10000) for c in range(10000)]\n"
    ),
    "a loop that keeps nothing": lambda: (
        "x = [1 for a in range(100000) for b in range(100000) if false]\n"
    ),
    "a record of a loop": lambda: 'x = {for i in range(1000000): [f"k{i}"] = i}\n',
    "records of records by loops": lambda: (
        "x = [{a = [{b = [c for c in range(100)]} for b in range(100)]} for a in range(1000)]\n"
    ),
    "sort by an endless key": lambda: "local f = lambda n: f(n)\nx = sorted(range(1000000), f)\n",
    "sort of long lists": lambda: (
        "hidden l = [i for i in range(100000)]\nx = [sorted(l)[0] for i in range(1000)]\n"
    ),
    "zip of long lists": lambda: "hidden l = range(300000)\nx = zip(l, l, l, l, l, l, l, l)\n",
    "membership in long lists": lambda: (
        "hidden l = range(100000)\nx = [-1 in l for i in range(100000)]\n"
    ),
    "sums of long lists": lambda: "hidden l = range(100000)\nx = [sum(l) for i in range(100000)]\n",
    "JSON of shared lists": lambda: grown(
        "hidden a0 = [1]", "hidden a@n = [a@i, a@i]", 60, "x = json(a60)"
    ),
    "a chain of 80,000 fields": lambda: grown("x0 = 1", "x@n = x@i + 1", 80_000),
    "a chain of 900 fields, backwards": lambda: grown("", "x@i = x@n + 1", 900, "x900 = 1"),
    "inheritance of 90,000 levels": lambda: grown(
        "hidden a0 = {n = 0}", "hidden a@n = a@i { n = super.n + 1 }", 90_000, "x = a90000.n"
    ),
    "inheritance of 800 levels of 100 fields": lambda: grown(
        "hidden a0 = {" + grown("", "f@i = @i", 100).replace("\n", " ") + "}",
        "hidden a@n = a@i { f0 = super.f0 + 1 }",
        800,
        "x = a800",
    ),
    "compose of 10,000": lambda: (
        "hidden f = lambda n: if n == 0 then {a = 1} else compose(f(n - 1), {b = n})\nx = f(900)\n"
        "y = compose(" + ", ".join(["{a = 1}"] * 10_000) + ")\n"
    ),
    "a ladder of thunks": lambda: (
        "local f = lambda n, x: if n == 0 then x else f(n - 1, x + 1)\nx = f(100000, 0)\n"
    ),
    "appending to a list by recursion": lambda: (
        "local f = lambda n: if n == 0 then [] else f(n - 1) + [n]\nx = [len(f(900)) for i in range(1000)]\n"
    ),
    "jobs without end": lambda: (
        "job [f'j{i}'] = {runtime = {cell = ic} binary = /b} for i in range(1000000)"
    ),
    "a job of 100,000 args": lambda: (
        "job j = {runtime = {cell = ic} binary = /b args = {"
        + grown("", "a@i = @i", 100_000)
        + "}}\n"
    ),
    "50,000 imports of one file": lambda: grown("", 'x@i = import "none.borg"', 50_000),
    "integers that overflow": lambda: grown("x0 = 10", "x@n = x@i * x@i", 60),
    "a number of a million digits": lambda: "x = " + "9" * 1_000_000,
    "an exponent of a million": lambda: "x = 1e1000000\ny = 1e-1000000\n",
    "a format of great width": lambda: 'x = f"{1:99d}"\ny = f"{1:999999999d}"\n',
    "one line of 4 MB": lambda: "x = [" + "1," * 2_000_000 + "1]",
    "a string of 4 MB": lambda: 'x = "' + "x" * 4_000_000 + '"',
    "comments without an end": lambda: "/*" * 1_000_000,
    "quotes without an end": lambda: "x = " + '"' * 1_000_001,
    "slashes and percents": lambda: "x = " + "%a" * 1_000_000 + "\ny = " + "/a" * 1_000_000,
    "brackets that do not match": lambda: "x = " + "([{" * 80 + "}])" * 80,
}
"""What each means to use up, and its text."""
