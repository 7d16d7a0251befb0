"""What laws of several modules need."""

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture
def _deep_stack() -> Iterator[None]:
    """What is nested as deep as allowed is looked through by functions that nest even deeper."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(5 * usual)
    yield
    sys.setrecursionlimit(usual)
