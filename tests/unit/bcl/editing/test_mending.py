"""Half-typed texts, and where things were before."""

import pytest

from borgpy.bcl.editing.mending import is_quoted, moved
from tests.unit.bcl.editing.reading import with_cursor


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("‸'a'", False),
        ("'‸a'", True),
        ("'a‸'", True),
        ("'a'‸", False),
        ("'a\\'‸'", True),
        ("'a‸", True),
        ("'a\n‸", False),
        ('"""a\n‸"""', True),
        ('"" ‸', False),
        ("// a‸", True),
        ("// a\n‸", False),
        ("# a‸", True),
        ("/* a\n‸ */", True),
        ("/* a */‸", False),
        ("/*/‸", True),
        ('f"a‸"', True),
        ('f"a {‸}"', False),
        ('f"a {b} ‸"', True),
        ('f"a {{‸}}"', True),
        ("x = 1 ‸", False),
    ],
)
def test_what_lies_in_text_or_comments(text: str, expected: bool) -> None:
    source, offset = with_cursor(text)
    assert is_quoted(source.text, offset) is expected


@pytest.mark.parametrize(
    ("old", "new", "offset", "expected"),
    [
        pytest.param("a = 1\nb = 2", "a = 1\nxx = 3\nb = 2", 6, 6, id="what comes before a change stays"),
        pytest.param("a = 1\nb = 2", "a = 1\nxx = 3\nb = 2", 11, 18, id="what comes behind it moves along"),
        pytest.param("abcdef", "abXYef", 3, None, id="what has changed is nowhere"),
        pytest.param("same", "same", 2, 2, id="nothing has changed"),
        pytest.param("", "new", 0, 0, id="from nothing"),
    ],
)  # fmt: skip
def test_where_an_offset_has_gone(old: str, new: str, offset: int, expected: int | None) -> None:
    assert moved(offset, old, new) == expected
