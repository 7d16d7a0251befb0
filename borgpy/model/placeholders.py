"""``%port%`` and its friends: the names that are filled in when a task starts."""

import re
from collections.abc import Iterable, Mapping

PLAIN = ("port", "task", "job", "user", "cell", "replica", "host", "dir")
"""The placeholders that stand alone; ``%port:NAME%`` is the only one with an argument."""

DEFAULT_PORT = "port"
"""``%port%`` is short for ``%port:port%``."""

_PLACEHOLDER = re.compile(r"%%|%(?P<name>[A-Za-z_]\w*)(?::(?P<argument>[A-Za-z_]\w*))?%")


def port_names(texts: Iterable[str]) -> tuple[str, ...]:
    """The names of the ports that ``texts`` mention, each once, in the order of their first mention."""
    names: dict[str, None] = {}
    for text in texts:
        for match in _PLACEHOLDER.finditer(text):
            if match["name"] == "port":
                names[match["argument"] or DEFAULT_PORT] = None
    return tuple(names)


def unknown_placeholders(text: str) -> tuple[str, ...]:
    """The placeholders of ``text`` that no Borglet would fill in, as they are written."""
    return tuple(
        match.group()
        for match in _PLACEHOLDER.finditer(text)
        if match["name"]
        and not (match["name"] == "port" or (match["name"] in PLAIN and not match["argument"]))
    )


def substitute(text: str, values: Mapping[str, str], ports: Mapping[str, int]) -> str:
    """``text`` with every placeholder filled in and ``%%`` made ``%``; `KeyError` names one without a value."""

    def value(match: re.Match[str]) -> str:
        if match.group() == "%%":
            return "%"
        if match["name"] == "port":
            return str(ports[match["argument"] or DEFAULT_PORT])
        return values[match["name"]]

    return _PLACEHOLDER.sub(value, text)
