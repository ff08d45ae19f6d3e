"""`accord status`: what to do now, and every open change."""

import click

from accord.cli.context import Context, command
from accord.cli.render import plain, style, table, wrap


@click.command()
@command
def status(context: Context) -> None:
    """Say what to do now, and list every open change."""
    from accord.app import views

    data = views.status(context.workshop())
    now = data["now"]
    lines = [style(wrap(now["what"]), bold=True), f"  {plain(now['command'])}"]
    if data["changes"]:
        rows = [
            (row["change"], row["track"], row["stage"], row["waits"]) for row in data["changes"]
        ]
        lines += ["", *table(rows, ("CHANGE", "TRACK", "STAGE", "WAITS FOR"))]
    if data["released"]:
        lines += ["", wrap(f"released: {', '.join(data['released'][-5:])}")]
    context.answer(data, lines)
