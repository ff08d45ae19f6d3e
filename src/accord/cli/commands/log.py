"""`accord log`: the operations, the newest first."""

import click

from accord.cli.context import Context, command
from accord.cli.render import wrap


@click.command()
@click.argument("change", default="")
@click.option(
    "-n", "count", type=click.IntRange(min=1), default=30, show_default=True, help="How many."
)
@command
def log(context: Context, change: str, count: int) -> None:
    """List the operations (of CHANGE), the newest first, with what each moved."""
    from accord.app import views

    workshop = context.workshop()
    data = views.history(workshop.journal.operations(change=change)[:count])
    lines = []
    for one in data["operations"]:
        moved = ", ".join(
            f"{ref.removeprefix('refs/')} {at['before'][:8] or 'new'}..{at['after'][:8] or 'gone'}"
            for ref, at in one["refs"].items()
        )
        head = f"{one['number']:>4} {one['at']} {one['actor']}:"
        words = [head, *(one[name] for name in ("verb", "change", "detail") if one[name])]
        lines.append(wrap(" ".join(words), "", "     "))
        lines.append(wrap(moved, "     "))
    context.answer(data, lines or ["nothing happened yet"])
