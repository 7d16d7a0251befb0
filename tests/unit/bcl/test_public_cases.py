"""The published conformance cases, by the rules of their own runner."""

import json
import math
import re
import time
from pathlib import Path
from typing import Any

import pytest

from borgpy.bcl import evaluate_text
from tests.unit.bcl.test_cases import is_part_of, picked, same

PUBLISHED = Path(__file__).parents[4] / "shared" / "cases" / "bcl_public.json"
CASES = json.loads(PUBLISHED.read_text()) if PUBLISHED.exists() else []

pytestmark = pytest.mark.skipif(not CASES, reason=f"the published cases are not at {PUBLISHED}")


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES])
def test_published_case(case: dict[str, Any]) -> None:
    begin = time.perf_counter()
    try:
        found: Any = evaluate_text(
            written(case), case.get("files") or {}, case.get("params") or {}, "main.borg"
        )
    except Exception as error:  # noqa: BLE001  # the runner, too, takes any that has a code
        check_error(case, error)
    else:
        assert "error" not in case
        if "select" in case:
            found = picked(found, case["select"])
        compare = is_part_of if case.get("match") == "subset" else same
        assert compare(case["expect"], found)
    assert time.perf_counter() - begin < case.get("max_seconds", math.inf)


def check_error(case: dict[str, Any], error: Exception) -> None:
    text = str(error)
    assert case.get("error", "no error") in getattr(error, "code", type(error).__name__), text
    for words in case.get("error_contains", ()):
        assert words in text
    place = re.match(r"[^:\n]*:(\d+):\d+: ", text)
    assert place is not None
    assert int(place[1]) == case.get("line", int(place[1]))


def written(case: dict[str, Any]) -> str:
    """The source of a case, which may have to be made of repeated pieces."""
    if "source" in case:
        return str(case["source"])
    return "".join(
        piece
        if isinstance(piece, str)
        else "".join(numbered(piece["t"], turn) for turn in range(piece["n"]))
        for piece in case["source_gen"]
    )


def numbered(text: str, turn: int) -> str:
    for mark, number in (("@i@", turn), ("@i+1@", turn + 1), ("@i-1@", turn - 1)):
        text = text.replace(mark, str(number))
    return text
