"""From a program to plain data and checked declarations."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import msgspec

from borgpy.bcl import schema, syntax
from borgpy.bcl.compiling.loops import loop
from borgpy.bcl.compiling.records import value_run
from borgpy.bcl.diagnostics import Details, Fault, Findings, Source, Spot
from borgpy.bcl.evaluating.evaluation import Evaluation, top_frame
from borgpy.bcl.evaluating.export import Exporter, Json
from borgpy.bcl.evaluating.frames import Frame, fault_of
from borgpy.bcl.evaluating.meter import deep_stack, uncollected
from borgpy.bcl.evaluating.records import Record
from borgpy.bcl.evaluating.scope import Scope
from borgpy.bcl.limits import DEFAULT_LIMITS, Limits, raised_by
from borgpy.bcl.loading.params import with_params
from borgpy.bcl.loading.program import MemoryFiles, Program, load
from borgpy.bcl.values import Bareword, Value, Wrong, type_name, unknown_name

_NONE: Mapping[str, object] = MappingProxyType({})


class Declared(msgspec.Struct, frozen=True):
    """A declaration that fits its schema, with the record that it was checked from."""

    kind: str
    name: str
    checked: schema.Checked
    record: Record


class Evaluated(msgspec.Struct, frozen=True):
    """What a program comes to. ``root`` is the main file's record, for whoever wants to know where a value is from."""

    data: dict[str, Json]
    declarations: tuple[Declared, ...]
    program: Program
    root: Record
    evaluation: Evaluation
    steps: int

    def plain(self) -> dict[str, Json]:
        """The exported fields under their names, and every declaration under its kind and name."""
        result = dict(self.data)
        for declared in self.declarations:
            kind = result.setdefault(declared.kind, {})
            assert isinstance(kind, dict)
            kind[declared.name] = declared.checked.value
        return result


def evaluate_text(
    source: str,
    files: Mapping[str, object] = _NONE,
    params: Mapping[str, object] = _NONE,
    filename: str = "main.borg",
) -> dict[str, Json]:
    """The plain value of BCL held in memory: fields under their names, ``{kind: {name: record}}`` for declarations.

    ``files`` is the tree that imports read, by path; ``params`` gives values to the file's parameters. Raises `BclError`
    with everything that is wrong, within `DEFAULT_LIMITS`.
    """
    program = load(Source(filename, source), MemoryFiles(files))
    return evaluate(program, params).plain()


def evaluate(
    program: Program,
    params: Mapping[str, object] = _NONE,
    *,
    limits: Limits = DEFAULT_LIMITS,
    alarm: Callable[[], bool] | None = None,
    strict: bool = False,
) -> Evaluated:
    """What ``program`` comes to; `BclError` with everything that is wrong with it.

    ``alarm`` is asked now and then whether time is up. With ``strict``, text has to be quoted everywhere.
    """
    evaluation = Evaluation(program, limits=limits, alarm=alarm, strict=strict)
    findings = Findings()
    with deep_stack(limits), uncollected(limits):
        try:
            evaluated = _File(evaluation, findings).evaluated(params)
        except RecursionError:
            spot = Spot(program.modules[program.main].source, 0, 0)
            message = "fields, calls and brackets are nested too deeply"
            findings.report("limit", spot, message, Details(help=raised_by("depth")))
        except Wrong as wrong:  # there was not even enough for the file itself
            findings.add(fault_of(wrong, Spot(program.modules[program.main].source, 0, 0)))
        findings.raise_if_any()
    return evaluated


class _File:
    """The main file of an evaluation on its way to plain data."""

    def __init__(self, evaluation: Evaluation, findings: Findings) -> None:
        self._evaluation = evaluation
        self._findings = findings
        self._exporter = Exporter(evaluation.meter, findings)
        self._module = evaluation.program.modules[evaluation.program.main]
        self._declared: dict[tuple[str, str], Spot] = {}

    def evaluated(self, params: Mapping[str, object]) -> Evaluated:
        evaluation = self._evaluation
        main = evaluation.main()
        # A name that stands there twice is a mistake even if nobody reads it.
        for fault in main.spoiled().values():
            self._findings.add(fault)
        root = with_params(main, self._module, params, evaluation, self._findings)
        data = self._data(root)
        declarations = tuple(self._declarations(root))
        if not self._exporter.stopped and root.shape.asserting:
            for fault in root.check_asserts():
                self._findings.add(fault)
        self._check_names(root, declarations)
        return Evaluated(
            data, declarations, evaluation.program, root, evaluation, evaluation.meter.steps
        )

    def _data(self, root: Record) -> dict[str, Json]:
        data: dict[str, Json] = {}
        for name in root.names():
            if self._exporter.stopped:
                break
            data[name] = self._exporter.field(root, name)
        return data

    def _declarations(self, root: Record) -> Iterator[Declared]:
        evaluation, file = self._evaluation, self._module.content
        assert isinstance(file, syntax.File)
        for item in file.items:
            if self._exporter.stopped:
                return
            if not isinstance(item, syntax.Declaration) or item.kind == "template":
                continue
            for name, spot, value in self._values(item, root):
                checked = schema.check(item.kind, name, spot, value, self._findings)
                if evaluation.asserting and isinstance(value, Record):
                    self._check_asserts(value)
                if self._exporter.stopped:
                    return
                if checked is not None:
                    yield Declared(item.kind, name, checked, value)  # type: ignore[arg-type]

    def _values(self, item: syntax.Declaration, root: Record) -> Iterator[tuple[str, Spot, Value]]:
        """The declarations that ``item`` makes: one, or one for each turn of its loop."""
        try:
            if item.clauses or item.computed is not None:
                yield from self._looped(item, root)
            else:
                yield item.name, self._spot(item), root.get(item.name)
        except Fault as fault:
            self._findings.add(fault)
        except Wrong as wrong:
            self._findings.add(fault_of(wrong, self._spot(item)))

    def _looped(self, item: syntax.Declaration, root: Record) -> Iterator[tuple[str, Spot, Value]]:
        evaluation = self._evaluation
        compiler = evaluation.compiler(self._module.source)
        scope = evaluation.scope(self._module)
        frames: list[Frame] = []
        if item.clauses:
            run_loop, scope = loop(compiler, item.clauses, scope)
            run_loop(top_frame(root), frames.append)
        else:
            frames.append(top_frame(root))
        spot = self._spot(item)
        for frame in frames:
            name = self._name(item, scope, frame)
            title = f"{item.kind} {name}"
            value = value_run(compiler, item.value, scope, title, spot)(frame)
            yield name, spot, value

    def _name(self, item: syntax.Declaration, scope: Scope, frame: Frame) -> str:
        if item.computed is None:
            return item.name
        spot = Spot(self._module.source, item.computed.start, item.computed.end)
        compiler = self._evaluation.compiler(self._module.source)
        name = value_run(compiler, item.computed, scope, "", spot)(frame)
        if isinstance(name, str):
            return name
        if isinstance(name, Bareword):
            raise unknown_name(name)
        raise Fault("type", spot, f"a {item.kind} is named by a string, not by {type_name(name)}")

    def _spot(self, item: syntax.Declaration) -> Spot:
        return Spot(self._module.source, item.start, item.end)

    def _check_asserts(self, record: Record) -> None:
        """The asserts of a declaration and of the records in it, as far as they have been evaluated."""
        waiting: list[Value] = [record]
        met: set[int] = set()
        while waiting:
            value = waiting.pop()
            if id(value) in met:
                continue
            met.add(id(value))
            if isinstance(value, list):
                waiting.extend(value)
            elif isinstance(value, Record):
                if value.shape.asserting:
                    for fault in value.check_asserts():
                        self._findings.add(fault)
                waiting.extend(
                    part
                    for part in value.values.values()
                    if type(part) is Record or type(part) is list
                )

    def _check_names(self, root: Record, declarations: tuple[Declared, ...]) -> None:
        for declared in declarations:
            key = declared.kind, declared.name
            spot = declared.checked.spot
            if key in self._declared:
                message = f"{declared.kind} '{declared.name}' is declared twice"
                notes = (f"first at {self._declared[key]}",)
                self._findings.report("duplicate", spot, message, Details(notes=notes))
            self._declared.setdefault(key, spot)
        for kind in {declared.kind for declared in declarations}:
            slot = root.slot(kind)
            if slot is not None and not slot.hidden:
                message = f"a field '{kind}' would hide the {kind}s of this file"
                self._findings.report("duplicate", slot.spot, message)
