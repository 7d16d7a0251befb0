"""Nobody waits for what is not needed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from borgpy import bcl


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        pytest.param("import borgpy.bcl", "lark|pygls|difflib", id="importing"),
        pytest.param(
            "from borgpy.bcl import evaluate_text as e; e('a = 1')",
            r"lark|difflib|borgpy\.bcl\.(advice|reading\.recovery)",
            id="evaluating what is right",
        ),
    ],
)
def test_what_is_not_needed_is_not_imported(code: str, unwanted: str) -> None:
    ask = f"import re, sys; {code}; print(*(m for m in sys.modules if re.match({unwanted!r}, m)))"
    said = subprocess.run([sys.executable, "-c", ask], check=True, capture_output=True, text=True)
    assert said.stdout.split() == []


def test_no_pattern_repeats_a_group_possessively() -> None:
    """Python 3.11 up to 3.11.2 (Debian 12's own) matches ``(?:…)*+`` wrongly; ``(?>(?:…)*)`` means the same."""
    for path in Path(bcl.__path__[0]).rglob("*.py"):
        patterns = "\n".join(re.findall(r"""r?f?r["'].*""", path.read_text()))
        assert re.findall(r"\)[*+?]\+", patterns) == [], path
