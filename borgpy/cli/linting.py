"""Linting job files that lie on this machine."""

from collections.abc import Sequence

from borgpy.bcl import syntax
from borgpy.bcl.evaluate import evaluate
from borgpy.bcl.linting import Remark, lint
from borgpy.bcl.linting.jobs import DeclaredJobs, duplicate_jobs
from borgpy.bcl.loading.program import Program
from borgpy.cli.asked import Asked
from borgpy.cli.evaluating import loaded, parameters_of, read_source
from borgpy.errors import InvalidConfig


def linted(names: Sequence[str], how: Asked) -> tuple[list[Remark], dict[str, InvalidConfig]]:
    """The remarks about files, and the mistakes in those that cannot even be read."""
    remarks: list[Remark] = []
    errors: dict[str, InvalidConfig] = {}
    declared: list[DeclaredJobs] = []
    for name in dict.fromkeys(names):
        try:
            program = loaded(read_source(name, how), how)
        except InvalidConfig as error:
            errors[name] = error
            continue
        main = program.modules[program.main]
        assert isinstance(main.content, syntax.File)
        remarks += lint(main.source, main.content)
        if len(names) > 1:
            declared += _declared(program, name, how)
    return [*remarks, *duplicate_jobs(declared)], errors


def _declared(program: Program, name: str, how: Asked) -> list[DeclaredJobs]:
    """What a file declares; nothing if it cannot be evaluated: `borgcfg validate` tells why."""
    try:
        params = parameters_of(program, name, how)
        result = evaluate(program, params, limits=how.limits, strict=how.strict)
    except InvalidConfig:
        return []
    return [DeclaredJobs(program.modules[program.main].source, result.declarations)]
