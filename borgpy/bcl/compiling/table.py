"""Which function compiles which kind of node."""

from collections.abc import Mapping

from borgpy.bcl import syntax
from borgpy.bcl.compiling import calls, loops, names, operations, records, values
from borgpy.bcl.compiling.compiler import Translate

TRANSLATIONS: Mapping[type, Translate] = {
    syntax.Constant: values.constant,
    syntax.Number: values.constant,
    syntax.Path: values.constant,
    syntax.Placeholder: values.constant,
    syntax.FString: values.fstring,
    syntax.List: values.list_literal,
    syntax.Record: records.record,
    syntax.RecordLoop: records.record,
    syntax.ListLoop: loops.list_loop,
    syntax.Name: names.name,
    syntax.Self: names.self_record,
    syntax.Super: names.bare_super,
    syntax.Up: names.up_record,
    syntax.Import: names.imported,
    syntax.Chain: operations.chain,
    syntax.Compare: operations.compare,
    syntax.Logic: operations.logic,
    syntax.Not: operations.inversion,
    syntax.Negate: operations.negation,
    syntax.If: operations.conditional,
    syntax.Postfix: calls.postfix,
    syntax.Lambda: calls.function,
}
