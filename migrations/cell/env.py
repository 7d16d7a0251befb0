"""How Alembic runs the migrations of a cell's database: within the transaction that it is given."""

from alembic import context
from sqlalchemy import Connection

from borgpy.store.engine import open_engine, writing
from borgpy.store.migrate import VERSION_TABLE
from borgpy.store.tables import METADATA


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        version_table=VERSION_TABLE,
        # SQLite cannot alter most of a table; Alembic then copies it.
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    # For whoever writes a migration: alembic -c migrations/cell/alembic.ini -x store=PATH revision --autogenerate
    engine = open_engine(context.get_x_argument(as_dictionary=True)["store"])
    with writing(engine) as own:
        run(own)
    engine.dispose()
