"""`accord serve`: the review room, a web app for one person on this machine."""

from pathlib import Path

import click

from accord.cli.context import Context, command


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default="a free one",
              help="Listen on this port.")  # fmt: skip
@click.option("--no-open", is_flag=True, help="Do not open a browser.")
@click.option("--window", is_flag=True, help="Open a window instead of a browser.")
@click.option("--team", type=click.Path(path_type=Path), metavar="FILE",
              help="Serve a team, as the file says.")  # fmt: skip
@command
def serve(
    context: Context, port: int, team: Path | None, *, no_open: bool, window: bool
) -> None:  # fmt: skip
    """Serve the review room on this machine, for you alone or for a team.

    What you decide there is signed by your passkey, or here, after you confirm it.
    """
    from accord.app.records import refuse_agents
    from accord.cli.serving import Serving

    refuse_agents()
    if team is not None:
        from accord.cli.serving import serve_team
        from accord.errors import ConfigurationError
        from accord.web.team import read

        if port or no_open or window:
            raise ConfigurationError("the file says where a team is served",
                                     hint="accord serve --team FILE")  # fmt: skip
        serve_team(context, read((context.folder / team.expanduser()).absolute()))
        return
    Serving(context, port, opens=not no_open and not window, window=window).run()
