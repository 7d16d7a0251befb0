"""Everything one Borgmaster process is told at its start, in one frozen value."""

from pathlib import Path

import msgspec

MIB = 1 << 20


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """``data`` holds the database (unless ``store`` names another) and the packages. Times are milliseconds.

    A machine is lost once it has missed `POLLS_MISSED` polls and said nothing for ``lost_after_ms`` (Borg §3.3: several
    missed polls). A checkpoint is taken every ``checkpoint_every`` operations. ``plugins`` are ``NAME=package.module:function`` each.
    """

    cell: str
    data: Path
    listen: str
    tokens: Path
    credential: Path
    store: str = ""
    address_file: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_ca: Path | None = None
    poll_interval_ms: int = 5000
    lost_after_ms: int = 20_000
    checkpoint_every: int = 10_000
    max_package_bytes: int = 1024 * MIB
    max_body_bytes: int = 1 * MIB
    plugins: tuple[str, ...] = ()

    @property
    def store_url(self) -> str:
        return self.store or str(self.data / "cell.sqlite")

    @property
    def packages(self) -> Path:
        return self.data / "packages"


POLLS_MISSED = 4
