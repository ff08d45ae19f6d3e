"""`accord go-on`: let what was paused go on."""

import click

from accord.cli.context import Context, command
from accord.cli.render import wrap


@click.command("go-on")
@click.argument("change")
@click.argument("subject")
@command
def go_on(context: Context, change: str, subject: str) -> None:
    """Let paused work at SUBJECT (a stage or a task) of CHANGE go on."""
    from accord.app import pausing

    said = pausing.go_on(context.workshop(), change, subject)
    context.answer({"said": said}, [wrap(said)])
