"""Running a Borgmaster as a process: open what it needs, serve, and leave in order."""

import asyncio
import gc
import ipaddress
import logging
import os
import signal
import ssl
import sys
from pathlib import Path

import aiohttp
from aiohttp import web

from borgpy.clock import SystemClock
from borgpy.errors import BorgError, Fenced
from borgpy.server.app import application
from borgpy.server.auth import Gate, read_secret, read_tokens
from borgpy.server.body import Body, Means
from borgpy.server.plugins import PluginBook, load_plugins
from borgpy.server.poller import MAX_POLLS_AT_ONCE
from borgpy.server.recovery import rise
from borgpy.server.settings import Settings
from borgpy.store.open import open_store

log = logging.getLogger(__name__)

SWITCH_SECONDS = 0.001
"""Threads that write to the store give the interpreter back to the event loop this often (Python's own 5 ms add up)."""

GC_THRESHOLDS = (50_000, 20, 100)
"""The state is large, lives long and has no cycles: looking through all of it for garbage should be rare."""


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; `Fenced` when another Borgmaster has taken over."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(*GC_THRESHOLDS)
    host, port = split_listen(settings.listen)
    tls = _tls(settings, host)
    credential = read_secret(settings.credential, "cell's credential")
    gate = Gate(read_tokens(settings.tokens), credential)
    plugins = PluginBook(load_plugins(settings.plugins))
    settings.data.mkdir(parents=True, exist_ok=True)
    store = await asyncio.to_thread(open_store, settings.store_url)
    try:
        connector = aiohttp.TCPConnector(limit=2 * MAX_POLLS_AT_ONCE, ssl=_trust(settings))
        async with aiohttp.ClientSession(connector=connector) as http:
            stop, clock = _stop_signal(), SystemClock()
            rising = asyncio.create_task(rise(store, settings.cell, clock))
            if await _first(rising, stop):
                return
            means = Means(http, clock, credential, plugins)
            body = Body(settings, store, means, rising.result())
            gc.freeze()  # what has been recovered stays
            runner = web.AppRunner(
                application(body.services, gate, body.metrics, settings),
                access_log=None,
                handler_cancellation=True,  # who has gone away is not waited for
                shutdown_timeout=2.0,
            )
            await runner.setup()
            try:
                site = web.TCPSite(runner, host, port, ssl_context=tls)
                await _start(site, settings.listen)
                address = _address(runner, tls is not None)
                log.info("cell %s is served at %s, %s", settings.cell, address, body)
                if settings.address_file:
                    write_atomically(settings.address_file, address)
                working = asyncio.create_task(body.run())
                await _first(working, stop)
                await _end(working)
            finally:
                await runner.cleanup()
                await body.fall()
    finally:
        await asyncio.to_thread(store.close)


def split_listen(listen: str) -> tuple[str, int]:
    """``HOST:PORT`` as a pair; ``[::1]:0`` for IPv6."""
    host, _, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise BorgError(f"{listen!r} is no address to listen at", hint="write 127.0.0.1:7000")
    return host, int(port)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach ``host``."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def write_atomically(path: Path, text: str) -> None:
    """Put ``text`` into a file so that a reader sees all of it or the file as it was."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(text + "\n")
    fresh.replace(path)


def _tls(settings: Settings, host: str) -> ssl.SSLContext | None:
    if settings.tls_cert is None or settings.tls_key is None:
        if not is_loopback(host):
            raise BorgError(
                f"{settings.listen} can be reached from other machines, and tokens would cross the network in the clear",
                hint="give --tls-cert and --tls-key, or listen at 127.0.0.1",
            )
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise BorgError(f"the TLS certificate cannot be used: {error}") from error
    return context


def _trust(settings: Settings) -> ssl.SSLContext | bool:
    """Whom to believe about Borglets' certificates."""
    if settings.tls_ca is None:
        return True
    try:
        return ssl.create_default_context(cafile=str(settings.tls_ca))
    except (OSError, ssl.SSLError) as error:
        raise BorgError(f"the certificates in {settings.tls_ca} cannot be used: {error}") from error


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _first(task: asyncio.Task[object] | asyncio.Task[None], stop: asyncio.Event) -> bool:
    """Wait for ``task`` or the signal to stop; whether it was the signal. Then the task is cancelled."""
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if stop.is_set() and not task.done():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return True
    return stop.is_set()


async def _end(working: asyncio.Task[None]) -> None:
    """Raise what the work ended with, taken out of its group; nothing if it was cancelled."""
    outcome = (await asyncio.gather(working, return_exceptions=True))[0]
    if isinstance(outcome, BaseExceptionGroup) and (fenced := outcome.subgroup(Fenced)):
        raise Fenced(
            f"another Borgmaster leads this cell now: {fenced.exceptions[0]}",
            hint="this process has stopped leading; start it again to stand by",
        ) from outcome
    if isinstance(outcome, BaseException) and not isinstance(outcome, asyncio.CancelledError):
        raise outcome


async def _start(site: web.TCPSite, listen: str) -> None:
    try:
        await site.start()
    except OSError as error:
        raise BorgError(
            f"cannot listen at {listen}: {error.strerror or error}",
            hint="another process may use the port; port 0 takes a free one",
        ) from error


def _address(runner: web.AppRunner, tls: bool) -> str:
    host, port = runner.addresses[0][:2]
    return f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
