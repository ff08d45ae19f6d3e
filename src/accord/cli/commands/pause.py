"""`accord pause`: have a piece of work wait."""

import click

from accord.cli.context import Context, command
from accord.cli.render import wrap


@click.command("pause")
@click.argument("change")
@click.argument("subject")
@command
def pause(context: Context, change: str, subject: str) -> None:
    """Have the work at SUBJECT (a stage or a task) of CHANGE wait; nothing of it is lost."""
    from accord.app import pausing

    said = pausing.pause(context.workshop(), change, subject)
    context.answer({"said": said}, [wrap(said)])
