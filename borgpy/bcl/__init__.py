"""BCL, the language in which jobs are declared: text in, plain data or job declarations out, nothing else touched."""

from borgpy.bcl.diagnostics import BclError, Diagnostic, Span
from borgpy.bcl.evaluate import evaluate_text
from borgpy.bcl.jobs import JobDeclaration, job_declarations

__all__ = [
    "BclError",
    "Diagnostic",
    "JobDeclaration",
    "Span",
    "evaluate_text",
    "job_declarations",
]
