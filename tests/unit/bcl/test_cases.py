"""Every conformance case of our own, and of the published ones every single one."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from borgpy.bcl.diagnostics import BclError, Source
from borgpy.bcl.evaluate import evaluate
from borgpy.bcl.loading.program import MemoryFiles, load
from tests.unit.bcl.cases import every_case
from tests.unit.bcl.cases.case import Case, Mistake, Part, Value

CASES = tuple(every_case())


def test_each_case_has_a_name_of_its_own() -> None:
    names = [name for name, _ in CASES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES])
def test_case(case: Case) -> None:
    match case:
        case Value(expect=expect):
            assert same(expect, plain(case))
        case Part(at=at, has=has):
            found = picked(plain(case), at)
            assert is_part_of(has, found), json.dumps(found)
        case Mistake():
            check_mistake(case)


def plain(case: Case) -> Any:
    program = load(Source("main.borg", case.source), MemoryFiles(case.files), limits=case.limits)
    return evaluate(program, case.params, limits=case.limits).plain()


def check_mistake(case: Mistake) -> None:
    with pytest.raises(BclError) as caught:
        plain(case)
    text = str(caught.value)
    assert (caught.value.code, case.says) == (
        case.code,
        tuple(words for words in case.says if words in text),
    ), text
    line, _, column = case.at.partition(":")
    span = caught.value.diagnostics[0].span
    assert text.startswith(
        f"{case.of}:{line or span.line}:{column or span.column}: error[{case.code}]: "
    )


def picked(value: Any, path: str) -> Any:
    for step in path.split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def same(wanted: Any, found: Any) -> bool:
    """Deep equality in which numbers may differ by a rounding, and a bool is no number."""
    if isinstance(wanted, bool) or isinstance(found, bool):
        return wanted is found
    if isinstance(wanted, int | float) and isinstance(found, int | float):
        return math.isclose(wanted, found, rel_tol=1e-9)
    if isinstance(wanted, Sequence) and isinstance(found, list) and not isinstance(wanted, str):
        return len(wanted) == len(found) and all(map(same, wanted, found))
    if isinstance(wanted, Mapping) and isinstance(found, dict):
        return wanted.keys() == found.keys() and all(same(wanted[k], found[k]) for k in wanted)
    return type(wanted) is type(found) and bool(wanted == found)


def is_part_of(wanted: Any, found: Any) -> bool:
    """As `same`, but records may have more fields than are wanted."""
    if isinstance(wanted, Mapping):
        return isinstance(found, dict) and all(
            key in found and is_part_of(value, found[key]) for key, value in wanted.items()
        )
    return same(wanted, found)
