"""`accord demo`: see a whole change in a throw-away repository."""

import os
from pathlib import Path

import click

from accord.cli.context import Context, command


@click.command()
@click.option("--offline", is_flag=True, help="Use the sample project; ask no registry.")
@click.option("--folder", type=click.Path(path_type=Path), metavar="DIR",
              help="Where it plays: a new folder, or one of its own.")  # fmt: skip
@command
def demo(context: Context, offline: bool, folder: Path | None) -> None:
    """Play a full change and a trivial one on a real project, with a scripted agent."""
    from accord.demo.play import play

    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    root = (folder or cache / "accord" / "demo").absolute()
    say = (lambda _: None) if context.json else click.echo
    end = play(root, say, offline=offline)
    context.answer(end, [])
