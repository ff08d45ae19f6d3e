"""`accord import`: tasks, an issue or plain markdown as a spec of Accord's own."""

from pathlib import Path

import click
from attrs import asdict

from accord.cli.context import Context, command
from accord.cli.render import wrap


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--into", default="", metavar="FOLDER", help="Where to write it.")
@command
def import_(context: Context, file: Path, into: str) -> None:
    """Write FILE (Task Master's tasks.json, an issue's JSON, markdown) as native documents."""
    from functools import partial

    from accord.app import importing, rewriting
    from accord.cli.commands.convert import inside
    from accord.git.locate import locate

    root = locate(context.folder).top
    target = inside(root, context.folder, into) if into else ""
    write = partial(rewriting.rewrite, context.files())
    done = importing.bring(root, context.folder / file, write, target)
    names = ", ".join(done.files)
    lines = [wrap(f"{done.folder} holds {file.name} as {names}")]
    lines += [wrap(one, "  ", "    ") for one in done.remarks]
    lines.append(wrap(f"accord check {done.folder}"))
    context.answer(asdict(done), lines)
