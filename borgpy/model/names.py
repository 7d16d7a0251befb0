"""What things are called: job and task keys, and the BNS name under which a task is found."""

import re
from typing import NewType

JobKey = NewType("JobKey", str)
"""``user/job`` within one cell."""

TaskKey = NewType("TaskKey", str)
"""``user/job/index`` within one cell."""

NAME_PATTERN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}\Z")
MACHINE_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}\Z")
NAME_RULE = "1 to 63 letters, digits, '_' or '-', not starting with a digit or '-'"


LONGEST_LINE = 255
"""Such texts are for choosing among jobs and machines; what is longer is a document, and belongs somewhere else."""

LINE_RULE = f"up to {LONGEST_LINE} characters in one line"


def is_line(text: str) -> bool:
    """Whether ``text`` can be shown among others (`LINE_RULE`): the value of a label or an attribute; none is one, too."""
    return len(text) <= LONGEST_LINE and text.isprintable()


def is_name(text: str) -> bool:
    """Whether ``text`` may name a cell, a user or a job (`NAME_RULE`)."""
    return NAME_PATTERN.match(text) is not None


def job_key(user: str, job: str) -> JobKey:
    return JobKey(f"{user}/{job}")


def key_of(user: str, name: str) -> JobKey:
    """The job that ``user`` calls ``name``: one of their own, or ``USER/JOB``."""
    return JobKey(name) if "/" in name else job_key(user, name)


def is_job_reference(text: str) -> bool:
    """Whether ``text`` may name a job for `key_of`."""
    return all(map(is_name, text.split("/", 1)))


def is_pool(text: str) -> bool:
    """Whether ``text`` may name a pool of dedicated machines: ``USER/NAME``, or ``*/NAME``."""
    owner, slash, name = text.partition("/")
    return bool(slash) and is_name(name) and (owner == "*" or is_name(owner))


def task_key(job: JobKey, index: int) -> TaskKey:
    return TaskKey(f"{job}/{index}")


def split_job(key: JobKey) -> tuple[str, str]:
    """``(user, job)``."""
    user, _, job = key.partition("/")
    return user, job


def bns_name(cell: str, key: JobKey, index: int, domain: str) -> str:
    """The task's DNS form, ``50.jfoo.ubar.cc.borg.google.com`` (Borg §2.6)."""
    user, job = split_job(key)
    return f"{index}.{job}.{user}.{cell}.borg.{domain}"
