"""`accord hand-over`: give a piece of work to another agent."""

import click

from accord.cli.context import Context, command
from accord.cli.render import wrap


@click.command("hand-over")
@click.argument("change")
@click.argument("subject")
@click.argument("agent")
@command
def hand_over(context: Context, change: str, subject: str, agent: str) -> None:
    """Give the work at SUBJECT (a stage or a task) of CHANGE to AGENT, with what is there."""
    from accord.app import pausing

    said = pausing.hand_over(context.workshop(), change, subject, agent)
    context.answer({"said": said}, [wrap(said)])
