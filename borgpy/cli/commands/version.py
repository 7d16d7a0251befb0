"""`borgcfg version` and `borgcfg completion`."""

import click

from borgpy import __version__
from borgpy.cli.options import Options, Output, command


@command("version")
def version(options: Options) -> None:
    """Which release this is."""
    if options.output is Output.JSON:
        click.echo(f'{{"version":"{__version__}"}}')
    else:
        click.echo(f"borgcfg {__version__}")


@command(
    "completion",
    parameters=[click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))],
    epilog='For bash: eval "$(borgcfg completion bash)"',
)
def completion(options: Options, shell: str) -> None:
    """Code that makes a shell complete borgcfg's arguments."""
    from click.shell_completion import get_completion_class

    from borgpy.cli.borgcfg import cli

    kind = get_completion_class(shell)
    assert kind is not None, "click knows the three shells"
    click.echo(kind(cli, {}, "borgcfg", "_BORGCFG_COMPLETE").source())
