"""Journal, checkpoints, lease and history."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "journal",
        sa.Column("seq", SEQUENCE, autoincrement=False, nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_journal"),
    )
    op.create_table(
        "checkpoint",
        sa.Column("seq", SEQUENCE, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("state_hash", sa.String(128), nullable=False),
        sa.Column("blob", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_checkpoint"),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("holder", sa.String(400), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )
    op.create_table(
        "event_history",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("job", sa.String(200)),
        sa.Column("task_index", sa.Integer()),
        sa.Column("machine", sa.String(200)),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", "ordinal", name="pk_event_history"),
    )
    op.create_index("ix_event_history_job_seq", "event_history", ["job", "seq"])
    op.create_table(
        "usage_history",
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("job", sa.String(200), nullable=False),
        sa.Column("task_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("machine", sa.String(200), nullable=False),
        sa.Column("cpu", sa.BigInteger(), nullable=False),
        sa.Column("ram", sa.BigInteger(), nullable=False),
        sa.Column("disk", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("at", "job", "task_index", "machine", name="pk_usage_history"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_usage_history_job_at", "usage_history", ["job", "at"])


def downgrade() -> None:
    for table in ("usage_history", "event_history", "lease", "checkpoint", "journal"):
        op.drop_table(table)
