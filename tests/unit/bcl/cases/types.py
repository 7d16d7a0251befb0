"""Types of fields: what fits, over layers, and when it is looked at."""

from tests.unit.bcl.cases.case import case, error

CASES = (
    case(
        "what fits",
        "r = {i: int = 1, n: number = 0.5, n1: number = 1, s: string = 'x', b: bool = true, y: bytes = 1GiB, y1: bytes = 5, d: duration = 1min, l: list = [1, 'x'], r: record = {}, a: any = null}",
        {
            "r": {
                "i": 1,
                "n": 0.5,
                "n1": 1,
                "s": "x",
                "b": True,
                "y": 1 << 30,
                "y1": 5,
                "d": 60,
                "l": [1, "x"],
                "r": {},
                "a": None,
            }
        },
    ),
    case(
        "null where a question mark is",
        "r = {a: int? = null, b: string? = 'x', c: int? = 3}",
        {"r": {"a": None, "b": "x", "c": 3}},
    ),
    case(
        "one of several",
        "r = {a: int | string = 1, b: int | string = 'x', c: 'p' | 'q' | int = 'q', d: bool | [int] = [1]}",
        {"r": {"a": 1, "b": "x", "c": "q", "d": [1]}},
    ),
    case(
        "lists and records of a type",
        "r = {a: [int] = [], b: [[string]] = [['x'], []], c: {int} = {p = 1, q = 2}, d: {[bool]} = {p = [true]}, e: [int?] = [null, 1]}",
        {
            "r": {
                "a": [],
                "b": [["x"], []],
                "c": {"p": 1, "q": 2},
                "d": {"p": [True]},
                "e": [None, 1],
            }
        },
    ),
    case(
        "a bare word where one of several texts is wanted",
        "r = {tier: 'prod' | 'test' = prod}",
        {"r": {"tier": "prod"}},
    ),
    case("a quoted name with a type", "r = {'a b': int = 1}", {"r": {"a b": 1}}),
    case(
        "a whole fraction is whole", "r = {a: int = 4 / 2, b: int = 1.0}", {"r": {"a": 2, "b": 1}}
    ),
    case(
        "types are looked at when a field is read",
        "hidden t = {n: int = 'x', m = 1}\nx = t.m",
        {"x": 1},
    ),
    case(
        "types of an overridden value",
        "hidden t = {n: int = 'never read'}\nx = t {n = 1}",
        {"x": {"n": 1}},
    ),
    case("types accumulate", "hidden t = {n: number = 1}\nx = t {n: int = 2}", {"x": {"n": 2}}),
    case(
        "a type repeated without a value",
        "hidden t = {n: int = 1}\nx = t {n: number}",
        {"x": {"n": 1}},
    ),
    case(
        "a type for what is inherited",
        "hidden t = {n = 1}\nx = t {n: int} {n = 2}",
        {"x": {"n": 2}},
    ),
    case(
        "a typed block is a record",
        "hidden t = {r: record = {a = 1}}\nx = t {r {b = 2}}",
        {"x": {"r": {"a": 1, "b": 2}}},
    ),
    case(
        "an addition fits the type of the list",
        "hidden t = {l: [int] = [1]}\nx = t {l += [2]}",
        {"x": {"l": [1, 2]}},
    ),
    error("locals have no type", "local n: int = 3\nx = n", "syntax", at="1:8"),
    case("a type over lines", "r = {a:\n  int\n  | string\n  = 1}", {"r": {"a": 1}}),
    error("text for int", "r = {n: int = 'x'}", "type", "n", "int", "string", at="1:15"),
    error("a fraction for int", "r = {n: int = 0.5}", "type", "int"),
    error("true for int", "r = {n: int = true}", "type", "bool"),
    error("null for int", "r = {n: int = null}", "type", "null"),
    error("a quantity for a number", "r = {n: number = 1s}", "type", "duration"),
    error("a number for a duration", "r = {d: duration = 5}", "type", "duration"),
    error("bytes for a duration", "r = {d: duration = 1KiB}", "type", "bytes"),
    error("a duration for bytes", "r = {b: bytes = 1s}", "type", "duration"),
    error("a number for text", "r = {s: string = 5}", "type", "string", "int"),
    error("a number for truth", "r = {b: bool = 1}", "type"),
    error("a list for a record", "r = {r: record = []}", "type"),
    error("an item that does not fit", "r = {l: [int] = [1, 'x']}", "type", "[1]"),
    error("a field that does not fit", "r = {m: {int} = {a = 1, b = 'x'}}", "type", ".b"),
    error("none of several", "r = {a: int | string = true}", "type", "int | string"),
    error(
        "none of several texts",
        "hidden t = {tier: 'prod' | 'test'}\nx = t {tier = 'prodd'}",
        "type",
        "prod",
        at="2",
    ),
    error(
        "a bare word that is none of several texts",
        "r = {tier: 'prod' | 'test' = stage}",
        "type",
        "stage",
    ),
    error("a bare word for int", "r = {n: int = many}", "name", "many"),
    error(
        "an override that does not fit is told where it stands",
        "hidden t = {\n  n: int = 1\n}\nx = t {\n  n = 'x'\n}",
        "type",
        "n",
        at="5:7",
    ),
    error(
        "a stricter type over an inherited value",
        "hidden t = {n = 0.5}\nx = t {n: int}",
        "type",
        "int",
    ),
    error(
        "a looser type does not help",
        "hidden t = {n: int = 1}\nx = t {n: number = 0.5}",
        "type",
        "int",
    ),
    error(
        "an addition that does not fit", "hidden t = {l: [int] = [1]}\nx = t {l += ['x']}", "type"
    ),
    error("an unknown type", "r = {n: integr = 1}", "type", "integr", "int"),
    error("an unknown type of another language", "r = {n: str = 'x'}", "type", "string"),
    error("a type in a wrong place", "r = {n: 5}", "syntax"),
    error("a type without a value or an end", "r = {n: int =}", "syntax"),
    error("a list type never closed", "r = {n: [int = 1}", "syntax"),
    error("a question mark behind a list type", "r = {n: [int]? = null}", "syntax"),
)
