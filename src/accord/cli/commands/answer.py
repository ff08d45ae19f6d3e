"""`accord answer`: answer a question, accept or correct an assumption."""

import re

import click

from accord.cli.context import Context, command
from accord.cli.render import wrap
from accord.errors import ConfigurationError


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="[CHANGE] ID WORDS...")
@click.option("--choose", type=int, metavar="N", help="Answer with the Nth of its choices.")
@command
def answer(context: Context, words: tuple[str, ...], choose: int | None) -> None:
    """Answer question ID, or accept (`yes`) or correct (in words) assumption ID."""
    from accord.app import authoring, changes

    workshop = context.workshop()
    name, item, said = _split(words, chosen=choose is not None)
    change = changes.choose(workshop, name)
    if choose is not None:
        said = authoring.choice(workshop, change, item, choose)
    written = authoring.answer(workshop, change, item, said)
    context.answer({"change": change.name, "item": item, "written": written}, [wrap(written)])


def _split(words: tuple[str, ...], *, chosen: bool) -> tuple[str, str, str]:
    # The name of a change has no capital letter. Where a format numbers no questions, the id
    # is made of what one says: Q#1c52a904.
    found = (
        at for at, word in enumerate(words[:2]) if re.fullmatch(r"[QA](\d+|#\w+(~\d+)?)", word)
    )
    at = next(found, -1)
    if at < 0 or (len(words) > at + 1) is chosen:
        raise ConfigurationError(
            "say which question or assumption, and the answer",
            hint="accord answer my-change Q1 'the answer', or Q1 --choose 2",
        )
    return (words[0] if at else ""), words[at], " ".join(words[at + 1 :])
