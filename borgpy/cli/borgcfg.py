"""The `borgcfg` command: which commands there are, and what each way of ending means to the caller."""

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from borgpy import __version__
from borgpy.cli.options import global_options
from borgpy.errors import BorgError

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("files", "Write the example job and its web server into a folder."),
    "validate": ("checking", "Check job files, without a cell."),
    "fmt": ("formatting", "Lay job files out as everybody does."),
    "lint": ("checking", "Tell what is allowed in job files, and probably not meant."),
    "render": ("files", "Print jobs as the cell would get them, or whatever else a file comes to."),
    "explain": ("comparing", "Tell where a value comes from, or what a field may hold."),
    "diff": ("comparing", "Tell what is different between what two job files come to."),
    "lock": ("locking", "Hold what job files import to what it is now."),
    "up": ("up", "Make jobs so: create them, change them, wait until they are healthy."),
    "down": ("down", "Stop jobs."),
    "kill": ("down", "Kill some tasks of a job."),
    "status": ("status", "How jobs are, worst first."),
    "tasks": ("tasks", "The tasks of a job."),
    "why": ("tasks", "Why a task is where it is."),
    "logs": ("logs", "What tasks wrote, also dead ones."),
    "events": ("events", "What happened in the cell."),
    "quota": ("quota", "Who may use how much."),
    "machine": ("machine", "The machines of the cell."),
    "cell": ("cell", "The cell itself: start one here, stop it, look at it."),
    "lsp": ("lsp", "Tell an editor about job files, as a language server."),
    "version": ("version", "Which release this is."),
    "completion": ("version", "Code that makes a shell complete borgcfg's arguments."),
}
"""Every command, the module of `borgpy.cli.commands` which holds it, and one line about it."""

TAKES_A_FILE = ("up", "down", "validate", "fmt", "lint", "render", "explain", "diff", "lock")
"""The commands that Borg's own order ``borgcfg FILE up`` is understood for."""

USAGE = 64
INTERRUPTED = 130

EXIT_CODES = """\b
Exit codes: 0 ok, 1 failed, 2 different (only diff --detailed-exitcode),
3 accepted but not all placed, 4 invalid config, 5 not found, 6 conflict, 7 unreachable,
8 not allowed, 9 timed out, 10 refused by admission, 64 usage, 130 interrupted."""


class LazyGroup(click.Group):
    """Commands that are imported when they are called, so that `borgcfg version` does not pay for `borgcfg up`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"borgpy.cli.commands.{COMMANDS[cmd_name][0]}")
        found: click.Command = getattr(module, cmd_name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            close = get_close_matches(args[0], COMMANDS, 1)
            meant = f" Did you mean {close[0]!r}?" if close else ""
            raise click.UsageError(f"There is no command {args[0]!r}.{meant}", ctx) from error


def _say_version(ctx: click.Context, param: click.Parameter, asked: bool) -> None:
    if asked:
        click.echo(f"borgcfg {__version__}")
        ctx.exit()


cli = LazyGroup(
    "borgcfg",
    params=[
        *global_options(hidden=False),
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_say_version,
            help="Say which release this is.",
        ),
    ],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Say what should run; the cell keeps it running.\n\n"
    "Try: borgcfg init && borgcfg up hello_world.borg",
    epilog=EXIT_CODES,
)


def main() -> None:
    """The console script."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Carry out one command line; the exit code."""
    try:
        result: Any = cli.main(in_our_order(arguments), prog_name="borgcfg", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return USAGE
    except click.ClickException as error:
        error.show()
        return USAGE
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except BorgError as error:
        if error.exit_code == INTERRUPTED:
            click.echo(str(error), err=True)
            return INTERRUPTED
        # What is wrong in a file begins with its place, where editors look for it.
        is_placed = hasattr(error, "diagnostics")
        before = "" if is_placed else click.style("error: ", fg="red", bold=True)
        click.echo(f"{before}{error}", err=True)
        if "-v" in arguments or "--verbose" in arguments:
            import traceback

            traceback.print_exception(error)
        return error.exit_code
    except OSError as error:  # a folder that cannot be made, a disk that is full
        click.echo(f"{click.style('error: ', fg='red', bold=True)}{os_words(error)}", err=True)
        return BorgError.exit_code
    return result if isinstance(result, int) else 0


def os_words(error: OSError) -> str:
    """What the system refused, and where: ``/x/y: Permission denied``."""
    return f"{error.filename}: {error.strerror}" if error.filename else str(error)


def in_our_order(arguments: Sequence[str]) -> list[str]:
    """``FILE up …`` as ``up FILE …``, where ``FILE`` is a job file or ``-``; everything else as it is."""
    takes_value = {
        name
        for option in cli.params
        if isinstance(option, click.Option) and not option.is_flag
        for name in option.opts
    }
    at = 0
    while at < len(arguments) and arguments[at].startswith("-") and arguments[at] != "-":
        at += 2 if arguments[at] in takes_value else 1
    file, verb = (*arguments[at : at + 2], "", "")[:2]
    is_file = file == "-" or (file.endswith(".borg") and Path(file).is_file())
    if not (is_file and verb in TAKES_A_FILE):
        return list(arguments)
    return [*arguments[:at], verb, file, *arguments[at + 2 :]]


if __name__ == "__main__":
    main()
