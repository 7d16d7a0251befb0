"""Which revision a database has, and how it comes to this release's."""

from pathlib import Path

import msgspec
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from borgpy.errors import StoreTooNew, StoreTooOld
from borgpy.shipped import shipped
from borgpy.store.backup import backup
from borgpy.store.engine import is_sqlite, place_text, reading, sqlite_path, writing

VERSION_TABLE = "alembic_version_cell"
"""Each component has its own, so that a cell and an autoscaler may share one PostgreSQL database."""

# Any number will do as long as nobody else's advisory lock has it: "borg" in ASCII.
_UPGRADE_LOCK = 0x626F7267


class Upgrade(msgspec.Struct, frozen=True):
    """What `upgrade` did: equal revisions mean nothing, an empty ``before`` that the database was new."""

    before: str
    after: str
    backup: Path | None = None


def prepare(engine: Engine) -> Upgrade:
    """What a Borgmaster does before it uses a database: SQLite is upgraded, PostgreSQL only checked.

    A PostgreSQL database may serve other Borgmasters of an older release, so its upgrade is an operator's decision.
    """
    if is_sqlite(engine):
        return upgrade(engine)
    check(engine)
    return Upgrade(latest(), latest())


def upgrade(engine: Engine) -> Upgrade:
    """Bring the database to this release's revision, in one transaction. SQLite is copied first if it holds a cell."""
    before = current(engine)
    if before == latest():
        return Upgrade(before, before)
    _refuse_newer(engine, before)
    copy = None
    if before and is_sqlite(engine):
        copy = sqlite_path(engine).with_suffix(f".before-{latest()}.backup")
        backup(engine, copy)
    migrate_to(engine, "head")
    return Upgrade(before, latest(), copy)


def check(engine: Engine) -> None:
    """`StoreTooOld` or `StoreTooNew` unless the database has this release's revision."""
    found = current(engine)
    _refuse_newer(engine, found)
    if found != latest():
        state = f"is at revision {found}" if found else "is empty"
        raise StoreTooOld(
            f"the database {place_text(engine)} {state}, this release needs {latest()}",
            hint="run `borgmaster db upgrade` once, when no older Borgmaster uses it any more",
        )


def current(engine: Engine) -> str:
    """The database's revision, empty for one that holds no cell yet."""
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        return context.get_current_revision() or ""


def known() -> tuple[str, ...]:
    """The revisions that this release knows, oldest first."""
    scripts = ScriptDirectory.from_config(_config())
    return tuple(reversed([script.revision for script in scripts.walk_revisions()]))


def latest() -> str:
    """The revision that this release works with."""
    return known()[-1]


def migrate_to(engine: Engine, revision: str) -> None:
    """Go up to ``head`` or down to ``base`` (which forgets everything), wholly or not at all."""
    with writing(engine) as connection:
        if not is_sqlite(engine):
            _settle_in(connection)
        config = _config()
        config.attributes["connection"] = connection
        go = command.downgrade if revision == "base" else command.upgrade
        go(config, revision)


def _settle_in(connection: Connection) -> None:
    # A large table takes longer than any other statement may, and of two upgrades the second waits for the first.
    for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        connection.execute(text(f"SET LOCAL {name} = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})


def _refuse_newer(engine: Engine, found: str) -> None:
    if found and found not in known():
        raise StoreTooNew(
            f"the database {place_text(engine)} is at revision {found}, this release knows them up to {latest()}",
            hint=f"install the release that wrote revision {found}, or restore a backup of revision {latest()}",
        )


def _config() -> Config:
    config = Config()
    # Config treats % as the start of a placeholder, and an installation's path may contain one.
    location = str(shipped("migrations") / "cell").replace("%", "%%")
    config.set_main_option("script_location", location)
    return config
