"""The tables of a cell's database. A change here needs a migration beside it (migrations/cell)."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

# Constraints have names, so that a later migration can speak of them on every database.
METADATA = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "ix": "ix_%(table_name)s_%(column_0_N_name)s"}
)

# Times are milliseconds and sequences never stop growing: both need 64 bits on PostgreSQL. SQLite's integers always have
# them, and only a key of exactly the type INTEGER is the row's own place rather than a second index.
SEQUENCE = BigInteger().with_variant(Integer, "sqlite")

JOURNAL = Table(
    "journal",
    METADATA,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("operation", LargeBinary, nullable=False),
)

CHECKPOINT = Table(
    "checkpoint",
    METADATA,
    Column("seq", SEQUENCE, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("state_hash", String(128), nullable=False),
    Column("blob", LargeBinary, nullable=False),
)

LEASE = Table(
    "lease",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("holder", String(400), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

# ``job``, ``task_index`` and ``machine`` repeat what stands in ``body``, for queries; null where an event has none.
EVENT_HISTORY = Table(
    "event_history",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("job", String(200)),
    Column("task_index", Integer),
    Column("machine", String(200)),
    Column("body", Text, nullable=False),
    Index(None, "job", "seq"),
)

USAGE_HISTORY = Table(
    "usage_history",
    METADATA,
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("job", String(200), primary_key=True),
    Column("task_index", Integer, primary_key=True, autoincrement=False),
    Column("machine", String(200), primary_key=True),
    Column("cpu", BigInteger, nullable=False),
    Column("ram", BigInteger, nullable=False),
    Column("disk", BigInteger, nullable=False),
    Index(None, "job", "at"),
    sqlite_with_rowid=False,
)
