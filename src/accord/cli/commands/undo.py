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
    from accord.wiring.opening import NotSetUpError

    try:
        said = undoing.undo(context.workshop(), change)
    except NotSetUpError:  # what archive, convert, import and revise did can be taken back anyhow
        said = undoing.undo_files(context.files(logged=True), change)
    context.answer({"undone": said}, [wrap(said)])
