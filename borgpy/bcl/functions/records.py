"""Built-in functions of records."""

from borgpy.bcl.functions.arguments import record_of, text_of
from borgpy.bcl.functions.builtin import Builtin, Parameter
from borgpy.bcl.operations.costs import pay_items
from borgpy.bcl.operations.faces import Caller
from borgpy.bcl.values import Value


def _keys(caller: Caller, record: Value) -> Value:
    names = record_of("keys", record).names()
    pay_items(caller, len(names))
    return list(names)


def _values(caller: Caller, record: Value) -> Value:
    fields = record_of("values", record)
    names = fields.names()
    pay_items(caller, len(names))
    values = []
    for name in names:
        values.append(fields.get(name))  # noqa: PERF401  # evaluates, and so must not run in C
    return values


def _items(caller: Caller, record: Value) -> Value:
    fields = record_of("items", record)
    names = fields.names()
    pay_items(caller, len(names))
    caller.spend(2 * len(names))
    pairs: list[Value] = []
    for name in names:
        pairs.append([name, fields.get(name)])  # noqa: PERF401  # as above
    return pairs


def _has(caller: Caller, record: Value, name: Value) -> Value:
    fields = record_of("has", record, "a record and a name")
    return fields.has(text_of("has", name, "a record and a name"))


def _get(caller: Caller, record: Value, name: Value, default: Value) -> Value:
    fields = record_of("get", record, "a record and a name")
    key = text_of("get", name, "a record and a name")
    return fields.get(key) if fields.has(key) else default


def _compose(caller: Caller, *records: Value) -> Value:
    for record in records:
        record_of("compose", record, "records")
    caller.spend(len(records))
    return records[0] if len(records) == 1 else caller.compose(*records)


RECORDS = (
    Builtin(
        "keys",
        _keys,
        (Parameter("record"),),
        "The names of the exported fields, in their order.",
        "keys({ a = 1, b = 2 })",
        '["a", "b"]',
    ),
    Builtin(
        "values",
        _values,
        (Parameter("record"),),
        "The values of the exported fields, in their order.",
        "values({ a = 1, b = 2 })",
        "[1, 2]",
    ),
    Builtin(
        "items",
        _items,
        (Parameter("record"),),
        "Pairs of the name and the value of each exported field; a loop `for name, value in record` needs no more than the record.",
        "items({ a = 1, b = 2 })",
        '[["a", 1], ["b", 2]]',
    ),
    Builtin(
        "has",
        _has,
        (Parameter("record"), Parameter("name")),
        "Whether a record has a field of that name, be it hidden.",
        'has({ a = 1 }, "b")',
        "false",
    ),
    Builtin(
        "get",
        _get,
        (Parameter("record"), Parameter("name"), Parameter("default", None)),
        "The field of that name, or `default` if there is none.",
        'get({ a = 1 }, "b", 5)',
        "5",
    ),
    Builtin(
        "compose",
        _compose,
        (Parameter("records", many=True),),
        "The first record extended by the second, that by the third, and so on: of fields of one name the last wins.",
        "compose({ a = 1, b = a }, { a = 2 })",
        "{ a = 2, b = 2 }",
    ),
)
