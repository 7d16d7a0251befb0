"""What this machine is and has."""

import os
import platform
import re
import socket
from pathlib import Path

import psutil

from borgpy.borglet.run import boot_id
from borgpy.model.names import MACHINE_PATTERN
from borgpy.model.resources import MILLI, Resources

_UNFIT = re.compile(r"[^A-Za-z0-9_.-]")


def machine_name() -> str:
    """The host's name, as far as it may name a machine."""
    name = _UNFIT.sub("-", socket.gethostname()).lstrip("_.-")[:128]
    return name if MACHINE_PATTERN.match(name) else "machine"


def machine_attributes() -> dict[str, str]:
    """What constraints may ask for and operators want to see."""
    return {
        "arch": platform.machine(),
        "boot_id": boot_id(),
        "host": socket.gethostname(),
        "kernel": platform.release(),
        "os": platform.system().lower(),
    }


def machine_capacity(data: Path, ports: int) -> Resources:
    """All of the machine: its CPUs, its RAM, what is free on the disk that holds ``data``, and ``ports``."""
    return Resources(
        cpu=(os.cpu_count() or 1) * MILLI,
        ram=psutil.virtual_memory().total,
        disk=psutil.disk_usage(str(data)).free,
        ports=ports,
    )
