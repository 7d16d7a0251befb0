"""What is filled in when a task starts."""

import pytest

from borgpy.model.placeholders import port_names, substitute, unknown_placeholders

VALUES = {"task": "ic/alice/web/3", "replica": "3", "dir": "/box"}


def test_naming_a_port_requests_it_once_in_the_order_of_mention() -> None:
    texts = ["%port:http%", "--a=%port%:%port:admin%", "%port:http% %task%"]
    assert port_names(texts) == ("http", "port", "admin")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%port%", "20000"),
        ("--p=%port:http%", "--p=20001"),
        ("%task% in %dir%", "ic/alice/web/3 in /box"),
        ("100%% of %replica%", "100% of 3"),
        ("50% off", "50% off"),
        ("%%port%%", "%port%"),
    ],
)
def test_placeholders_are_filled_in(text: str, expected: str) -> None:
    assert substitute(text, VALUES, {"port": 20000, "http": 20001}) == expected


def test_a_placeholder_without_a_value_is_named() -> None:
    with pytest.raises(KeyError, match="host"):
        substitute("%host%", VALUES, {})


def test_what_nobody_would_fill_in_is_found() -> None:
    assert unknown_placeholders("%prot% %port:x% %task:a% %cell% %%nope%%") == (
        "%prot%",
        "%task:a%",
    )
