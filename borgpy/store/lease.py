"""The lease in a database: who should try to lead, so that standbys do not all try at once."""

from collections.abc import Callable

from sqlalchemy import ColumnElement, Engine, and_, insert, select, update
from sqlalchemy.exc import IntegrityError

from borgpy.store.engine import reading, writing
from borgpy.store.faces import Lease
from borgpy.store.tables import LEASE

NOBODY = ""


class SqlLeases:
    """`borgpy.store.faces.Leases` over SQLite or PostgreSQL. Every change compares before it swaps."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def acquire(
        self, name: str, holder: str, at: int, ttl_ms: int, dead: Callable[[str], bool]
    ) -> Lease | None:
        # Looking at a process may take a while; no transaction stands open meanwhile.
        found = self._find(name)
        wanted = successor(found, name, holder, at, ttl_ms, dead)
        if wanted is None:
            return None
        if found is not None:
            # Its holder may have renewed it meanwhile: then it was alive after all.
            untouched = and_(_tenure(found), LEASE.c.expires_at == found.expires_at)
            return self._swap(untouched, wanted)
        try:
            with writing(self._engine) as connection:
                connection.execute(insert(LEASE), _row(wanted))
        except IntegrityError:
            return None
        return wanted

    def renew(self, lease: Lease, at: int, ttl_ms: int) -> Lease | None:
        return self._swap(_tenure(lease), extended(lease, at, ttl_ms))

    def release(self, lease: Lease) -> None:
        self._swap(_tenure(lease), released(lease))

    def current(self, name: str) -> Lease | None:
        found = self._find(name)
        return found if found and found.holder != NOBODY else None

    def _find(self, name: str) -> Lease | None:
        with reading(self._engine) as connection:
            row = connection.execute(select(LEASE).where(LEASE.c.name == name)).first()
        return Lease(*row) if row else None

    def _swap(self, expected: ColumnElement[bool], new: Lease) -> Lease | None:
        with writing(self._engine) as connection:
            swapped = connection.execute(update(LEASE).where(expected).values(_row(new))).rowcount
        return new if swapped else None


def successor(
    found: Lease | None, name: str, holder: str, at: int, ttl_ms: int, dead: Callable[[str], bool]
) -> Lease | None:
    """The lease that ``holder`` may put in place of the one found; None if that one is somebody's."""
    if found is None:
        return Lease(name, holder, 1, at + ttl_ms)
    if found.holder == holder:
        return extended(found, at, ttl_ms)
    if found.holder == NOBODY or found.expires_at <= at or dead(found.holder):
        return Lease(name, holder, found.epoch + 1, at + ttl_ms)
    return None


def extended(lease: Lease, at: int, ttl_ms: int) -> Lease:
    return Lease(lease.name, lease.holder, lease.epoch, at + ttl_ms)


def released(lease: Lease) -> Lease:
    """Nobody's lease; it keeps the epoch, so that the next holder's is higher."""
    return Lease(lease.name, NOBODY, lease.epoch, 0)


def _tenure(lease: Lease) -> ColumnElement[bool]:
    """Holder and epoch name one tenure, however often it was renewed."""
    return and_(
        LEASE.c.name == lease.name,
        LEASE.c.holder == lease.holder,
        LEASE.c.epoch == lease.epoch,
    )


def _row(lease: Lease) -> dict[str, object]:
    return {
        "name": lease.name,
        "holder": lease.holder,
        "epoch": lease.epoch,
        "expires_at": lease.expires_at,
    }
