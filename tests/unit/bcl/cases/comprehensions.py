"""Loops in lists, in records, and over declarations."""

from tests.unit.bcl.cases.case import case, error, part

CASES = (
    case(
        "nothing to go over", "x = [n for n in []], y = {for n in []: [n] = 1}", {"x": [], "y": {}}
    ),
    case(
        "an inner loop over the outer variable",
        "x = [m for n in [1, 2, 3] for m in range(n)]",
        {"x": [0, 0, 1, 0, 1, 2]},
    ),
    case(
        "a condition for each loop",
        "x = [[n, m] for n in range(4) if n % 2 == 1 for m in range(n) if m != 1]",
        {"x": [[1, 0], [3, 0], [3, 2]]},
    ),
    case(
        "loops in loops",
        "x = [[n * m for m in range(3)] for n in range(2)]",
        {"x": [[0, 0, 0], [0, 1, 2]]},
    ),
    case(
        "the inner variable shadows",
        "x = [n for n in [1, 2] for n in [n * 10, n * 100]]",
        {"x": [10, 100, 20, 200]},
    ),
    case(
        "a variable shadows a field, only within",
        "n = 5\nx = [n for n in [1]], y = n",
        {"n": 5, "x": [1], "y": 5},
    ),
    case("over the names of a record", "x = [k for k in {b = 1, a = 2}]", {"x": ["b", "a"]}),
    case(
        "pairs of a record skip what is hidden",
        "x = [[k, v] for k, v in {a = 1, hidden h = 2, local l = 3, b = 4}]",
        {"x": [["a", 1], ["b", 4]]},
    ),
    case("values of a record are late", "x = [k for k, v in {a = 1 / 0}]", {"x": ["a"]}),
    case(
        "lists of lists come apart",
        "x = [a + b for a, b in [[1, 2], [3, 4]]], y = [c for a, b, c in [[1, 2, 3]]]",
        {"x": [3, 7], "y": [3]},
    ),
    case("with numbers", "x = [f'{i}{z}' for i, z in enumerate(['a', 'b'])]", {"x": ["0a", "1b"]}),
    case(
        "conditions with and, or, not, in",
        "x = [n for n in range(6) if n > 1 and not n in [3] or n == 0]",
        {"x": [0, 2, 4, 5]},
    ),
    case(
        "a conditional item", "x = [if n > 0 then 'p' else 'z' for n in [0, 1]]", {"x": ["z", "p"]}
    ),
    case(
        "a conditional in parentheses as the source",
        "x = [n for n in (if true then [1] else [2])]",
        {"x": [1]},
    ),
    case(
        "an item over a late field",
        "hidden t = {n = 1, l = [n + i for i in [1, 2]]}\nx = t {n = 10}.l",
        {"x": [11, 12]},
    ),
    case(
        "a record for each item",
        "x = [{n = m, s = {k = m}} for m in [1, 2]]",
        {"x": [{"n": 1, "s": {"k": 1}}, {"n": 2, "s": {"k": 2}}]},
    ),
    case(
        "a record from pairs",
        "local r = {a = 1, b = 2}\nx = {for k, v in r: [k + '2'] = v * 2}",
        {"x": {"a2": 2, "b2": 4}},
    ),
    case(
        "a record from two loops with a condition",
        "x = {for a in ['p', 'q'] for b in range(2) if b > 0: [f'{a}{b}'] = b}",
        {"x": {"p1": 1, "q1": 1}},
    ),
    case(
        "fields of a made record can be read",
        "local r = {for n in ['a', 'b']: [n] = n + n}\nx = r.a, y = r['b'], z = keys(r)",
        {"x": "aa", "y": "bb", "z": ["a", "b"]},
    ),
    case(
        "fields of a made record are late",
        "local r = {for n in [0, 1]: [f'd{n}'] = 1 / n}\nx = r.d1",
        {"x": 1},
    ),
    case(
        "fields of a made record see each other through self",
        "x = {for n in [0, 1, 2]: [f'f{n}'] = if n == 0 then 1 else self[f'f{n - 1}'] * 2}",
        {"x": {"f0": 1, "f1": 2, "f2": 4}},
    ),
    case(
        "records in a made record",
        "x = {for n in ['a']: [n] = {name = n}}",
        {"x": {"a": {"name": "a"}}},
    ),
    case(
        "a made record is extended",
        "x = {for n in ['a', 'b']: [n] = 1} {b = 2}",
        {"x": {"a": 1, "b": 2}},
    ),
    case(
        "range counts down and may be empty",
        "a = range(0), b = range(3, 3), c = range(5, 2), d = range(2, -3, -2), e = range(-2, 1)",
        {"a": [], "b": [], "c": [], "d": [2, 0, -2], "e": [-2, -1, 0]},
    ),
    case("a name ends where the loop begins", "x = [n for n in[1,2]if n>1]", {"x": [2]}),
    part(
        "declared jobs",
        "job [f'web-{n}'] = {runtime = {cell = ic} binary = /b/x args = {shard = n}} for n in range(2)",
        "job",
        {"web-0": {"args": {"shard": 0}}, "web-1": {"args": {"shard": 1}}},
    ),
    part(
        "declared jobs of a template",
        "template t = {hidden i: int, runtime = {cell = ic} binary = /b/x args = {i = up.i} replicas = i + 1}\njob [f'w{n}'] = t {i = n} for n in range(3) if n != 1",
        "job",
        {"w0": {"args": {"i": 0}, "replicas": 1}, "w2": {"args": {"i": 2}, "replicas": 3}},
    ),
    part(
        "declared over two loops",
        "job [f'{z}-{n}'] = {runtime = {cell = z} binary = /b/x} for z in ['ic', 'cc'] for n in range(1)",
        "job",
        {"ic-0": {"runtime": {"cell": "ic"}}, "cc-0": {"runtime": {"cell": "cc"}}},
    ),
    part(
        "declared over a record",
        "local cells = {ic = 2, cc = 3}\njob ['web-' + c] = {runtime = {cell = c} binary = /b/x replicas = n} for c, n in cells",
        "job",
        {"web-ic": {"replicas": 2}, "web-cc": {"replicas": 3, "runtime": {"cell": "cc"}}},
    ),
    part(
        "a computed name without a loop",
        "local env = 'prod'\njob ['web-' + env] = {runtime = {cell = ic} binary = /b/x}",
        "job.web-prod",
        {"name": "web-prod"},
    ),
    part(
        "a quoted name",
        "job 'web-1' = {runtime = {cell = ic} binary = /b/x}",
        "job.web-1",
        {"name": "web-1"},
    ),
    error("over text", "x = [c for c in 'abc']", "type", "string"),
    error("over null", "x = [c for c in null]", "type"),
    error("over a duration", "x = [c for c in 5s]", "type"),
    error("over a number, with advice", "x = [n for n in 5]", "type", "range(5)"),
    error(
        "over a name that is not there",
        "x = [n for n in nmaes]\nhidden names = []",
        "name",
        "names",
    ),
    error("pairs of what has three parts", "x = [a for a, b in [[1, 2, 3]]]", "type"),
    error("pairs of numbers", "x = [a for a, b in [1, 2]]", "type"),
    error("three parts of a record", "x = [a for a, b, c in {x = 1}]", "type"),
    error("a condition that is no truth", "x = [n for n in [1] if n]", "type", "int"),
    error("a field that is made twice", "x = {for n in [1, 2]: ['a'] = n}", "duplicate", "a"),
    error("a field named by a number", "x = {for n in [1, 2]: [n] = n}", "type"),
    error(
        "a job that is made twice",
        "job ['a'] = {runtime = {cell = ic} binary = /b/x} for n in range(2)",
        "duplicate",
        "a",
    ),
    error(
        "a job named by a number",
        "job [n] = {runtime = {cell = ic} binary = /b/x} for n in range(2)",
        "type",
    ),
    error(
        "a declared job in the loop and beside it",
        "job a = {runtime = {cell = ic} binary = /b/x}\njob [n] = {runtime = {cell = ic} binary = /b/x} for n in ['a']",
        "duplicate",
        "a",
    ),
    error(
        "a variable that stands there twice", "x = [a for a, a in [[1, 2]]]", "duplicate", at="1"
    ),
    error("a step of zero", "x = range(0, 5, 0)", "range"),
    error("a fraction of a range", "x = range(2.5)", "type"),
    error(
        "the variable does not leak out of a record",
        "x = {for n in ['a']: [n] = 1}\ny = n",
        "name",
        "n",
        at="2:5",
    ),
    error("a loop without in", "x = [n for n [1]]", "syntax"),
    error("a loop without an item", "x = [for n in [1]]", "syntax"),
    error("two items of a loop", "x = [n, m for n in [1]]", "syntax"),
    error("two conditions of a loop", "x = [n for n in [1] if true if true]", "syntax"),
    error(
        "a conditional source without parentheses",
        "x = [n for n in if true then [1] else [2]]",
        "syntax",
    ),
    error(
        "the mistake within a loop is told where it is",
        "x = [\n  1 / n\n  for n in [1, 0]]",
        "arith",
        "n = 0",
        at="2:5",
    ),
    error("a loop around an ordinary field", "r = {x = n for n in [1]}", "syntax"),
)
