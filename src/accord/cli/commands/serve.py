"""`accord serve`: the review room, a web app for one person on this machine."""

import click

from accord.cli.context import Context, command


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default="a free one",
              help="Listen on this port.")  # fmt: skip
@click.option("--no-open", is_flag=True, help="Do not open a browser.")
@click.option("--window", is_flag=True, help="Open a window instead of a browser.")
@command
def serve(context: Context, port: int, *, no_open: bool, window: bool) -> None:
    """Serve the review room on this machine, for you alone.

    What you decide there is signed by your passkey, or here, after you confirm it.
    """
    from accord.app.records import refuse_agents
    from accord.cli.serving import Serving

    refuse_agents()
    Serving(context, port, opens=not no_open and not window, window=window).run()
