"""What to use instead of functions that other languages have."""

from collections.abc import Mapping
from types import MappingProxyType

_SEALED = (
    "a file is all that evaluation reads; what is to come from outside is a param, set by --set"
)

ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        "None": "BCL writes null",
        "append": "a list grows by a list: items + [item]",
        "bool": 'compare instead: text == "true"',
        "concat": "lists and strings are joined by +",
        "contains": "write item in container",
        "count": "count what a loop keeps: len([x for x in items if ..])",
        "dict": "a record from a loop is { for k, v in pairs: [k] = v }",
        "env": _SEALED,
        "error": "fail(message) ends the evaluation",
        "find": "write text in container, or filter(function, items)",
        "first": "items[0] is the first item",
        "float": "number(text) reads a number",
        "format": 'values are put into text by f"..{value:03d}.."',
        "getenv": _SEALED,
        "glob": _SEALED,
        "include": 'write import "path"',
        "last": "items[len(items) - 1] is the last item",
        "length": "len(value) is what you mean",
        "list": "a list is written as [a, b], or made by [x for x in items]",
        "merge": "compose(a, b) merges records; a { .. } extends one",
        "now": _SEALED,
        "open": _SEALED,
        "pow": "multiply: there is no power",
        "print": "nothing is printed; borgcfg render and borgcfg explain show values",
        "random": _SEALED,
        "reduce": "fold(function, items, start) is what you mean",
        "repeat": 'join([text for i in range(n)], "") repeats text',
        "set": "unique(items) leaves out what is there already",
        "sort": "sorted(items) is what you mean",
        "substr": "slice(text, start, stop) is a part of a text",
        "substring": "slice(text, start, stop) is a part of a text",
        "time": _SEALED,
        "tolower": "lower(text) is what you mean",
        "toupper": "upper(text) is what you mean",
        "trim": "strip(text) is what you mean",
        "typeof": "type(value) is what you mean",
    }
)
"""For a word that names nothing here, what there is in its place."""
