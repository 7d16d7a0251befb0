"""The examples of the language in README and its manual: each is evaluated, and comes to what it says."""

import json
import re

import pytest

from borgpy.bcl import evaluate_text
from tests.docs.generated import ROOT
from tests.docs.reading import fenced

EXAMPLES = [
    example
    for document in ("README.md", "docs/BCL.md")
    for example in fenced("bcl", (ROOT / document).read_text())
]

_PROMISE = re.compile(r"^(\w+) = .*// => (.*)$", re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"example {n}" for n in range(len(EXAMPLES))])
def test_an_example_comes_to_what_it_says(example: str) -> None:
    result = evaluate_text(example)
    promised = {name: json.loads(value) for name, value in _PROMISE.findall(example)}
    assert len(promised) == example.count("// =>")
    assert {name: result.get(name) for name in promised} == promised


def test_there_are_examples_with_promises() -> None:
    assert sum(example.count("// =>") for example in EXAMPLES) > 30
