"""`accord log`: the operations, the newest first."""

import os
from typing import TYPE_CHECKING

import click

from accord.cli.context import Context, command
from accord.cli.render import wrap

if TYPE_CHECKING:
    from pathlib import Path

    from accord.core.ports import Journal

FEW = 6


@click.command()
@click.argument("change", default="")
@click.option(
    "-n", "count", type=click.IntRange(min=1), default=30, show_default=True, help="How many."
)
@command
def log(context: Context, change: str, count: int) -> None:
    """List the operations (of CHANGE), the newest first, with what each moved."""
    from accord.app import views

    journal, top = _opened(context)
    data = views.history(journal.operations(change=change)[:count])
    lines = []
    for one in data["operations"]:
        moved = [
            f"{ref.removeprefix('refs/')} {at['before'][:8] or 'new'}..{at['after'][:8] or 'gone'}"
            for ref, at in one["refs"].items()
        ]
        files = [
            f"{os.path.relpath(path, top)} {_short(at['before']) or 'new'}.."
            f"{_short(at['after']) or 'gone'}"
            for path, at in one["files"].items()
        ]
        moved += files[:FEW]
        if len(files) > FEW:
            moved.append(f"and {len(files) - FEW} files more")
        head = f"{one['number']:>4} {one['at']} {one['actor']}:"
        words = [head, *(one[name] for name in ("verb", "change", "detail") if one[name])]
        lines.append(wrap(" ".join(words), "", "     "))
        lines.append(wrap(", ".join(moved), "     "))
    context.answer(data, lines or ["nothing happened yet"])


def _opened(context: Context) -> tuple["Journal", "Path"]:
    from accord.wiring.opening import NotSetUpError

    try:
        workshop = context.workshop()
    except NotSetUpError:  # archive, convert, import and revise work anyhow, and are written down
        files = context.files(logged=True)
        return files.journal, files.top
    return workshop.journal, workshop.top


def _short(state: str) -> str:
    return state.partition(":")[2][:8]
