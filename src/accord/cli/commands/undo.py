"""`accord undo`: take back the last operation."""

import click

from accord.cli.context import Context, command
from accord.cli.render import wrap


@click.command()
@click.argument("change", default="")
@command
def undo(context: Context, change: str) -> None:
    """Take back the last operation (of CHANGE); nothing is deleted by it."""
    from accord.app import undoing

    said = undoing.undo(context.workshop(), change)
    context.answer({"undone": said}, [wrap(said)])
