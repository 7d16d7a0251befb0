"""One evaluation of one program: its files as records, and what built-in functions ask of it."""

from collections.abc import Callable, Mapping

from borgpy.bcl import syntax
from borgpy.bcl.compiling.compiler import Compiler
from borgpy.bcl.compiling.records import builder, file_layer
from borgpy.bcl.compiling.table import TRANSLATIONS
from borgpy.bcl.diagnostics import Source, Spot
from borgpy.bcl.evaluating.frames import Frame, Run
from borgpy.bcl.evaluating.invocation import Arguments, call_value
from borgpy.bcl.evaluating.layers import EMPTY_SHAPE
from borgpy.bcl.evaluating.meter import Meter
from borgpy.bcl.evaluating.records import Record, compose, data_record
from borgpy.bcl.evaluating.scope import Scope
from borgpy.bcl.limits import DEFAULT_LIMITS, Limits
from borgpy.bcl.loading.jsondata import Json
from borgpy.bcl.loading.program import Data, Module, Program
from borgpy.bcl.values import Value


class Evaluation:
    """Evaluates the files of ``program``, each when it is first read.

    ``alarm`` tells that time is up. With ``strict``, a word that names nothing is a mistake everywhere.
    """

    def __init__(
        self,
        program: Program,
        *,
        limits: Limits = DEFAULT_LIMITS,
        alarm: Callable[[], bool] | None = None,
        strict: bool = False,
    ) -> None:
        self.program = program
        self.strict = strict
        self.meter = Meter(limits, alarm)
        self.asserting = False
        """Whether any record has asserts: most programs need not be searched for them."""
        self._modules = {module.source: module for module in program.modules.values()}
        self._values: dict[str, Value] = {}
        self._scopes: dict[str, Scope] = {}

    @property
    def limits(self) -> Limits:
        return self.meter.limits

    def main(self) -> Record:
        """The main file."""
        record = self._value(self.program.modules[self.program.main])
        assert isinstance(record, Record)
        return record

    def scope(self, module: Module) -> Scope:
        """What can be named at the top of a file."""
        self._value(module)
        return self._scopes[module.path]

    def compiler(self, source: Source) -> Compiler:
        return Compiler(source, self, TRANSLATIONS, builder)

    def imported(self, source: Source, node: syntax.Import) -> Run:
        """The closure for an import that stands in ``source``."""
        module = self.program.modules[self._modules[source].imports[node.path]]
        return lambda frame: self._value(module)

    def _value(self, module: Module) -> Value:
        known = self._values.get(module.path)
        if known is None:
            content = module.content
            if isinstance(content, Data):
                spot = Spot(module.source, 0, 0)
                known = self._data(content.value, spot)
            else:
                known = self._file(module, content)
            self._values[module.path] = known
        return known

    def _file(self, module: Module, file: syntax.File) -> Record:
        compiler = self.compiler(module.source)
        layer, faults = file_layer(compiler, file)
        self._scopes[module.path] = layer.scope  # type: ignore[assignment]
        record = Record(EMPTY_SHAPE.extend_once(layer), (None,), self.meter)
        for name, fault in faults.items():
            record.spoil(name, fault)
        return record

    def _data(self, data: Json, spot: Spot) -> Value:
        """Plain data as BCL knows it. Its depth is bounded where it is read."""
        if isinstance(data, dict):
            fields = {name: self._data(value, spot) for name, value in data.items()}
            return data_record(fields, spot, self.meter)
        if isinstance(data, list):
            self.meter.spend(len(data))
            return [self._data(item, spot) for item in data]
        return data

    # What built-in functions ask for.

    def spend(self, steps: int) -> None:
        self.meter.spend(steps)

    def call(self, function: Value, *arguments: Value) -> Value:
        """What a function that was given as an argument returns."""
        spot = Spot(self.program.modules[self.program.main].source, 0, 0)
        return call_value(self, function, Arguments(arguments, ("",) * len(arguments)), spot)

    def record(self, fields: Mapping[str, Value]) -> Record:
        spot = Spot(self.program.modules[self.program.main].source, 0, 0)
        return data_record(fields, spot, self.meter)

    def compose(self, *records: Value) -> Record:
        """Each record upon those before it; whoever calls has checked that all of them are records."""
        return compose([record for record in records if isinstance(record, Record)], self.meter)


def top_frame(record: Record) -> Frame:
    """What stands at the top of a file sees this."""
    return record.frame(0)
