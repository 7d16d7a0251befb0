"""Cells for tests with real processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cells import TestCell, a_cell


@pytest.fixture(scope="module")
def cell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestCell]:
    """A cell that the tests of one module share; nothing of it runs before the first command starts it."""
    with a_cell(tmp_path_factory.mktemp("cell") / "home") as shared:
        yield shared


@pytest.fixture
def own_cell(tmp_path: Path) -> Iterator[TestCell]:
    """A cell for one test alone."""
    with a_cell(tmp_path / "home") as mine:
        yield mine
