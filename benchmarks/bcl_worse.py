"""Texts that nobody would write by accident: each aims at work that is easily forgotten to be paid for."""

from collections.abc import Callable, Mapping

from benchmarks.bcl_inputs import grown

_JOB = "runtime = {cell = ic} binary = /b"
_MOST = 4_190_000
"""Characters: nearly as many as a file may have."""

_LONG = grown('hidden s0 = "xxxxxxxx"', "hidden s@n = s@i + s@i", 16)


def _fields(line: str, times: int, between: str = "\n") -> str:
    return between.join(line.replace("@", str(n)) for n in range(times))


def _alike(number: int) -> str:
    """A long word of a and b: hard to tell from others of its kind."""
    return format(number * 2654435761 % 2**60, "060b").replace("0", "a").replace("1", "b")


_MISTAKES: Mapping[str, Callable[[], str]] = {
    "suggestions among look-alikes": lambda: (
        "\n".join(f"local {_alike(n)} = 1" for n in range(2000))
        + "\n"
        + "\n".join(f"x{n} = {_alike(n + 5000)}" for n in range(30))
    ),
    "unknown fields of a large record": lambda: (
        "hidden r = {"
        + _fields("field@ = @", 2000, " ")
        + "}\n"
        + _fields("x@ = r.feild@x", 10_000)
    ),
    "unknown arguments": lambda: (
        f"local f = lambda {_fields('a@', 2000, ', ')}: 1\n" + _fields("x@ = f(b@ = 1)", 10_000)
    ),
    "texts that a type does not have": lambda: (
        f"hidden t = {{v: {_fields(chr(34) + 'tier@' + chr(34), 2000, ' | ')}}}\n"
        + _fields('x@ = t {v = "teir@"}.v', 10_000)
    ),
    "unknown fields of a job": lambda: (
        f"job j = {{{_JOB} " + _fields("replica@ = 1", 100_000, " ") + "}"
    ),
    "jobs that are wrong": lambda: _fields(f"job j@ = {{{_JOB} replica = 1 proirity = 2}}", 20_000),
    "jobs that are wrong, by a loop": lambda: (
        f"job [f'j{{n}}'] = {{{_JOB} replicas = -n - 1}} for n in range(100000)"
    ),
    "long texts in messages": lambda: (
        _LONG + "hidden p = %port% + s16\nhidden r = {}\n" + _fields("x@ = p\ny@ = r[s16]", 5000)
    ),
    "endless depth that only a message asks for": lambda: (
        f"hidden f = lambda n: {'[' * 250}f(n){']' * 250}\nhidden d = f(1)\nassert false and d == 1"
    ),
    "long cycles, read often": lambda: (
        "\n".join(f"hidden a{n} = a{(n + 1) % 900}" for n in range(900))
        + "\n"
        + "\n".join(f"x{n} = a{n % 900}" for n in range(30_000))
    ),
    "functions as data": lambda: 'x = {for i in range(150000): [f"k{i}"] = len}',
}

_VALUES: Mapping[str, Callable[[], str]] = {
    "a job of shared lists, and an assert": lambda: (
        f"job j = {{{_JOB} "
        + grown("hidden a0 = [1]", "hidden a@n = [a@i, a@i]", 40).replace("\n", " ")
        + " replicas = len(a40) assert true}"
    ),
    "a job that holds itself, and an assert": lambda: (
        f"job j = {{{_JOB} hidden me = self hidden n = 2 replicas = me.n assert true}}"
    ),
    "types of many fields in many layers": lambda: (
        f"x = {{{_fields('f@: int = 1', 100, ' ')}}}"
        + f" {{{_fields('f@: int', 100, ' ')}}}" * 2500
    ),
    "large records extended": lambda: (
        "hidden r = {"
        + _fields("f@ = @", 100_000, " ")
        + "}\n"
        + grown("hidden a0 = r", "hidden a@n = a@i {x@i = 1}", 60, "y = a60.x1")
    ),
    "names far outside": lambda: "x = " + "{a = " * 250 + "[" + "b," * 150_000 + "1]" + "}" * 250,
    "a name far outside, read often": lambda: (
        "local k = 1\nx = " + "{a = " * 250 + "len([k for i in range(300000)])" + "}" * 250
    ),
    "a name two thousand loops outside": lambda: (
        "x = [z" + _fields(" for v@ in [1]", 2000, "") + " for z in range(100000) if v0 == 2]"
    ),
    "super through many layers": lambda: (
        "hidden a = {n = 1} {f = [super.n for i in range(300000)][0]}"
        + " {n = 2}" * 2500
        + "\nx = a.f"
    ),
    "closures upon closures": lambda: (
        "x = type(fold(lambda f, n: lambda: f(), range(150000), lambda: 0))"
    ),
    "lists upon lists": lambda: (
        "hidden l = fold(lambda l, n: [l], range(100000), [])\n"
        "hidden m = fold(lambda l, n: [l], range(100000), [])\nx = l == m"
    ),
    "records kept": lambda: "hidden l = [{a = i, b = a} for i in range(140000)]\nx = l",
    "records with locals kept": lambda: (
        "hidden l = [{local a = i, b = a} for i in range(110000)]\nx = l"
    ),
    "a large record in a loop over jobs": lambda: (
        f"job [f'j{{n}}'] = {{{_JOB} hidden h = [{'1+a,' * 100_000}1] replicas = len(h)}}"
        " for n in range(1000)\nlocal a = 1"
    ),
    "hidden fields that nobody counts": lambda: (
        "hidden r = {" + _fields("hidden f@ = @", 50_000, " ") + "}\nhidden s = r {}\n"
        "x = len([1 for i in range(300000) if r == s])"
    ),
    "recursion through equality": lambda: (
        "local f = lambda n: {a = f(n) == f(n)}\nx = f(1) == f(1)"
    ),
    "recursion of nested lists": lambda: (
        f"local f = lambda n: {'[' * 250}f(n){']' * 250}\nx = f(1)"
    ),
    "wide letters": lambda: (
        grown('hidden s0 = "😀😀😀😀😀😀😀😀"', "hidden s@n = s@i + s@i", 16)
        + 'hidden l = [f"{s16}{i}" for i in range(100)]\nx = len(l)'
    ),
    "text that nearly fits": lambda: (
        grown('hidden a0 = "a"', "hidden a@n = a@i + a@i", 19)
        + 'x = [a9 + "b" + a9 in a19 for i in range(1000)]'
    ),
}

_SYNTAX: Mapping[str, Callable[[], str]] = {
    "comments that never end": lambda: "a = 1 /* b\n" * 350_000,
    "texts that never end": lambda: 'a = """' + '\\"""x' * 600_000,
    "a text of quotes": lambda: 'a = """' + '"x' * (_MOST // 2),
    "a text of escapes": lambda: 'a = f"' + "\\n" * (_MOST // 2) + '"',
    "comments of nothing": lambda: "a = " + "#\n" * (_MOST // 2) + "1",
    "lines of nothing": lambda: "\n" * 4_000_000 + "x = nope",
    "brackets that never close": lambda: "a = (\n" * 150_000,
    "modifiers of nothing": lambda: "a = = 1\n" + "hidden\n" * 130_000,
    "a line that is wrong all along": lambda: "\n" + "else a = for a = " * 66_000,
    "dense fields": lambda: _fields("a@={b=1}", 58_000),
    "dense lists": lambda: "x = [" + "{}," * 139_000 + "]",
    "dense sums": lambda: "hidden x = [" + "1+a," * 104_000 + "]\nlocal a = 1\ny = len(x)",
    "dense asserts": lambda: "assert 1 > 2\n" * 104_000,
    "dense jobs": lambda: f"template t = {{{_JOB}}}\n" + _fields("job j@=t{}", 69_000),
    "unknown names": lambda: _fields("a@ = b", 139_000),
    "a type of very many": lambda: "a: " + '"b"|int|' * 100_000 + "int = 1",
}

WORSE: Mapping[str, Callable[[], str]] = {**_MISTAKES, **_VALUES, **_SYNTAX}
"""What each aims at, and its text."""
