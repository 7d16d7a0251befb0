"""Built-in functions of lists that need no function of the caller's."""

from itertools import islice

from borgpy.bcl.functions.arguments import int_of, list_of, unfit, unfit_item
from borgpy.bcl.functions.builtin import Builtin, Parameter
from borgpy.bcl.operations.comparison import equal
from borgpy.bcl.operations.costs import pay_items, pay_text
from borgpy.bcl.operations.faces import Caller, Meter, is_record
from borgpy.bcl.values import Bareword, PlaceholderText, Value, Wrong, type_name, unknown_name

_HASHED = frozenset({"int", "number", "string", "bool", "null", "bytes", "duration"})


def _len(caller: Caller, value: Value) -> Value:
    if type(value) is list or type(value) is str:
        return len(value)
    if is_record(value):
        return len(value.names())
    raise unfit("len", "a list, a string or a record", value)


def _range(caller: Caller, start: Value, stop: Value, step: Value) -> Value:
    if stop is None:
        start, stop = 0, start
    bounds = (int_of("range", start), int_of("range", stop), int_of("range", step))
    if bounds[2] == 0:
        raise Wrong("range", "range needs a step other than 0")
    # Not len(range(..)), which fails beyond what an index may be.
    pay_items(caller, max(0, -((bounds[0] - bounds[1]) // bounds[2])))
    return list(range(*bounds))


def _reversed(caller: Caller, items: Value) -> Value:
    items = list_of("reversed", items)
    pay_items(caller, len(items))
    return items[::-1]


def _unique(caller: Caller, items: Value) -> Value:
    items = list_of("unique", items)
    pay_items(caller, len(items))
    kept: list[Value] = []
    seen: set[tuple[str, Value]] = set()
    unhashed: list[Value] = []
    for item in items:
        kind = "string" if type(item) is PlaceholderText else type_name(item)
        if type(item) is Bareword:
            raise unknown_name(item)
        if kind in _HASHED:
            key = (kind, item.text if type(item) is PlaceholderText else item)
            if key in seen:
                continue
            seen.add(key)
        else:
            if _is_among(caller, item, unhashed):
                continue
            unhashed.append(item)
        kept.append(item)
    return kept


def _is_among(meter: Meter, item: Value, others: list[Value]) -> bool:
    """Whether a list or a record equals one of the others; two of them are compared at a time."""
    meter.spend(len(others))
    return any(equal(item, other, meter) for other in others)


def _flatten(caller: Caller, items: Value) -> Value:
    items = list_of("flatten", items, "a list of lists")
    pay_items(caller, len(items))
    length = 0
    for index, item in enumerate(items):
        if type(item) is not list:
            raise unfit_item("flatten", "a list of lists", index, item)
        length += len(item)
    pay_items(caller, length)
    return [inner for item in items for inner in item]  # type: ignore[union-attr]


def _enumerate(caller: Caller, items: Value, start: Value) -> Value:
    items, first = (
        list_of("enumerate", items),
        int_of("enumerate", start, "a whole number to start"),
    )
    pay_items(caller, len(items))
    caller.spend(2 * len(items))
    return [[number, item] for number, item in enumerate(items, first)]


def _zip(caller: Caller, *lists: Value) -> Value:
    checked = [list_of("zip", items, "lists") for items in lists]
    turns = min(map(len, checked))
    pay_items(caller, turns)
    caller.spend(turns * len(checked))
    return [list(items) for items in islice(zip(*checked, strict=False), turns)]


def _slice(caller: Caller, value: Value, start: Value, stop: Value) -> Value:
    if type(value) is not str and type(value) is not list:
        raise unfit("slice", "a list or a string", value)
    first = int_of("slice", start)
    last = len(value) if stop is None else int_of("slice", stop)
    if first < 0 or last < 0:
        raise Wrong(
            "index",
            f"slice counts from 0; {min(first, last)} is below",
            help=f"count from the end as in slice(value, len(value) - {-min(first, last)})",
        )
    if type(value) is list:
        pay_items(caller, max(0, min(last, len(value)) - first))
    else:
        pay_text(caller, max(0, min(last, len(value)) - first))
    return value[first:last]


LISTS = (
    Builtin(
        "len",
        _len,
        (Parameter("value"),),
        "How many items a list has, characters a string, exported fields a record.",
        'len(["a", "b"])',
        "2",
    ),
    Builtin(
        "range",
        _range,
        (Parameter("start"), Parameter("stop", None), Parameter("step", 1)),
        "The whole numbers from `start`, or from 0, up to but not including `stop`.",
        "range(2, 8, 3)",
        "[2, 5]",
        written="range(stop), range(start, stop, step = 1)",
    ),
    Builtin(
        "reversed",
        _reversed,
        (Parameter("items"),),
        "A list from its end to its beginning.",
        "reversed([1, 2, 3])",
        "[3, 2, 1]",
    ),
    Builtin(
        "unique",
        _unique,
        (Parameter("items"),),
        "A list without what occurred in it before.",
        "unique([2, 1, 2])",
        "[2, 1]",
    ),
    Builtin(
        "flatten",
        _flatten,
        (Parameter("lists"),),
        "The items of all lists in a list, one level deep.",
        "flatten([[1, 2], [3], []])",
        "[1, 2, 3]",
    ),
    Builtin(
        "enumerate",
        _enumerate,
        (Parameter("items"), Parameter("start", 0)),
        "Pairs of a number and an item, for a loop such as `for i, zone in enumerate(zones)`.",
        'enumerate(["a", "b"])',
        '[[0, "a"], [1, "b"]]',
    ),
    Builtin(
        "zip",
        _zip,
        (Parameter("lists", many=True),),
        "Lists of the first items, of the second items, and so on, until the shortest list ends.",
        'zip([1, 2], ["a", "b"])',
        '[[1, "a"], [2, "b"]]',
    ),
    Builtin(
        "slice",
        _slice,
        (Parameter("value"), Parameter("start"), Parameter("stop", None)),
        "The part of a list or a string from `start` up to but not including `stop`, or up to its end.",
        'slice("abcdef", 1, 3)',
        '"bc"',
    ),
)
