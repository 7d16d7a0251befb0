"""``if``: what decides, and what is looked at."""

from tests.unit.bcl.cases.case import case, error

CASES = (
    case("else reaches as far as it can", "x = if false then 1 else 2 + 3", {"x": 5}),
    case("then reaches up to its else", "x = if true then 1 + 1 else 2", {"x": 2}),
    case("in parentheses, an operand", "x = 1 + (if true then 1 else 2) * 3", {"x": 4}),
    case(
        "if within then",
        "local f = lambda a, b: if a then if b then 1 else 2 else 3\nx = [f(true, true), f(true, false), f(false, true)]",
        {"x": [1, 2, 3]},
    ),
    case("if within the condition", "x = if if true then false else true then 1 else 2", {"x": 2}),
    case(
        "branches of different types",
        "x = [if b then 1 else 'x' for b in [true, false]]",
        {"x": [1, "x"]},
    ),
    case(
        "only what is needed is looked at",
        "x = if true then 1 else nope + 1, y = if false then 1 / 0 else 2",
        {"x": 1, "y": 2},
    ),
    case(
        "later conditions are not looked at",
        "x = if true then 1 else if 1 / 0 == 1 then 2 else 3",
        {"x": 1},
    ),
    case(
        "records in branches are extended",
        "hidden big = true\nx = (if big then {n = 1} else {n = 2}) {m = 3}",
        {"x": {"n": 1, "m": 3}},
    ),
    case("a condition over lines", "x = if 1 < 2\n  and 2 < 3\nthen 'a'\nelse 'b'", {"x": "a"}),
    case(
        "as an argument, in a list, in a record",
        "local f = lambda a: a\nx = [f(if true then 1 else 2), if false then 1 else 2], r = {a = if true then 1 else 2}",
        {"x": [1, 2], "r": {"a": 1}},
    ),
    case(
        "a lambda in a branch",
        "local f = if true then lambda n: n + 1 else lambda n: n\nx = f(1)",
        {"x": 2},
    ),
    case("null in a branch", "x = if false then 1 else null", {"x": None}),
    case("fail only where it is reached", "x = if true then 1 else fail('no')", {"x": 1}),
    error(
        "fail where it is reached",
        "x = if false then 1 else fail('no such zone')",
        "assert",
        "no such zone",
    ),
    error("a number decides nothing", "x = if 1 then 2 else 3", "type", "int", at="1:8"),
    error("null decides nothing", "x = if null then 2 else 3", "type"),
    error("an empty list decides nothing", "x = if [] then 2 else 3", "type"),
    error("text decides nothing", "x = if 'true' then 2 else 3", "type"),
    error("an unknown name decides nothing", "x = if ture then 2 else 3", "name", "true"),
    error("without then", "x = if true 1 else 2", "syntax", "then"),
    error("without else in parentheses", "x = (if true then 1)", "syntax", "else"),
    error("as an operand without parentheses", "x = 1 + if true then 1 else 2", "syntax"),
    error("elif", "x = if true then 1 elif false then 2 else 3", "syntax", at="1"),
    error("a question mark", "x = true ? 1 : 2", "syntax"),
    error("then without if", "x = then", "syntax"),
)
