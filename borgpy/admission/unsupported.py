"""What a job may say and this release cannot do yet. It is refused: accepted and ignored would be a lie."""

from collections.abc import Iterator

from borgpy.model.refusal import Problem
from borgpy.model.spec import JobSpec


def unsupported(spec: JobSpec) -> Iterator[Problem]:
    """Everything in ``spec`` that no cell of this release could honour."""
    if spec.quota_user not in ("", spec.user):
        yield Problem(
            "quota_user",
            "this cell charges a job to the quota of its own user only",
            hint=f"leave quota_user out, or submit the job as {spec.quota_user}",
            got=spec.quota_user,
            allowed=spec.user,
        )
