"""Placeholders: kept for the agent, checked against what it knows, and only within jobs."""

from tests.unit.bcl.cases.case import case, error, part
from tests.unit.bcl.cases.jobs import job

CASES = (
    part(
        "all that there are",
        job(
            "args = {a = %port%, b = %port:http%, c = %task%, d = %job%, e = %user%, f = %cell%, g = %replica%, h = %host%, i = %dir%}"
        ),
        "job.j.args",
        {
            "a": "%port%",
            "b": "%port:http%",
            "c": "%task%",
            "d": "%job%",
            "e": "%user%",
            "f": "%cell%",
            "g": "%replica%",
            "h": "%host%",
            "i": "%dir%",
        },
    ),
    part(
        "several in one string",
        job("args = {a = '%host%:%port%/%task%'}"),
        "job.j.args",
        {"a": "%host%:%port%/%task%"},
    ),
    part(
        "in the environment",
        job("env = {P = %port%, D = '%dir%/x'}"),
        "job.j.env",
        {"P": "%port%", "D": "%dir%/x"},
    ),
    part(
        "in a path",
        job("args = {log = /logs/%job%/%task%.log}"),
        "job.j.args",
        {"log": "/logs/%job%/%task%.log"},
    ),
    part(
        "in an f-string",
        job("args = {a = f'--port={%port%} {1 + 1}', b = f'%port%-{1}'}"),
        "job.j.args",
        {"a": "--port=%port% 2", "b": "%port%-1"},
    ),
    part(
        "joined with text",
        job("args = {a = 'p=' + %port%, b = %port% + ':' + %task%, c = join(['a', %port%], ',')}"),
        "job.j.args",
        {"a": "p=%port%", "b": "%port%:%task%", "c": "a,%port%"},
    ),
    part(
        "through a name",
        "local p = %port%\nhidden t = {v = p}\n" + job("args = {a = p, b = t.v}"),
        "job.j.args",
        {"a": "%port%", "b": "%port%"},
    ),
    part(
        "doubled percents",
        job("args = {a = '%%', b = '100%%', c = '%%port%%', d = '%%%port%'}"),
        "job.j.args",
        {"a": "%%", "b": "100%%", "c": "%%port%%", "d": "%%%port%"},
    ),
    part(
        "a conditional placeholder",
        job("args = {a = if 1 < 2 then %port% else 'x'}"),
        "job.j.args",
        {"a": "%port%"},
    ),
    case(
        "modulo is not a placeholder",
        "local a = 7 local port = 4\nx = a %port, y = a%port% 2, z = (a)%2",
        {"x": 3, "y": 1, "z": 1},
    ),
    case(
        "percent in plain data, whatever it looks like",
        "x = '%prot%', y = ['%', '%%', '100% of %port%'], z = /a/%task%",
        {"x": "%prot%", "y": ["%", "%%", "100% of %port%"], "z": "/a/%task%"},
    ),
    error("a misspelt one, bare", job("args = {p = %prot%}"), "placeholder", "%prot%", "%port%"),
    error("a misspelt one in a string", job("args = {p = 'x %prot% y'}"), "placeholder", "%port%"),
    error("a misspelt one in the environment", job("env = {P = '%cel%'}"), "placeholder", "%cell%"),
    error(
        "an inherited misspelt one",
        "template t = {runtime = {cell = ic} binary = /b/x args = {p = '%prot%'}}\njob j = t {}",
        "placeholder",
        "%port%",
    ),
    error("a name where none belongs", job("args = {p = %task:http%}"), "placeholder"),
    part(
        "a percent alone is a percent",
        job("args = {p = '100%', q = '5% of %port%'}"),
        "job.j.args",
        {"p": "100%", "q": "5% of %port%"},
    ),
    error("outside of a job", "x = %port%", "placeholder", "%port%", at="1:5"),
    error("outside of a job, in a list", "x = [%port%]", "placeholder"),
    error("outside of a job, in an f-string", "x = f'{%port%}'", "placeholder"),
    error("as a number", job("args = {p = %port% + 1}"), "type", "%port%"),
    error("multiplied", job("args = {p = 2 * %replica%}"), "type"),
    error("compared with a number", job("args = {p = if %replica% > 1 then 'a' else 'b'}"), "type"),
    error("with a format", job("args = {p = f'{%port%:05d}'}"), "type"),
    error("in capitals", job("args = {p = upper(%port%)}"), "type"),
    error("never closed", job("args = {p = %port }"), "syntax"),
    error("with a blank", job("args = {p = % port %}"), "syntax"),
)
