"""The reference of the built-in functions, as docs/BCL.md shows it."""

from borgpy.bcl.functions import GROUPS, Builtin


def function_reference() -> str:
    """Markdown tables of every built-in function, one for each group."""
    return "\n".join(_table(title, group) for title, group in GROUPS.items())


def _table(title: str, group: tuple[Builtin, ...]) -> str:
    rows = [
        f"**{title[0].upper()}{title[1:]}**",
        "",
        "| function | what it gives | for example |",
        "|---|---|---|",
    ]
    for builtin in group:
        example = f"`{builtin.example}` is `{builtin.result}`"
        cells = (f"`{builtin.signature}`", builtin.doc, example)
        rows.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    return "\n".join([*rows, ""])
