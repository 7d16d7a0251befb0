"""Laws of evaluation, on programs made at random: most of them evaluate, and some are damaged."""

import json
import os
import re
import subprocess
import sys
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from borgpy.bcl.diagnostics import MAX_DIAGNOSTICS, BclError, Code, Source
from borgpy.bcl.evaluate import Evaluated, evaluate
from borgpy.bcl.evaluating.export import Json
from borgpy.bcl.explain import explain
from borgpy.bcl.loading.program import MemoryFiles, load
from borgpy.bcl.reading.format import format_text
from borgpy.bcl.render import bcl_text, name_text
from tests.property.bcl_naive import naive_value
from tests.property.bcl_programs import Program, programs, seeded_program

pytestmark = pytest.mark.usefixtures("_deep_stack")

FIRST_LINE = re.compile(r"[\w./]+:\d+:\d+: error\[([a-z]+)\]: .")
PIECES = [*"{}[]()=:;,.'\"%+-*/<>", "\n", " ", "//", "/*", '"""', "f'", "super.", "self", "up."]
PIECES += [
    "if ",
    "lambda ",
    "local ",
    "hidden ",
    "final ",
    "null",
    "nope",
    "1e999",
    "x = ",
    "%port%",
]


def evaluated(program: Program) -> Evaluated:
    return evaluate(load(Source("main.borg", program.main), MemoryFiles(program.files)))


def value_of(program: Program) -> dict[str, Json] | None:
    """What it comes to; None if it is refused, as only the classes of error may refuse it."""
    try:
        return evaluated(program).plain()
    except BclError as error:
        check_diagnosis(error)
        return None


def check_diagnosis(error: BclError) -> None:
    said = FIRST_LINE.match(str(error))
    assert said is not None, str(error)
    assert said[1] == error.code
    assert error.code in get_args(Code)
    assert 1 <= len(error.diagnostics) <= MAX_DIAGNOSTICS
    assert str(error).encode()


def damaged(program: Program, edits: list[tuple[int, int, str]]) -> Program:
    text = program.main
    for at, length, piece in edits:
        at %= len(text) + 1
        text = text[:at] + piece + text[at + length :]
    return Program(text, program.files)


EDITS = st.lists(
    st.tuples(st.integers(0, 5000), st.integers(0, 12), st.sampled_from(PIECES)),
    min_size=1,
    max_size=3,
)


@given(programs(), EDITS)
def test_a_damaged_program_is_data_or_a_diagnosis(
    program: Program, edits: list[tuple[int, int, str]]
) -> None:
    value_of(damaged(program, edits))


@given(programs())
def test_formatting_changes_neither_the_value_nor_itself(program: Program) -> None:
    formatted = format_text(Source("main.borg", program.main))
    assert value_of(Program(formatted, program.files)) == value_of(program)
    assert format_text(Source("main.borg", formatted)) == formatted


@given(programs())
def test_a_second_evaluator_says_the_same(program: Program) -> None:
    value = value_of(program)
    if value is not None:
        value.pop("job", None)
        assert naive_value(program.main, program.files) == value


@given(programs())
def test_every_run_takes_the_same_steps(program: Program) -> None:
    if value_of(program) is not None:
        assert evaluated(program).steps == evaluated(program).steps


@given(programs())
def test_a_result_as_bcl_evaluates_to_itself(program: Program) -> None:
    value = value_of(program)
    if value is None:
        return
    jobs = value.pop("job", {})
    assert isinstance(jobs, dict)
    text = bcl_text(value, {"job": jobs})
    assert value_of(Program(text)) == {**value, **({"job": jobs} if jobs else {})}


@given(programs(), st.randoms(use_true_random=False))
def test_the_order_of_reading_makes_no_difference(program: Program, chance: object) -> None:
    value = value_of(program)
    if value is None:
        return
    names = [name_text(name) for name in value if name != "job"]
    chance.shuffle(names)  # type: ignore[attr-defined]
    first = "".join(f"hidden zz{n} = [self.{name}]\n" for n, name in enumerate(names))
    reading = "".join(f", len(zz{n})" for n in range(len(names)))
    text = f"{first}aa = [0{reading}]\n{program.main}"
    assert value_of(Program(text, program.files)) == {"aa": [0] + [1] * len(names), **value}


@given(programs())
def test_what_extends_a_record_leaves_it_as_it_is(program: Program) -> None:
    value = value_of(program)
    if value is None:
        return
    records = [name for name, found in value.items() if isinstance(found, dict) and name != "job"]
    text = program.main + "".join(
        f"\nhidden zz{n} = {name} {{ zzz = 1 }}" for n, name in enumerate(records)
    )
    text += f"\nzz = [{', '.join(f'zz{n}.zzz' for n in range(len(records)))}]\n"
    assert value_of(Program(text, program.files)) == {**value, "zz": [1] * len(records)}


@given(programs())
def test_nothing_is_worked_out_twice(program: Program) -> None:
    value = value_of(program)
    if value is None or "assert" in str(program):
        return  # asserts are looked at wherever a record is exported
    names = [name_text(name) for name in value if name != "job"]
    again = "".join(f"\nzz{n} = {name}" for n, name in enumerate(names))
    once = evaluated(program).steps
    # Two steps for a field that is a name, and nothing for what it names.
    assert evaluated(Program(program.main + again, program.files)).steps <= once + 4 * len(names)


@given(programs())
@settings(max_examples=50)
def test_every_value_tells_where_it_is_from(program: Program) -> None:
    if value_of(program) is None:
        return
    result = evaluated(program)
    for path in paths_of(result.plain()):
        explanation = explain(result, path)
        assert explanation.value
        assert explanation.render().startswith(explanation.value)
        origin = explanation.origins[0] if explanation.origins else None
        if origin is not None:
            assert origin.spot.text


@given(programs(), st.integers(0, 1000))
@settings(max_examples=50)
def test_the_winning_expression_in_parentheses_means_the_same(program: Program, turn: int) -> None:
    if value_of(program) is None:
        return
    result = evaluated(program)
    paths = [path for path in paths_of(result.plain()) if "[" not in path]
    if not paths:
        return
    explanation = explain(result, paths[turn % len(paths)])
    spot = explanation.origins[0].spot if explanation.origins else None
    if (
        spot is None
        or spot.source.name != "main.borg"
        or "=" not in before(spot.source, spot.start)
    ):
        return
    text = program.main
    text = f"{text[: spot.start]}({text[spot.start : spot.end]}){text[spot.end :]}"
    assert value_of(Program(text, program.files)) == result.plain()


def before(source: Source, at: int) -> str:
    return source.text[max(0, at - 3) : at]


def paths_of(value: Json, path: str = "") -> list[str]:
    """The path of every value in a result."""
    found = [path] if path else []
    if isinstance(value, dict):
        for name, inner in value.items():
            if path == "job" or not path.startswith("job.") or name != "name":
                step = name if re.fullmatch(r"[\w-]+", name) else f'"{name}"'
                found += paths_of(inner, f"{path}.{step}" if path else step)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            found += paths_of(item, f"{path}[{number}]")
    return [p for p in found if p != "job"]


@pytest.mark.slow
def test_another_process_with_another_hash_seed_says_the_same() -> None:
    said = [told_by_a_process(seed) for seed in ("1", "2")]
    assert said[0] == said[1]
    assert len(said[0]) > 100


def told_by_a_process(hash_seed: str) -> list[str]:
    run = subprocess.run(
        [sys.executable, "-m", "tests.property.test_bcl_programs"],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.splitlines()


def tell() -> None:
    """The results of many programs, some of them damaged, for another process to compare."""
    for seed in range(300):
        program = seeded_program(seed)
        if seed % 3 == 0:
            program = damaged(program, [(seed * 7919, 3, PIECES[seed % len(PIECES)])])
        try:
            result = evaluated(program)
        except BclError as error:
            told = [error.code, str(error)]
        else:
            told = [json.dumps(result.plain()), str(result.steps)]
        sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    tell()
