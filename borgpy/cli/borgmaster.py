"""borgmaster: runs the Borgmaster of one cell, and looks after its database."""

import asyncio
import logging
import sys
from pathlib import Path

import click

from borgpy import __version__
from borgpy.errors import BorgError


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.option("--cell", help="The cell's name.")
@click.option(
    "--data", type=click.Path(path_type=Path), help="Directory for database and packages."
)
@click.option(
    "--listen",
    default="127.0.0.1:7000",
    show_default=True,
    help="HOST:PORT; port 0 takes a free one.",
)
@click.option("--tokens", type=click.Path(path_type=Path), help="Tokens file: who may do what.")
@click.option(
    "--credential",
    type=click.Path(path_type=Path),
    help="File with the cell's credential, which orders carry.",
)
@click.option("--store", default="", help="Database URL; a SQLite file under --data without it.")
@click.option(
    "--address-file",
    type=click.Path(path_type=Path),
    help="Write the address here once it is served.",
)
@click.option("--poll-interval-ms", default=5000, show_default=True, type=click.IntRange(10))
@click.option(
    "--lost-after-ms",
    default=20_000,
    show_default=True,
    type=click.IntRange(10),
    help="A machine silent for so long is lost.",
)
@click.option(
    "--checkpoint-every",
    default=10_000,
    show_default=True,
    type=click.IntRange(1),
    help="Operations between checkpoints.",
)
@click.option(
    "--tls-cert",
    type=click.Path(path_type=Path),
    help="Certificate to serve with; needed beyond loopback.",
)
@click.option("--tls-key", type=click.Path(path_type=Path))
@click.option(
    "--tls-ca", type=click.Path(path_type=Path), help="Certificates by which Borglets are believed."
)
@click.option(
    "--plugin",
    "plugins",
    multiple=True,
    metavar="NAME=MODULE:FUNCTION",
    help="A function that says where tasks may run, or run well; may be repeated.",
)
@click.option("-v", "--verbose", is_flag=True)
@click.pass_context
def cli(context: click.Context, /, verbose: bool, **flags: object) -> None:
    """Run the Borgmaster of a cell. Ctrl-C or SIGTERM ends it; tasks run on."""
    if context.invoked_subcommand is not None:
        return
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)
    for name in ("cell", "data", "tokens", "credential"):
        if not flags[name]:
            raise click.UsageError(f"--{name} is needed")
    import msgspec

    from borgpy.server.main import serve
    from borgpy.server.settings import Settings

    asyncio.run(serve(msgspec.convert(flags, Settings)))


@cli.group()
def db() -> None:
    """Look after a cell's database."""


@db.command()
@click.argument("store")
def upgrade(store: str) -> None:
    """Bring the database at STORE (a URL or a SQLite file) to this release's revision."""
    from borgpy.store.engine import open_engine
    from borgpy.store.migrate import upgrade as upgrade_database

    done = upgrade_database(open_engine(store))
    if done.before == done.after:
        click.echo(f"{store} is at revision {done.after} already")
        return
    copied = f"; a copy of it as it was is in {done.backup}" if done.backup else ""
    click.echo(f"{store} went from revision {done.before or 'none'} to {done.after}{copied}")


@cli.command()
@click.argument("store")
@click.argument("target", type=click.Path(path_type=Path))
def backup(store: str, target: Path) -> None:
    """Copy the SQLite database STORE to TARGET, consistently, while it is in use."""
    from borgpy.store.backup import backup as copy_database
    from borgpy.store.engine import open_engine

    copy_database(open_engine(store), target)
    click.echo(f"copied {store} to {target}")


@cli.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("store", type=click.Path(path_type=Path))
def restore(source: Path, store: Path) -> None:
    """Put the backup SOURCE in the place of the SQLite database STORE; no Borgmaster may run on it."""
    from borgpy.store.backup import restore as restore_database

    restore_database(source, store)
    click.echo(f"restored {store} from {source}")


def main() -> None:
    try:
        code = cli.main(standalone_mode=False)
    except click.UsageError as error:
        error.show()
        sys.exit(64)
    except click.ClickException as error:
        error.show()
        sys.exit(1)
    except click.Abort:
        sys.exit(130)
    except BorgError as error:
        click.echo(f"borgmaster: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"borgmaster: {where}{error.strerror or error}", err=True)
        sys.exit(BorgError.exit_code)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
