"""Records upon records: replacing, extending, appending; late binding, `super`, `up`, `final`."""

from tests.unit.bcl.cases.case import case, error

CASES = (
    case(
        "the base stays as it is",
        "a = {x = 1, l = [1]}\nb = a {x = 2, l += [2]}\nc = a",
        {"a": {"x": 1, "l": [1]}, "b": {"x": 2, "l": [1, 2]}, "c": {"x": 1, "l": [1]}},
    ),
    case("nothing upon a record", "hidden a = {x = 1}\nb = a {}", {"b": {"x": 1}}),
    case(
        "layer upon layer in one expression",
        "x = {a = 1} {b = a0, hidden a0 = 2} {a = 3} {c = super.a}",
        {"x": {"a": 3, "b": 2, "c": 3}},
    ),
    case(
        "extending the value of any expression",
        "local l = [{n = 1}] local f = lambda: {n = 2}\na = l[0] {m = 3}, b = f() {m = 4}, c = (if true then l[0] else f()) {m = 5}",
        {"a": {"n": 1, "m": 3}, "b": {"n": 2, "m": 4}, "c": {"n": 1, "m": 5}},
    ),
    case(
        "an extension binds as tightly as a call",
        "hidden t = {n = 1}\na = t {n = 2}.n, b = -t {n = 3}.n + 1, c = [t {n = 4}.n]",
        {"a": 2, "b": -2, "c": [4]},
    ),
    case("an extension on the next line", "hidden t = {n = 1}\nx = t\n{n = 2}", {"x": {"n": 2}}),
    case(
        "late binding through two layers",
        "hidden a = {n = 1, m = n + 1, l = m + 1}\nhidden b = a {m = self.n * 10}\nc = b {n = 5}",
        {"c": {"n": 5, "m": 50, "l": 51}},
    ),
    case(
        "a nested record sees the overridden outer field",
        "hidden t = {n = 1, r = {m = n, k = up.n}}\nx = t {n = 5}",
        {"x": {"n": 5, "r": {"m": 5, "k": 5}}},
    ),
    case(
        "a field of the literal means its final value",
        "hidden t = {n = 1}\nhidden u = t {n = 2, m = n}\nx = u {n = 3}",
        {"x": {"n": 3, "m": 3}},
    ),
    case(
        "lists and loops see the overridden field",
        "hidden t = {n = 2, l = [i * n for i in range(n)], f = f'{n}'}\nx = t {n = 3}",
        {"x": {"n": 3, "l": [0, 3, 6], "f": "3"}},
    ),
    case(
        "functions see the overridden field",
        "hidden t = {k = 1, hidden f = lambda n: n * k, v = f(10)}\nx = t {k = 2}",
        {"x": {"k": 2, "v": 20}},
    ),
    case(
        "a local stays with its layer",
        "hidden t = {local k = 1, v = k}\nx = t {local k = 2, w = k}\ny = t {k = 3}",
        {"x": {"v": 1, "w": 2}, "y": {"v": 1, "k": 3}},
    ),
    case(
        "a local sees overridden fields",
        "hidden t = {n = 1, local k = n * 10, v = k}\nx = t {n = 2}",
        {"x": {"n": 2, "v": 20}},
    ),
    case(
        "super through three layers",
        "hidden a = {n = 1} hidden b = a {n = super.n + 1} hidden c = b {n = super.n + 1}\nx = c {n = super.n + 1}",
        {"x": {"n": 4}},
    ),
    case(
        "super skips layers without the field",
        "hidden a = {n = 1} hidden b = a {m = 2}\nx = b {n = super.n + 10}",
        {"x": {"n": 11, "m": 2}},
    ),
    case(
        "super of another field",
        "hidden a = {n = 1, m = 2}\nx = a {n = super.m, m = super.n}",
        {"x": {"n": 2, "m": 1}},
    ),
    case(
        "super of another field is the value to the left",
        "hidden a = {n = 1}\nx = a {n = 5, m = super.n}",
        {"x": {"n": 5, "m": 1}},
    ),
    case(
        "an inherited expression that super reads is late bound",
        "hidden a = {k = 1, n = k * 10}\nx = a {k = 2, n = super.n + 1}",
        {"x": {"k": 2, "n": 21}},
    ),
    case(
        "super in a block means the inherited block",
        "hidden b = {r = {cpu = 2, ram = 3}}\nx = b {r {cpu = super.cpu * 10}}",
        {"x": {"r": {"cpu": 20, "ram": 3}}},
    ),
    case(
        "super of a whole record",
        "hidden b = {r = {cpu = 2}}\nx = b {r = super.r {ram = 1}}",
        {"x": {"r": {"cpu": 2, "ram": 1}}},
    ),
    case(
        "super in brackets and quotes",
        "hidden a = {'x y' = 1}\nb = a {'x y' = super['x y'] + super.'x y'}",
        {"b": {"x y": 2}},
    ),
    case(
        "super within a function and a loop",
        "hidden a = {l = [1, 2]}\nx = a {l = [n * len(super.l) for n in super.l] + map(lambda n: n + len(super.l), [1])}",
        {"x": {"l": [2, 4, 3]}},
    ),
    case(
        "super reaches through what was appended",
        "hidden a = {l = [1]} hidden b = a {l += [2]}\nx = b {n = len(super.l), l += [3]}",
        {"x": {"l": [1, 2, 3], "n": 2}},
    ),
    case(
        "a whole file is extended like a record",
        "x = (import 't.borg') {n = 2}",
        {"x": {"n": 2, "m": 20}},
        files={"t.borg": "n = 1\nm = n * 10"},
    ),
    case(
        "blocks within blocks",
        "hidden b = {p = {q = {r = 1, s = 2}, t = 3}}\nx = b {p {q {r = 9}}}",
        {"x": {"p": {"q": {"r": 9, "s": 2}, "t": 3}}},
    ),
    case(
        "blocks upon blocks",
        "hidden b = {p = {q = 1}} hidden c = b {p {r = 2}}\nx = c {p {q = 3}}",
        {"x": {"p": {"q": 3, "r": 2}}},
    ),
    case(
        "a block upon a value that was replaced",
        "hidden b = {p = {q = 1}} hidden c = b {p = {r = 2}}\nx = c {p {s = 3}}",
        {"x": {"p": {"r": 2, "s": 3}}},
    ),
    case(
        "a block extends a referenced record",
        "hidden d = {q = 1, w = q}\nhidden b = {p = d}\nx = b {p {q = 2}}\ny = d.q",
        {"x": {"p": {"q": 2, "w": 2}}, "y": 1},
    ),
    case(
        "a block may extend what an expression gives",
        "hidden b = {big = false, p = if big then {n = 2} else {n = 1}}\nx = b {big = true, p {m = 0}}",
        {"x": {"big": True, "p": {"n": 2, "m": 0}}},
    ),
    case(
        "what is inherited through a block is late bound",
        "hidden b = {p = {n = 1, m = n * 2}}\nx = b {p {n = 5}}",
        {"x": {"p": {"n": 5, "m": 10}}},
    ),
    case(
        "a record comprehension extends",
        "hidden b = {a = 1}\nx = b {for n in ['a', 'c']: [n] = len(n)}",
        {"x": {"a": 1, "c": 1}},
    ),
    case(
        "a block of a loop extends",
        "hidden b = {p = {a = 1}}\nx = b {p {for n in ['q']: [n] = 2}}",
        {"x": {"p": {"a": 1, "q": 2}}},
    ),
    case(
        "appending in each layer",
        "hidden a = {l = [1]} hidden b = a {l += [2]} hidden c = b {l += [3]}\nx = c.l, y = b.l",
        {"x": [1, 2, 3], "y": [1, 2]},
    ),
    case(
        "appending follows what is below",
        "hidden a = {n = 1, l = [n]}\nx = a {n = 2, l += [self.n * 10]}",
        {"x": {"n": 2, "l": [2, 20]}},
    ),
    case("appending nothing", "hidden a = {l = []}\nx = a {l += []}", {"x": {"l": []}}),
    case(
        "siblings of a nested template",
        "hidden t = {r = {n = 1}}\na = t {r {n = 2}}, b = t {r {n = 3}}, c = t {}",
        {"a": {"r": {"n": 2}}, "b": {"r": {"n": 3}}, "c": {"r": {"n": 1}}},
    ),
    case(
        "hidden stays hidden whatever lies upon it",
        "hidden t = {hidden n = 1, hidden r = {a = 1}, hidden l = [1]}\nx = t {n = 2, r {b = 2}, l += [2], s = len(self.l) + self.n}",
        {"x": {"s": 4}},
    ),
    case(
        "hidden over an exported field hides it",
        "hidden t = {n = 1, m = n}\nx = t {hidden n = 2}",
        {"x": {"m": 2}},
    ),
    case("final in the topmost layer", "hidden t = {n = 1}\nx = t {final n = 2}", {"x": {"n": 2}}),
    case(
        "a record beside a final field",
        "hidden t = {final n = 1, m = n}\nx = t {m = super.m + 1}",
        {"x": {"n": 1, "m": 2}},
    ),
    case(
        "fields of a final record in a copy of it",
        "hidden t = {final r = {a = 1}}\nx = t.r {a = 2}",
        {"x": {"a": 2}},
    ),
    case(
        "abstract fields in any layer",
        "hidden t = {n: int, m = n + 1} hidden u = t {k: int, l = k + self.m}\nx = u {n = 1, k = 2}",
        {"x": {"n": 1, "m": 2, "k": 2, "l": 4}},
    ),
    case(
        "an abstract field over a value keeps the value",
        "hidden t = {n = 1}\nx = t {n: int}",
        {"x": {"n": 1}},
    ),
    case(
        "a template that is never exported may be unfinished",
        "hidden t = {n: int, assert n > 0}\nx = 1",
        {"x": 1},
    ),
    case(
        "what does not need the missing field can be read",
        "hidden t = {n: int, m = 2}\nx = t.m",
        {"x": 2},
    ),
    case(
        "up reaches the record around, with final values",
        "hidden t = {n = 1, r = {n = up.n + 1, s = {n = up.n + 1, k = up.up.n}}}\nx = t {n = 10}",
        {"x": {"n": 10, "r": {"n": 11, "s": {"n": 12, "k": 10}}}},
    ),
    case(
        "up sees inherited fields of the record around",
        "hidden t = {n = 1}\nx = t {r = {m = up.n}}",
        {"x": {"n": 1, "r": {"m": 1}}},
    ),
    case(
        "up in an extension is the record that it is written in",
        "hidden t = {a = 1}\nr = {n = 5, k = t {a = up.n}}",
        {"r": {"n": 5, "k": {"a": 5}}},
    ),
    case(
        "up from the top record is the file",
        "n = 1\nr = {m = up.n, s = {k = up.up.n}}",
        {"n": 1, "r": {"m": 1, "s": {"k": 1}}},
    ),
    case(
        "up goes through lists, functions and loops",
        "r = {n = 1, l = [{m = up.n + i} for i in range(2)], g = (lambda: {m = up.n})()}",
        {"r": {"n": 1, "l": [{"m": 1}, {"m": 2}], "g": {"m": 1}}},
    ),
    case(
        "self in a list is the record around",
        "r = {n = 1, l = [self.n, (lambda: self.n)()]}",
        {"r": {"n": 1, "l": [1, 1]}},
    ),
    case(
        "self is the final record",
        "hidden t = {me = self.n, n = 1}\nx = t {n = 2}",
        {"x": {"me": 2, "n": 2}},
    ),
    case(
        "self by computed name",
        "x = {a = 1, b = self['a'], local k = 'a', c = self[k]}",
        {"x": {"a": 1, "b": 1, "c": 1}},
    ),
    case(
        "self handed to a function",
        "local total = lambda r: r.a + r.b\nhidden t = {a = 1, b = 2, hidden sum = total(self), s = sum}\nx = t {a = 10}",
        {"x": {"a": 10, "b": 2, "s": 12}},
    ),
    case(
        "compose of several",
        "x = compose({a = 1, b = a}, {a = 2}, {a = 3, c = 4})",
        {"x": {"a": 3, "b": 3, "c": 4}},
    ),
    case("compose of one", "x = compose({a = 1})", {"x": {"a": 1}}),
    case(
        "super reaches into what compose has to the left",
        "hidden m = {n: int, n2 = 1} hidden a = {n = 1} hidden b = {n = super.n + 1}\nx = compose(a, b, b)",
        {"x": {"n": 3}},
    ),
    case(
        "compose with blocks and additions",
        "hidden a = {r = {p = 1}, l = [1]} hidden b = {r {q = 2}, l += [2]}\nx = compose(a, b)",
        {"x": {"r": {"p": 1, "q": 2}, "l": [1, 2]}},
    ),
    case(
        "fahrenheit and celsius",
        "hidden t = {c = (f - 32) / 1.8, f = c * 1.8 + 32}\nx = t {f = 212}.c",
        {"x": 100},
    ),
    error("final replaced", "hidden t = {final n = 1}\nx = t {n = 2}", "final", "n", at="2:8"),
    error("final extended", "hidden t = {final r = {a = 1}}\nx = t {r {a = 2}}", "final", "r"),
    error("final appended to", "hidden t = {final l = [1]}\nx = t {l += [2]}", "final", "l"),
    error("final hidden", "hidden t = {final n = 1}\nx = t {hidden n = 1}", "final"),
    error(
        "final overridden two layers on",
        "hidden t = {final n = 1} hidden u = t {m = 2}\nx = u {n = 2}",
        "final",
    ),
    error("final overridden by compose", "x = compose({final n = 1}, {n = 2})", "final"),
    error("extending a number", "local n = 1\nx = n {a = 1}", "type", "int"),
    error("extending a list", "x = [1] {a = 1}", "type", "list"),
    error("extending null", "x = null {a = 1}", "type", "null"),
    error("extending text", "x = 'a' {b = 1}", "type"),
    error(
        "extending a name that is not there",
        "x = tmplate {b = 1}\nhidden template1 = {}",
        "name",
        "tmplate",
    ),
    error("a block upon a number", "hidden t = {r = 1}\nx = t {r {a = 1}}", "type", "r"),
    error("appending to nothing", "hidden t = {a = 1}\nx = t {l += [1]}", "missing", "l"),
    error(
        "appending to an unfilled field", "hidden t = {l: list}\nx = t {l += [1]}", "missing", "l"
    ),
    error("appending to a number", "hidden t = {n = 1}\nx = t {n += [1]}", "type"),
    error("appending a number", "hidden t = {l = [1]}\nx = t {l += 2}", "type"),
    error("compose of a number", "x = compose({}, 1)", "type"),
    error("super where nothing is inherited", "x = {n = super.n}", "field", "n"),
    error(
        "super of a misspelt field",
        "hidden t = {port = 1}\nx = t {n = super.prot}",
        "field",
        "prot",
    ),
    error("super alone", "hidden t = {n = 1}\nx = t {m = super}", "type", "super"),
    error("up where there is nothing around", "x = up.y", "name", "up"),
    error("too many ups", "x = {a = up.up.y}", "name", "up"),
    error("up to a field that is not there", "r = {nmae = 1, s = {x = up.name}}", "field", "nmae"),
    error(
        "an inherited name is not in scope, and self is offered",
        "hidden t = {armor = 1}\nx = t {y = armor}",
        "name",
        "self.armor",
    ),
    error(
        "an inherited name in a nested record is not in scope",
        "hidden t = {armor = 1}\nx = t {r = {y = armor}}",
        "name",
        "armor",
    ),
    error(
        "an inherited local is not in scope", "hidden t = {local k = 1}\nx = t {y = k}", "name", "k"
    ),
    error("an abstract field of the file", "n: int", "missing", "n"),
    error(
        "an abstract field that another reads",
        "hidden t = {port: int, url = f'h:{port}'}\nx = t.url",
        "missing",
        "port",
    ),
    error(
        "an abstract field in a nested record",
        "hidden t = {r = {n: int}}\nx = t {r {m = 1}}",
        "missing",
        "n",
    ),
    error(
        "two fields that wait for each other over layers",
        "hidden t = {a = 1, b = a}\nx = t {a = self.b}",
        "cycle",
        "->",
    ),
    error("a base that extends itself", "hidden t = t {a = 1}\nx = t.a", "cycle", "t"),
    error(
        "two records that extend each other",
        "hidden a = b {x = 1} hidden b = a {y = 2}\nx = a.x",
        "cycle",
    ),
)
