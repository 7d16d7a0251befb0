"""How much work evaluation does: each value once, however often it is read."""

import pytest

from borgpy.bcl.diagnostics import BclError, Source
from borgpy.bcl.evaluate import Evaluated, evaluate
from borgpy.bcl.limits import Limits
from borgpy.bcl.loading.program import load


def evaluated(source: str, limits: Limits | None = None) -> Evaluated:
    return evaluate(load(Source("main.borg", source)), limits=limits or Limits())


def steps(source: str) -> int:
    return evaluated(source).steps


def test_a_field_is_evaluated_once() -> None:
    doubling = "hidden x0 = 1\n" + "".join(f"hidden x{i + 1} = x{i} + x{i}\n" for i in range(40))
    assert steps(doubling + "y = x40") < 10 * 41


def test_super_is_evaluated_once() -> None:
    layers = "hidden a0 = {n = 1}\n" + "".join(
        f"hidden a{i + 1} = a{i} {{ n = super.n + super.n }}\n" for i in range(40)
    )
    assert steps(layers + "y = a40.n") < 40 * 40


def test_an_argument_is_evaluated_once_or_not_at_all() -> None:
    assert evaluated("local f = lambda a, b: a + a\nx = f(2 + 3, 1 / 0)").data == {"x": 10}


def test_an_accumulator_does_not_grow_deeper_than_its_recursion() -> None:
    source = (
        "local f = lambda n, total: if n == 0 then total else f(n - 1, total + n)\nx = f(900, 0)"
    )
    assert evaluated(source).data == {"x": 405450}


def test_an_argument_that_cannot_be_computed_fails_only_where_it_is_looked_at() -> None:
    source = """
local over = lambda n, unused: n
local f = lambda n: over(n, n * n * n)
x = f(9000000)
"""
    assert evaluated(source).data == {"x": 9000000}


def test_a_template_is_laid_out_once() -> None:
    """Each further instance of a loop costs the same, whatever the template holds besides."""
    source = "hidden t = {{i: int, {} }}\nx = [t {{ i = n }} for n in range({})]"
    wide = ", ".join(f"f{i} = 1" for i in range(10))
    few, many = steps(source.format(wide, 10)), steps(source.format(wide, 110))
    more = steps(source.format(wide, 210))
    assert more - many == many - few


def test_the_work_is_the_same_each_time() -> None:
    source = 'x = [{i = n, s = f"{n}"} for n in range(50)]'
    assert steps(source) == steps(source)


def test_time_is_up_when_the_alarm_says_so() -> None:
    asked = []

    def alarm() -> bool:
        asked.append(1)
        return len(asked) > 3

    program = load(Source("main.borg", "x = len([n for n in range(500000)])"))
    with pytest.raises(BclError, match="longer than 10 seconds") as caught:
        evaluate(program, alarm=alarm)
    assert caught.value.code == "limit"
    assert "--max-seconds" in caught.value.message


def test_a_strict_evaluation_takes_no_bare_words() -> None:
    program = load(Source("main.borg", "x = {a = ic}"))
    with pytest.raises(BclError) as caught:
        evaluate(program, strict=True)
    assert caught.value.code == "name"


@pytest.mark.parametrize(
    ("source", "limits", "flag"),
    [
        pytest.param("x = [n for n in range(200)]", Limits(steps=100), "--max-steps", id="steps"),
        pytest.param(
            "local f = lambda n: if n == 0 then 0 else f(n - 1)\nx = f(60)",
            Limits(depth=50),
            "--max-depth",
            id="depth",
        ),
        pytest.param("x = range(20)", Limits(items=10), "--max-list", id="list"),
        pytest.param(
            "x = [n for n in range(9)] + [1, 2]", Limits(items=10), "--max-list", id="sum"
        ),
        pytest.param(
            f'x = "{"a" * 30}" + "{"b" * 30}"', Limits(string=50), "--max-string", id="string"
        ),
        pytest.param(
            "x = [1, 2, 3]\ny = 4", Limits(output_nodes=3), "--max-output", id="output nodes"
        ),
        pytest.param(
            'x = ["abcd", "efgh", "ijkl"]', Limits(output_bytes=8), "--max-output-bytes", id="bytes"
        ),
    ],
)
def test_every_limit_names_the_flag_that_raises_it(source: str, limits: Limits, flag: str) -> None:
    with pytest.raises(BclError) as caught:
        evaluated(source, limits)
    assert caught.value.code == "limit"
    assert flag in caught.value.message
    assert evaluated(source).data
