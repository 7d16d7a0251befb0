"""`borgcfg lsp`: what editors start."""

import click

from borgpy.cli.options import Options, command
from borgpy.errors import BorgError


@command("lsp", parameters=[click.option("--stdio", is_flag=True, hidden=True)])
def lsp(options: Options, stdio: bool) -> None:
    """Speak the language server protocol on stdin and stdout.

    An editor starts this, not a person; editors/vscode in the repository has the folder for VS Code.
    """
    try:
        from borgpy.cli.lsp.server import server
    except ModuleNotFoundError as error:
        message = f"the language server needs {error.name}, which is not installed"
        raise BorgError(message, hint="pip install 'borgpy[lsp]'") from error
    from borgpy.clock import SystemClock

    server(SystemClock()).start_io()
