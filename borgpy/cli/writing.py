"""Writing files of people: either all of a new content is there, or all of the old one."""

import os
from pathlib import Path

from borgpy.errors import BorgError

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


def replace_file(path: Path, content: bytes) -> None:
    """Gives a file another content, and leaves its permissions as they are. A link to it stays one."""
    real = os.path.realpath(path)
    beside = f"{os.path.dirname(real)}/.{os.path.basename(real)}.{os.getpid()}"
    try:
        mode = os.stat(real).st_mode & 0o7777 if os.path.exists(real) else None
        descriptor = os.open(beside, _NEW, 0o666)
        try:
            with open(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(descriptor)
                if mode is not None:
                    os.fchmod(descriptor, mode)
            os.replace(beside, real)
        except OSError:
            os.unlink(beside)
            raise
    except OSError as error:
        raise BorgError(f"{path} cannot be written: {error.strerror}") from error
