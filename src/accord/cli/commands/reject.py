"""`accord reject`: send the work of a stage back with a reason."""

import click

from accord.cli.context import Context, command
from accord.cli.render import plain, wrap


@click.command()
@click.argument("change", default="")
@click.option("--reason", required=True, help="What should change; the next draft is given it.")
@click.option("--stage", type=click.Choice(["story", "design", "architecture", "implementation",
              "review", "release"]), help="The stage; without it the one that waits.")  # fmt: skip
@click.option("--task", "tasks", multiple=True, help="The task that it is about.")
@command
def reject(
    context: Context, change: str, reason: str, stage: str | None, tasks: tuple[str, ...]
) -> None:
    """Send the work of a stage of CHANGE back, by a signed record."""
    from accord.app import reviewing
    from accord.app.changes import choose
    from accord.core.model import Stage

    workshop = context.workshop()
    name = choose(workshop, change).name
    wanted = Stage(stage) if stage else None
    record = reviewing.reject(workshop, name, reason, stage=wanted, tasks=tasks)
    data = {"change": name, "stage": record.approval.gate, "record": record.digest}
    sent = f"sent the {record.approval.gate} of {name} back (record {record.digest[:12]})"
    context.answer(data, [wrap(sent), plain(f"next: accord run {name}")])
