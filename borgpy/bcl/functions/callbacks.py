"""Built-in functions that call a function of the caller's, or ask something of every item."""

from borgpy.bcl.functions.arguments import function_of, list_of, unfit_item
from borgpy.bcl.functions.builtin import Builtin, Parameter
from borgpy.bcl.functions.ordering import comparable, pay_sorting
from borgpy.bcl.operations.costs import pay_items
from borgpy.bcl.operations.faces import Caller
from borgpy.bcl.operations.operators import truth
from borgpy.bcl.values import Value

# Functions of the caller's are called from Python loops only, never from C code such as sorted(key=..): they may nest as
# deeply as the limits allow, for which Python calls need no C stack.

_BOTH = "a function and a list"


def _map(caller: Caller, function: Value, items: Value) -> Value:
    function_of("map", function, _BOTH)
    items = list_of("map", items, _BOTH)
    pay_items(caller, len(items))
    made = []
    for item in items:
        made.append(caller.call(function, item))  # noqa: PERF401
    return made


def _filter(caller: Caller, function: Value, items: Value) -> Value:
    function_of("filter", function, _BOTH)
    items = list_of("filter", items, _BOTH)
    pay_items(caller, len(items))
    kept = []
    for item in items:
        if truth(caller.call(function, item), "filter"):
            kept.append(item)  # noqa: PERF401
    return kept


def _fold(caller: Caller, function: Value, items: Value, start: Value) -> Value:
    function_of("fold", function, "a function, a list and a start")
    items = list_of("fold", items, "a function, a list and a start")
    caller.spend(len(items))
    result = start
    for item in items:
        result = caller.call(function, result, item)
    return result


def _sorted(caller: Caller, items: Value, key: Value) -> Value:
    items = list_of("sorted", items)
    pay_items(caller, len(items))
    keys = items
    if key is not None:
        function_of("sorted", key, "a function as its key")
        keys = []
        for item in items:
            keys.append(caller.call(key, item))
    ordered = comparable("sorted", keys)
    pay_sorting(caller, ordered)
    return [items[index] for index in sorted(range(len(items)), key=ordered.__getitem__)]


def _any(caller: Caller, items: Value) -> Value:
    return any(_truths(caller, "any", items))


def _all(caller: Caller, items: Value) -> Value:
    return all(_truths(caller, "all", items))


def _truths(caller: Caller, function: str, items: Value) -> list[Value]:
    wanted = "a list of true and false"
    items = list_of(function, items, wanted)
    caller.spend(len(items))
    for index, item in enumerate(items):
        if type(item) is not bool:
            raise unfit_item(function, wanted, index, item)
    return items


CALLBACKS = (
    Builtin(
        "map",
        _map,
        (Parameter("function"), Parameter("items")),
        "What `function` makes of each item.",
        "map(lambda n: n * 10, [1, 2])",
        "[10, 20]",
    ),
    Builtin(
        "filter",
        _filter,
        (Parameter("function"), Parameter("items")),
        "The items for which `function` is true.",
        "filter(lambda n: n > 1, [1, 2, 3])",
        "[2, 3]",
    ),
    Builtin(
        "fold",
        _fold,
        (Parameter("function"), Parameter("items"), Parameter("start")),
        "`function(result, item)` for each item in turn; the first result is `start`.",
        "fold(lambda product, n: product * n, [2, 3, 4], 1)",
        "24",
    ),
    Builtin(
        "sorted",
        _sorted,
        (Parameter("items"), Parameter("key", None)),
        "The items in ascending order, or in the order of what the function `key` makes of them. "
        "What is equal stays in its order.",
        'sorted(["bb", "a", "ccc"], key = len)',
        '["a", "bb", "ccc"]',
    ),
    Builtin(
        "any",
        _any,
        (Parameter("items"),),
        "Whether a list of true and false has something true in it.",
        "any([n > 2 for n in [1, 2, 3]])",
        "true",
    ),
    Builtin(
        "all",
        _all,
        (Parameter("items"),),
        "Whether nothing in a list of true and false is false.",
        "all([n > 2 for n in [1, 2, 3]])",
        "false",
    ),
)
