"""Limits: what is far above anything sensible works, what is beyond is refused, and the message says how to get more."""

from borgpy.bcl.limits import Limits
from tests.unit.bcl.cases.case import case, error


def grown(first: str, line: str, times: int, last: str = "") -> str:
    """``first``, then ``line`` so often with ``@i`` counted up from 0 and ``@n`` being one more, then ``last``."""
    lines = [line.replace("@i", str(i)).replace("@n", str(i + 1)) for i in range(times)]
    return "\n".join([first, *lines, last])


CASES = (
    case("brackets as deep as allowed", "x = " + "[" * 256 + "]" * 256 + "[0]" * 255, {"x": []}),
    case("parentheses as deep as allowed", "x = " + "(" * 256 + "1" + ")" * 256, {"x": 1}),
    case(
        "records as deep as allowed",
        "x = " + "{a=" * 256 + "1" + "}" * 256 + ".a" * 255,
        {"x": {"a": 1}},
    ),
    case(
        "2,000 terms of every kind",
        "a = 1"
        + " * 1" * 2000
        + ", b = true"
        + " and true" * 2000
        + ", c = false"
        + " or false" * 2000
        + ", d = 'x'"
        + " + 'x'" * 2000,
        {"a": 1, "b": True, "c": False, "d": "x" * 2001},
    ),
    case(
        "2,000 signs and nots",
        "a = " + "-" * 2000 + "1, b = " + "not " * 2000 + "true",
        {"a": 1, "b": True},
    ),
    case(
        "2,000 attributes in a row",
        "hidden r = {r = self, v = 1}\nx = r" + ".r" * 2000 + ".v",
        {"x": 1},
    ),
    case(
        "300 records juxtaposed",
        "x = {a0 = 0}" + "".join(f" {{a{n} = {n}}}" for n in range(1, 300)) + ".a299",
        {"x": 299},
    ),
    case(
        "200 levels of inheritance with blocks",
        grown(
            "hidden a0 = {r = {n = 0}}",
            "hidden a@n = a@i { r { n = super.n + 1 } }",
            200,
            "x = a200.r.n",
        ),
        {"x": 200},
    ),
    case(
        "200 levels of appending",
        grown("hidden a0 = {l = []}", "hidden a@n = a@i { l += [@i] }", 200, "x = len(a200.l)"),
        {"x": 200},
    ),
    case(
        "super is memoised",
        grown(
            "hidden a0 = {n = 1}",
            "hidden a@n = a@i { n = super.n + super.n - super.n }",
            100,
            "x = a100.n",
        ),
        {"x": 1},
    ),
    case(
        "self is memoised",
        grown(
            "hidden a0 = {n = 1}",
            "hidden b@i = {v = a@i.n + a@i.n}\nhidden a@n = {n = b@i.v - a@i.n}",
            100,
            "x = a100.n",
        ),
        {"x": 1},
    ),
    case(
        "locals are memoised",
        grown("local a0 = 1", "local a@n = a@i + a@i", 60, "x = a60"),
        {"x": 1 << 60},
    ),
    case(
        "arguments are memoised",
        "local f = lambda a: a + a\nx = " + "f(" * 50 + "1" + ")" * 50,
        {"x": 1 << 50},
    ),
    case(
        "records in a loop share nothing but their template",
        "hidden t = {n: int, m = n * 2}\nx = [t {n = i}.m for i in range(1000)][999]",
        {"x": 1998},
    ),
    case("a large list is fine", "x = len(range(300000))", {"x": 300000}),
    case(
        "a long string is fine",
        "local s = join(['abcdefgh' for n in range(10000)], '')\nx = len(s)",
        {"x": 80000},
    ),
    error(
        "brackets deeper than allowed",
        "x = " + "[" * 257 + "]" * 257,
        "limit",
        "256",
        "--max-nesting",
    ),
    error("parentheses far deeper", "x = " + "(" * 100000, "limit", "--max-nesting"),
    error("records far deeper", "x = " + "{a = " * 100000, "limit", "--max-nesting"),
    error("blocks far deeper", "x " + "{a " * 100000, "limit", "--max-nesting"),
    error("indexes far deeper", "x = " + "a[" * 10000, "limit", "--max-nesting"),
    error("calls far deeper", "x = " + "f(" * 10000, "limit", "--max-nesting"),
    error("functions far deeper", "x = " + "lambda a: " * 10000 + "1", "limit", "--max-nesting"),
    error("conditions far deeper", "x = " + "if " * 10000 + "1", "limit", "--max-nesting"),
    error("thens far deeper", "x = " + "if true then " * 10000 + "1", "limit", "--max-nesting"),
    error("types far deeper", "x: " + "[" * 10000 + "int", "limit", "--max-nesting"),
    error("f-strings far deeper", "x = " + "f'{" * 1000, "limit"),
    error(
        "loops far deeper",
        "x = " + "[" * 300 + "1" + " for a in []]" * 300,
        "limit",
        "--max-nesting",
    ),
    error("a lowered nesting", "x = [[[1]]]", "limit", "--max-nesting", limits=Limits(nesting=2)),
    error(
        "a source too long",
        "x = 1 // " + "x" * 100,
        "limit",
        "--max-source",
        limits=Limits(source=100),
    ),
    error(
        "an imported source too long",
        "x = import 'a.borg'",
        "limit",
        "--max-source",
        of="a.borg",
        files={"a.borg": "x = 1 //" + "x" * 50},
        limits=Limits(source=50),
    ),
    error(
        "data too long",
        "x = import 'a.json'",
        "limit",
        "--max-source",
        of="a.json",
        files={"a.json": "[" + "1," * 30 + "1]"},
        limits=Limits(source=50),
    ),
    error(
        "data nested too deeply",
        "x = import 'a.json'",
        "limit",
        "--max-nesting",
        of="a.json",
        files={"a.json": "[" * 300 + "]" * 300},
    ),
    error(
        "steps", "x = [n for n in range(1000)]", "limit", "--max-steps", limits=Limits(steps=500)
    ),
    error(
        "steps by a call that never ends",
        "local f = lambda n: if n == 0 then 0 else f(n)\nx = f(1)",
        "limit",
        "--max-",
        limits=Limits(depth=100),
    ),
    error(
        "steps by much of little",
        "x = [[[1 for a in range(200)] for b in range(200)] for c in range(200)]",
        "limit",
        "--max-steps",
    ),
    error(
        "steps by a filter that lets nothing through",
        "x = [1 for a in range(2000) for b in range(2000) if false]",
        "limit",
        "--max-steps",
    ),
    error(
        "steps by joining",
        "x = [len(join(['xxxxxxxxxx' for a in range(1000)], '')) for b in range(2000)]",
        "limit",
        "--max-steps",
    ),
    error(
        "depth by endless recursion",
        "local f = lambda n: f(n + 1) + 1\nx = f(0)",
        "limit",
        "--max-depth",
    ),
    error("depth by endless records", "local f = lambda n: {r = f(n + 1)}\nx = f(0)", "limit"),
    error(
        "depth by endless lists", "local f = lambda n: [f(n + 1)]\nx = f(0)", "limit", "--max-depth"
    ),
    error(
        "depth by endless arguments", "local f = lambda n: f([n])\nx = f(0)", "limit", "--max-depth"
    ),
    error("depth by endless self", "x = {a = self {}.a}", "limit", "--max-depth"),
    error(
        "depth by a chain of fields",
        "\n".join(f"hidden a{n} = a{n + 1}" for n in range(2000)) + "\nhidden a2000 = 1\nx = a0",
        "limit",
        "--max-depth",
    ),
    error(
        "a lowered depth",
        "local f = lambda n: if n == 0 then 0 else f(n - 1) + 1\nx = f(50)",
        "limit",
        "--max-depth",
        limits=Limits(depth=30),
    ),
    error("a list too long, by range", "x = len(range(1000001))", "limit", "--max-"),
    error(
        "a list too long, by a loop",
        "x = [n for n in range(10) for m in range(10)]",
        "limit",
        "--max-list",
        limits=Limits(items=50),
    ),
    error(
        "a list too long, by adding",
        "local l = range(40)\nx = l + l",
        "limit",
        "--max-list",
        limits=Limits(items=50),
    ),
    error(
        "a list too long, by appending",
        "hidden t = {l = range(40)}\nx = t {l += range(40)}",
        "limit",
        "--max-list",
        limits=Limits(items=50),
    ),
    error(
        "a list too long, by flatten",
        "x = flatten([range(40), range(40)])",
        "limit",
        "--max-list",
        limits=Limits(items=50),
    ),
    error(
        "a list too long, by split",
        "x = split('a,a,a,a,a,a,a,a', ',')",
        "limit",
        "--max-list",
        limits=Limits(items=5),
    ),
    error(
        "a list too long, as it is written",
        "x = [1, 2, 3, 4, 5, 6]",
        "limit",
        "--max-list",
        limits=Limits(items=5),
    ),
    error(
        "a string too long, by adding",
        "local s = 'xxxxxxxxxxxxxxxxxxxx'\nx = s + s",
        "limit",
        "--max-string",
        limits=Limits(string=35),
    ),
    error(
        "a string too long, by an f-string",
        "local s = 'xxxxxxxxxx'\nx = f'{s}{s}{s}{s}'",
        "limit",
        "--max-string",
        limits=Limits(string=35),
    ),
    error(
        "a string too long, by join",
        "x = join(['xxxxxxxxxx', 'xxxxxxxxxx'], '')",
        "limit",
        "--max-string",
        limits=Limits(string=15),
    ),
    error(
        "a string too long, by replace",
        "x = replace('aaaa', 'a', 'xxxxx')",
        "limit",
        "--max-string",
        limits=Limits(string=15),
    ),
    error(
        "a string too long, by json",
        "x = json(range(20))",
        "limit",
        "--max-string",
        limits=Limits(string=15),
    ),
    error(
        "a string too long, by upper",
        "x = upper('ßßßßßßßßßß')",
        "limit",
        "--max-string",
        limits=Limits(string=15),
    ),
    error(
        "a string too long, as it is written",
        "x = 'xxxxxxxxxxxxxxxxxxxx'",
        "limit",
        "--max-string",
        limits=Limits(string=15),
    ),
    error(
        "a string too long, by doubling",
        grown("hidden s0 = 'xxxxxxxx'", "hidden s@n = s@i + s@i", 40, "x = len(s40)"),
        "limit",
        "--max-string",
    ),
    error(
        "a string too long, by doubling in f-strings",
        grown("hidden s0 = 'xxxxxxxx'", "hidden s@n = f'{s@i}{s@i}'", 40, "x = len(s40)"),
        "limit",
        "--max-string",
    ),
    error(
        "a result of too many values",
        "x = range(50)",
        "limit",
        "--max-output",
        limits=Limits(output_nodes=20),
    ),
    error(
        "a result of too many values, by sharing",
        grown("hidden a0 = [1, 1]", "hidden a@n = [a@i, a@i]", 40, "x = a40"),
        "limit",
        "--max-output",
    ),
    error(
        "a result of too many values, by sharing records",
        grown("hidden a0 = {x = 1}", "hidden a@n = {p = a@i, q = a@i}", 40, "x = a40"),
        "limit",
        "--max-output",
    ),
    error(
        "a result of too many characters",
        "local s = 'xxxxxxxxxx'\nx = [s, s, s, s]",
        "limit",
        "--max-output-bytes",
        limits=Limits(output_bytes=30),
    ),
    error(
        "a result of too many characters, by sharing",
        "local s = join(['xxxxxxxxxx' for n in range(10000)], '')\nx = [s for n in range(1000)]",
        "limit",
        "--max-output-bytes",
    ),
    error(
        "equality of what is shared",
        grown(
            "hidden a0 = [1, 1]\nhidden b0 = [1, 1]",
            "hidden a@n = [a@i, a@i]\nhidden b@n = [b@i, b@i]",
            40,
            "x = a40 == b40",
        ),
        "limit",
        "--max-steps",
    ),
    error(
        "json of what is shared",
        grown("hidden a0 = [1, 1]", "hidden a@n = [a@i, a@i]", 40, "x = len(json(a40))"),
        "limit",
        "--max-",
    ),
    error(
        "exponential recursion",
        "local f = lambda n: if n < 2 then n else f(n - 1) + f(n - 2)\nx = f(60)",
        "limit",
        "--max-steps",
    ),
    error(
        "jobs without end",
        "job [f'j{n}'] = {runtime = {cell = ic} binary = /b/x} for n in range(10000000)",
        "limit",
        "--max-",
    ),
    error("fields without end", "x = {for n in range(10000000): [f'f{n}'] = n}", "limit", "--max-"),
)
