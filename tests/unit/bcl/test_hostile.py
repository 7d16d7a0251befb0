"""Texts that mean to use something up: each ends soon, in a value or a mistake, and never otherwise."""

import time
from contextlib import suppress

import pytest

from borgpy.bcl import BclError, evaluate_text

JOB = "runtime = {cell = ic} binary = /b"
SECONDS = 10.0
"""Of CPU time: what must never be exceeded. All of them take far less, unless something is done again and again."""


def fields(line: str, times: int, between: str = "\n") -> str:
    """``line`` so often, with ``@`` counted up from 0."""
    return between.join(line.replace("@", str(n)) for n in range(times))


def alike(number: int, seed: int) -> str:
    """A long word of a and b: hard to tell from others of its kind."""
    return format(number * 2654435761 + seed, "060b").replace("0", "a").replace("1", "b")


LONG = 'hidden s0 = "xxxxxxxx"\n' + "".join(f"hidden s{n + 1} = s{n} + s{n}\n" for n in range(16))
SHARED = "hidden a0 = [1] " + " ".join(f"hidden a{n + 1} = [a{n}, a{n}]" for n in range(40))
TYPES = " | ".join(f'"tier{n}"' for n in range(1000))

CASES = {
    "suggestions among look-alikes": "\n".join(
        [*(f"local {alike(n, 0)} = {n}" for n in range(2000))]
        + [f"x{n} = {alike(n, 77)}" for n in range(30)]
    ),
    "thousands of unknown fields": "hidden r = {"
    + fields("field@ = @", 2000, " ")
    + "}\n"
    + fields("x@ = [r.feild@x]", 5000),
    "thousands of unknown arguments": f"local f = lambda {fields('a@', 2000, ', ')}: 1\n"
    + fields("x@ = f(b@ = 1)", 5000),
    "thousands of texts that a type does not have": f"hidden t = {{v: {TYPES}}}\n"
    + fields('x@ = t {v = "teir@"}.v', 5000),
    "thousands of unknown fields of a job": f"job j = {{{JOB} {fields('replica@ = 1', 20000, ' ')}}}",
    "thousands of jobs that are wrong": fields(
        f"job j@ = {{{JOB} replica = 1 proirity = 2}}", 8000
    ),
    "thousands of jobs that are wrong, by a loop": f"job [f'j{{n}}'] = {{{JOB} replicas = -1 - n}} for n in range(100000)",
    "long texts in thousands of messages": LONG
    + "hidden p = %port% + s16\nhidden r = {}\n"
    + fields("x@ = p\ny@ = r[s16]", 3000),
    "a job with shared lists and an assert": f"job j = {{{JOB} {SHARED} replicas = len(a40) assert true}}",
    "a job that holds itself, and an assert": f"job j = {{{JOB} hidden me = self replicas = len([me]) assert true}}",
    "types of many fields in many layers": f"x = {{{fields('f@: int = 1', 50, ' ')}}}"
    + f" {{{fields('f@: int', 50, ' ')}}}" * 1500,
    "unknown names, deep within": "x = " + "{a = " * 250 + "[" + "b," * 300_000 + "1]" + "}" * 250,
    "a name far outside, read often": "local k = 1\nx = "
    + "{a = " * 250
    + "len([k for i in range(300000)])"
    + "}" * 250,
    "a name two thousand loops outside": "x = [z"
    + fields(" for v@ in [1]", 2000, "")
    + " for z in range(100000) if v0 == 2]",
    "endless depth that only a message asks for": "hidden f = lambda n: "
    + "[" * 250
    + "f(n)"
    + "]" * 250
    + "\nhidden d = f(1)\nassert false and d == 1",
    "brackets that never close": "a = (\n" * 150_000,
    "a line that is wrong all along": "\nelse a = for a = " + "else a = for a = " * 60_000,
    "modifiers of nothing": "a = = 1\n" + "hidden\n" * 130_000,
    "comments that never end": "a = 1 /* b\n" * 200_000,
    "a large record in a loop over jobs": f"job [f'j{{n}}'] = {{{JOB} hidden h = [{'1+a,' * 1000}] replicas = len(h)}}"
    " for n in range(1000)\nlocal a = 1",
    "closures upon closures": "x = type(fold(lambda f, n: lambda: f(), range(150000), lambda: 0))",
    "lists upon lists": "hidden l = fold(lambda l, n: [l], range(50000), [])\nx = len(json(l)), y = l == [l]",
}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in CASES.items()])
def test_hostile_text(text: str) -> None:
    begin = time.process_time()
    with suppress(BclError):
        evaluate_text(text)
    assert time.process_time() - begin < SECONDS


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param(15, id="more than is read"),
        pytest.param(1, id="as much as is read"),
    ],
)
def test_hostile_data(extra: int) -> None:
    files: dict[str, object] = {
        f"{n}.json": "[" + '{"a":1},' * 450_000 + "1]" for n in range(extra)
    }
    text = "\n".join(f'hidden x{n} = import "{name}"' for n, name in enumerate(files))
    begin = time.process_time()
    with suppress(BclError):
        evaluate_text(f"{text}\ny = 1", files)
    assert time.process_time() - begin < SECONDS
