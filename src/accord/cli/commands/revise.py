"""`accord revise`: a criterion is superseded or retired in place, with its history."""

import click
from attrs import asdict

from accord.cli.context import Context, command
from accord.cli.render import wrap


@click.command()
@click.argument("folder")
@click.argument("criterion")
@click.argument("words", required=False, default="")
@click.option("--why", required=True, metavar="WORDS", help="Why the old one no longer holds.")
@command
def revise(context: Context, folder: str, criterion: str, words: str, why: str) -> None:
    """Supersede CRITERION of the spec in FOLDER by WORDS, or retire it without any."""
    from functools import partial

    from accord.app import revising, rewriting
    from accord.cli.commands.convert import inside
    from accord.git.locate import locate

    root = locate(context.folder).top
    write = partial(rewriting.rewrite, context.files())
    where = inside(root, context.folder, folder)
    done = revising.revise(root, where, criterion, words, why, write)
    fate = f"is superseded by {done.new}" if done.new else "is retired"
    if done.new == done.retired:  # the host counts places, so the number says something else now
        fate = "has the new words, and keeps its number,"
    lines = [wrap(f"{done.retired} {fate} in {done.file}")]
    lines += [wrap(f"to do: {one.sentence}", "  ", "    ") for one in done.removals]
    lines.append(wrap(f"{done.ledger} keeps what it said"))
    data = {**asdict(done), "removals": [
        {**asdict(one), "sentence": one.sentence} for one in done.removals
    ]}  # fmt: skip
    context.answer(data, lines)
