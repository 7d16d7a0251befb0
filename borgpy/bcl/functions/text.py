"""Built-in functions of strings."""

from borgpy.bcl.functions.arguments import list_of, text_of, unfit_item
from borgpy.bcl.functions.builtin import Builtin, Parameter
from borgpy.bcl.operations.costs import pay_items, pay_reading, pay_search, pay_text
from borgpy.bcl.operations.faces import Caller
from borgpy.bcl.operations.refusals import is_text, text_within
from borgpy.bcl.values import PlaceholderText, Value, Wrong


def _join(caller: Caller, items: Value, separator: Value) -> Value:
    wanted = "a list of strings"
    items = list_of("join", items, wanted)
    between = text_of("join", separator, "a string as its separator")
    caller.spend(len(items))
    texts = []
    for index, item in enumerate(items):
        if not is_text(item):
            raise unfit_item("join", wanted, index, item)
        texts.append(text_within(item))
    pay_text(caller, sum(map(len, texts)) + len(between) * max(0, len(texts) - 1))
    joined = between.join(texts)
    waits = any(type(item) is PlaceholderText for item in items)
    return PlaceholderText(joined) if waits else joined


def _split(caller: Caller, text: Value, separator: Value) -> Value:
    text = text_of("split", text)
    if separator is None:
        pay_reading(caller, len(text))
        words = text.split()
        pay_items(caller, len(words))
        return list[Value](words)
    between = text_of("split", separator, "a string as its separator")
    if not between:
        raise Wrong("range", "split needs a separator that is not empty")
    pay_search(caller, text, between)
    pay_items(caller, text.count(between) + 1)
    return list[Value](text.split(between))


def _upper(caller: Caller, text: Value) -> Value:
    text = text_of("upper", text)
    pay_text(caller, len(text))
    return _of_bounded_length(caller, text.upper())


def _lower(caller: Caller, text: Value) -> Value:
    text = text_of("lower", text)
    pay_text(caller, len(text))
    return _of_bounded_length(caller, text.lower())


def _of_bounded_length(caller: Caller, text: str) -> str:
    """A few letters become two or three in the other case."""
    pay_text(caller, len(text))
    return text


def _strip(caller: Caller, text: Value) -> Value:
    text = text_of("strip", text)
    pay_text(caller, len(text))
    return text.strip()


def _replace(caller: Caller, text: Value, old: Value, new: Value) -> Value:
    text = text_of("replace", text, "strings")
    old, new = text_of("replace", old, "strings"), text_of("replace", new, "strings")
    if not old:
        raise Wrong("range", "replace needs something to replace that is not empty")
    pay_search(caller, text, old)
    pay_text(caller, len(text) + text.count(old) * (len(new) - len(old)))
    return text.replace(old, new)


def _startswith(caller: Caller, text: Value, prefix: Value) -> Value:
    text, prefix = text_of("startswith", text, "strings"), text_of("startswith", prefix, "strings")
    pay_reading(caller, len(prefix))
    return text.startswith(prefix)


def _endswith(caller: Caller, text: Value, suffix: Value) -> Value:
    text, suffix = text_of("endswith", text, "strings"), text_of("endswith", suffix, "strings")
    pay_reading(caller, len(suffix))
    return text.endswith(suffix)


TEXT = (
    Builtin(
        "join",
        _join,
        (Parameter("items"), Parameter("separator", "")),
        "The strings of a list as one, with `separator` between them.",
        'join(["a", "b"], "-")',
        '"a-b"',
    ),
    Builtin(
        "split",
        _split,
        (Parameter("text"), Parameter("separator", None)),
        "The parts of a string between its separators; without one, its words.",
        'split("a,b", ",")',
        '["a", "b"]',
    ),
    Builtin(
        "upper",
        _upper,
        (Parameter("text"),),
        "The string in capital letters.",
        'upper("ab")',
        '"AB"',
    ),
    Builtin(
        "lower",
        _lower,
        (Parameter("text"),),
        "The string in small letters.",
        'lower("AB")',
        '"ab"',
    ),
    Builtin(
        "strip",
        _strip,
        (Parameter("text"),),
        "The string without blanks and line breaks at its ends.",
        'strip(" a b ")',
        '"a b"',
    ),
    Builtin(
        "replace",
        _replace,
        (Parameter("text"), Parameter("old"), Parameter("new")),
        "The string with `new` wherever `old` was.",
        'replace("a.b.c", ".", "/")',
        '"a/b/c"',
    ),
    Builtin(
        "startswith",
        _startswith,
        (Parameter("text"), Parameter("prefix")),
        "Whether a string begins with `prefix`. Whether it is anywhere within is `prefix in text`.",
        'startswith("web-1", "web")',
        "true",
    ),
    Builtin(
        "endswith",
        _endswith,
        (Parameter("text"), Parameter("suffix")),
        "Whether a string ends with `suffix`.",
        'endswith("a.json", ".json")',
        "true",
    ),
)
