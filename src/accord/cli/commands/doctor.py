"""`accord doctor`: what works here and what does not."""

import click

from accord.cli.context import Context, command
from accord.cli.render import wrap


@click.command()
@command
def doctor(context: Context) -> None:
    """Check what Accord needs, and say how to mend what is missing."""
    from accord.wiring.doctoring import examine

    found = examine(context.folder)
    lines = []
    for one in found:
        mark = {"good": "ok     ", "bad": "missing", "note": "note   "}[one.state]
        lines.append(wrap(f"{mark} {one.what}: {one.said}", "", "        "))
        if one.hint:
            lines.append(wrap(f"hint: {one.hint}", "        ", "          "))
    data = {"checks": [{"what": one.what, "state": one.state, "said": one.said, "hint": one.hint}
                       for one in found]}  # fmt: skip
    context.answer(data, lines)
    if any(one.state == "bad" for one in found):
        raise click.exceptions.Exit(1)
