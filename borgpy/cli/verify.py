"""Whether tasks really answer: an HTTP request to each of their URLs."""

import asyncio
from collections.abc import Sequence

import aiohttp

from borgpy.model.api import TaskView

AT_ONCE = 50
ATTEMPTS = 3
PAUSE_SECONDS = 0.5
ANSWER_SECONDS = 5.0

FIRST_SERVER_ERROR = 500
"""A program that answers 404 serves; one that answers 5xx says itself that it does not."""


async def silent_tasks(tasks: Sequence[TaskView]) -> list[tuple[TaskView, str]]:
    """The tasks that do not answer, each with the reason."""
    gate = asyncio.Semaphore(AT_ONCE)
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:

        async def ask(task: TaskView) -> str:
            async with gate:
                return await _complaint(session, task)

        complaints = await asyncio.gather(*(ask(task) for task in tasks))
    return [(task, said) for task, said in zip(tasks, complaints, strict=True) if said]


async def _complaint(session: aiohttp.ClientSession, task: TaskView) -> str:
    if not task.url:
        return "it has no URL"
    said = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            await asyncio.sleep(PAUSE_SECONDS)
        try:
            async with session.get(task.url, allow_redirects=False) as response:
                if response.status < FIRST_SERVER_ERROR:
                    return ""
                said = f"{task.url} answers with status {response.status}"
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            said = f"{task.url} does not answer: {error or type(error).__name__}"
    return said
