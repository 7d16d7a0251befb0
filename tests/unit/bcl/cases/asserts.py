"""``assert``: when it is looked at, with which values, and what it says."""

from tests.unit.bcl.cases.case import case, error, part

JOB = "runtime = {cell = ic} binary = /b/x"

CASES = (
    case("without a message", "r = {n = 1, assert n == 1}", {"r": {"n": 1}}),
    case("several, in any place", "assert a == 1\na = 1\nassert a < 2 : 'no'", {"a": 1}),
    case(
        "a message that nobody needs is not looked at",
        "a = 1\nassert a == 1 : f'{1 / 0}'",
        {"a": 1},
    ),
    case(
        "a hidden template's assert sleeps",
        "hidden t = {n: int, assert n > 0}\nx = t {n = 1}",
        {"x": {"n": 1}},
    ),
    case(
        "what is only read is not asserted", "hidden r = {n = 0, assert n > 1}\nx = r.n", {"x": 0}
    ),
    case(
        "an assert sees locals, self, up and functions",
        "k = 1\nr = {local n = 2, m = 3, assert n + self.m == 5 and up.k == 1 and len([n]) == 1}",
        {"k": 1, "r": {"m": 3}},
    ),
    case(
        "an assert in a local record is not looked at",
        "local r = {assert false}\nx = has(r, 'a')",
        {"x": False},
    ),
    case(
        "an assert with final values",
        "hidden t = {n = 0, assert n > 1}\nx = t {n = 2}",
        {"x": {"n": 2}},
    ),
    case("a condition over lines", "n = 1\nassert n == 1\n  and n < 2\n  : 'x'", {"n": 1}),
    case(
        "a message on the next line",
        "n = 1\nassert (\n  n == 1)\n: f'{n}'\nm = 2",
        {"n": 1, "m": 2},
    ),
    case("assert is not a name", "r = {'assert' = 1}", {"r": {"assert": 1}}),
    part(
        "in a job",
        f"job j = {{{JOB} replicas = 3 assert replicas < 5 : 'too many'}}",
        "job.j",
        {"replicas": 3},
    ),
    error("without a message it says so", "n = 1\nassert n == 2", "assert", at="2:8"),
    error("with the values of its names", "n = 1\nm = 2\nassert n > m", "assert", "n = 1", "m = 2"),
    error(
        "with a computed message", "n = 1\nassert n > 1 : f'n is {n}' + '!'", "assert", "n is 1!"
    ),
    error(
        "in an inherited layer, with final values",
        "hidden t = {\n  n = 1\n  assert n < 10 : 'n too big'\n}\nx = t {n = 10}",
        "assert",
        "n too big",
        at="3:10",
    ),
    error(
        "in the overriding layer",
        "hidden t = {n = 1}\nx = t {assert self.n > 1 : 'too small'}",
        "assert",
        "too small",
    ),
    error("in a nested record", "r = {s = {n = 0, assert n > 0 : 'deep'}}", "assert", "deep"),
    error(
        "in a list of records",
        "r = [{n = i, assert n < 1 : f'item {n}'} for i in range(2)]",
        "assert",
        "item 1",
    ),
    error(
        "each that fails",
        "r = {n = 0, assert n > 1 : 'first', assert n > 2 : 'second'}",
        "assert",
        "first",
        "second",
    ),
    error(
        "in two records of one template",
        "hidden t = {n: int, assert n > 5 : f'n={n}'}\na = t {n = 1}, b = t {n = 2}",
        "assert",
        "n=1",
        "n=2",
    ),
    error("a condition that is no truth", "n = 1\nassert n", "type", "int", at="2:8"),
    error("a condition with a mistake", "n = 1\nassert 1 / 0 == 1", "arith"),
    error("a condition with an unknown name", "n = 1\nassert m == 1", "name", "m", at="2:8"),
    error("a message that is no text", "n = 1\nassert n == 2 : [n]", "type", at="2"),
    error(
        "in a job of a template",
        f"template t = {{{JOB} replicas = 1 assert replicas > 1 : f'{{replicas}} is too few'}}\njob j = t {{}}",
        "assert",
        "1 is too few",
    ),
    error(
        "in a record within a job",
        f"job j = {{{JOB} args = {{a = 1, assert a > 1 : 'args'}}}}",
        "assert",
        "args",
    ),
    error("without a condition", "assert : 'x'", "syntax"),
    error("fail", "x = fail('stop here')", "assert", "stop here"),
)
