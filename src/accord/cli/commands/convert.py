"""`accord convert`: a spec in another format, with a report of what could not be carried."""

from typing import TYPE_CHECKING

import click
from attrs import asdict

from accord.cli.context import Context, command
from accord.cli.render import wrap

if TYPE_CHECKING:
    from pathlib import Path


SHOWN = 20


@click.command()
@click.argument("folder")
@click.argument("target", metavar="FORMAT")
@click.option("--into", default="", metavar="FOLDER", help="Where to write it.")
@command
def convert(context: Context, folder: str, target: str, into: str) -> None:
    """Write the spec in FOLDER anew as native, kiro, spec-kit or openspec; FOLDER stays."""
    from functools import partial

    from accord.app import converting, rewriting
    from accord.git.locate import locate

    root = locate(context.folder).top
    named = [inside(root, context.folder, one) if one else "" for one in (folder, into)]
    write = partial(rewriting.rewrite, context.files())
    done = converting.convert(root, named[0], target, write, named[1])
    lines = [wrap(f"{done.folder} holds {done.source} as {done.format}")]
    told = [f"not carried: {one.what}: {one.why}" for one in done.left[:SHOWN]]
    lines += [wrap(one, "  ", "    ") for one in told]
    if len(done.left) > SHOWN:
        lines.append(f"  and {len(done.left) - SHOWN} more")
    lines.append(wrap(f"{done.folder}/{converting.REPORT} has the new ids and what was left"))
    context.answer(asdict(done), lines)


def inside(root: "Path", here: "Path", name: str) -> str:
    """Return the path `name`, as typed in the folder `here`, from the repository's root."""
    path = (here.absolute() / name).resolve()
    return path.relative_to(root.resolve()).as_posix() if path.is_relative_to(root) else str(path)
