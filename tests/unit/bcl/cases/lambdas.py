"""Functions: their parameters, their arguments, and what they see."""

from tests.unit.bcl.cases.case import case, error

CASES = (
    case("no parameter", "local f = lambda: 5\nx = f()", {"x": 5}),
    case("called where it stands", "x = (lambda a, b: a - b)(5, 3)", {"x": 2}),
    case(
        "named arguments in any order",
        "local f = lambda a, b, c: [a, b, c]\nx = f(1, c = 3, b = 2), y = f(c = 1, b = 2, a = 3)",
        {"x": [1, 2, 3], "y": [3, 2, 1]},
    ),
    case(
        "defaults see the parameters before them",
        "local f = lambda a, b = a + 1, c = b * 2: [a, b, c]\nx = f(1), y = f(1, 5), z = f(1, c = 0)",
        {"x": [1, 2, 4], "y": [1, 5, 10], "z": [1, 2, 0]},
    ),
    case("a default is late", "local f = lambda a = 1 / 0: 2\nx = f()", {"x": 2}),
    case(
        "a default sees what is around the function",
        "hidden t = {k = 1, hidden f = lambda a = k: a, v = f()}\nx = t {k = 2}",
        {"x": {"k": 2, "v": 2}},
    ),
    case("a trailing comma in a call", "local f = lambda a: a\nx = f(1,)", {"x": 1}),
    case(
        "the body reaches as far as it can",
        "local f = lambda a: a + 1 == 2 and true\nx = f(1), y = (lambda a: if a then 1 else 2)(false)",
        {"x": True, "y": 2},
    ),
    case(
        "a function as an argument",
        "local twice = lambda f, n: f(f(n))\nx = twice(lambda n: n * 3, 2)",
        {"x": 18},
    ),
    case(
        "three calls in a row",
        "local f = lambda a: lambda b: lambda c: a + b + c\nx = f(1)(2)(3)",
        {"x": 6},
    ),
    case(
        "a closure keeps its own variables",
        "local adders = [lambda n: n + i for i in range(3)]\nx = [f(10) for f in adders]",
        {"x": [10, 11, 12]},
    ),
    case(
        "a parameter shadows everything",
        "n = 1\nx = (lambda n: n)(2), y = (lambda len: len)(3)",
        {"n": 1, "x": 2, "y": 3},
    ),
    case(
        "an inner parameter shadows the outer", "x = (lambda n: (lambda n: n)(n + 1))(1)", {"x": 2}
    ),
    case(
        "a record made by a function sees its arguments",
        "local f = lambda n: {a = n, r = {b = n}}\nx = f(1), y = f(2)",
        {"x": {"a": 1, "r": {"b": 1}}, "y": {"a": 2, "r": {"b": 2}}},
    ),
    case(
        "a made record is overridable",
        "local f = lambda n: {a = n, b = a * 2}\nx = f(1) {a = 5}",
        {"x": {"a": 5, "b": 10}},
    ),
    case(
        "mutual recursion",
        "local even = lambda n: if n == 0 then true else odd(n - 1)\nlocal odd = lambda n: if n == 0 then false else even(n - 1)\nx = even(10)",
        {"x": True},
    ),
    case(
        "recursion through a field",
        "r = {hidden f = lambda n: if n == 0 then 0 else n + f(n - 1), v = f(4)}",
        {"r": {"v": 10}},
    ),
    case(
        "recursion over a list",
        "local total = lambda l, i = 0: if i == len(l) then 0 else l[i] + total(l, i + 1)\nx = total([1, 2, 3])",
        {"x": 6},
    ),
    case(
        "an argument is evaluated once",
        "local f = lambda n: n + n + n\nlocal g = lambda n: f(f(f(f(f(f(f(f(n))))))))\nx = g(1)",
        {"x": 3**8},
    ),
    case(
        "an argument that decides nothing is not looked at",
        "local f = lambda c, a: if c then a else 0\nx = f(false, 1 / 0)",
        {"x": 0},
    ),
    case(
        "an argument handed on is still not looked at",
        "local f = lambda a: 1 local g = lambda a: f(a)\nx = g(1 / 0)",
        {"x": 1},
    ),
    case(
        "a function in a hidden field of a file",
        "x = (import 'lib.borg').double(4)",
        {"x": 8},
        files={"lib.borg": "hidden double = lambda n: n * two\nlocal two = 2"},
    ),
    case(
        "functions in lists and records",
        "local r = {f = lambda n: n + 1} local l = [lambda n: n * 2]\nx = r.f(1) + l[0](5)",
        {"x": 12},
    ),
    case(
        "a built-in function is a value",
        "local f = upper\nx = f('a'), y = map(len, ['a', 'bc']), z = (if true then lower else upper)('B')",
        {"x": "A", "y": [1, 2], "z": "b"},
    ),
    case(
        "named arguments of built-in functions",
        "x = join(items = ['a', 'b'], separator = '-'), y = range(0, 10, step = 5)",
        {"x": "a-b", "y": [0, 5]},
    ),
    case(
        "composition of functions",
        "local compose2 = lambda f, g: lambda x: f(g(x))\nx = compose2(lambda n: n + 1, lambda n: n * 2)(5)",
        {"x": 11},
    ),
    case(
        "recursion of 300 calls",
        "local f = lambda n: if n == 0 then 0 else 1 + f(n - 1)\nx = f(300)",
        {"x": 300},
    ),
    error("an argument too few", "local f = lambda a, b: a\nx = f(1)", "call", "b"),
    error("an argument too many", "local f = lambda: 1\nx = f(1)", "call"),
    error(
        "an unknown name of an argument",
        "local f = lambda port: port\nx = f(prot = 1)",
        "call",
        "prot",
        "port",
    ),
    error("an argument given twice", "local f = lambda a, b = 1: a\nx = f(1, a = 2)", "call", "a"),
    error("an argument named twice", "local f = lambda a: a\nx = f(a = 1, a = 2)", "call", "a"),
    error(
        "a parameter that stands there twice",
        "local f = lambda a, a: a\nx = f(1, 2)",
        "duplicate",
        "a",
    ),
    case(
        "a position behind a name counts all before it",
        "local f = lambda a, b: [a, b]\nx = f(a = 1, 2)",
        {"x": [1, 2]},
    ),
    error(
        "a position that a name has taken",
        "local f = lambda a, b: [a, b]\nx = f(b = 1, 2)",
        "call",
        "b",
    ),
    error("calling a record", "x = {a = 1}(2)", "type", "record"),
    error("calling text", "x = 'f'(2)", "type"),
    error("calling null", "x = null()", "type"),
    error("calling a name that is not there", "x = nope(1)", "name", "nope", at="1:5"),
    error("a function in a record is no data", "x = {f = lambda: 1}", "type"),
    error("a function in a list is no data", "x = [lambda: 1]", "type"),
    error("a built-in function is no data", "x = len", "type"),
    error("a built-in function without its argument", "x = len()", "call", "len"),
    error("a built-in function with too many arguments", "x = len([], [])", "call"),
    error("a built-in function with an unknown argument", "x = len(valeu = [])", "call"),
    error("len of a number", "x = len(5)", "type"),
    error("upper of a number", "x = upper(5)", "type"),
    error(
        "the mistake is told where it is made",
        "local f = lambda n:\n  n + 'x'\nx = f(1)",
        "type",
        at="2:5",
    ),
    error(
        "a lazy argument's mistake is told where it is written",
        "local f = lambda n: n\nx = f(\n  1 / 0)",
        "arith",
        at="3",
    ),
    error("a lambda without a colon", "x = (lambda a a)(1)", "syntax"),
    error("a reserved word as a parameter", "x = (lambda if: 1)(1)", "syntax"),
    error("a lambda as an operand", "x = 1 + lambda: 2", "syntax"),
)
