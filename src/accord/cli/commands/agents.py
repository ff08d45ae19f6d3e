"""`accord agents`: which agents there are here, and what each can do."""

import click

from accord.cli.context import Context, command
from accord.cli.render import plain, wrap


@click.command()
@click.option("--accept-unsandboxed", "accepted", is_flag=True,
              help="Ask agents with no wall around them, this once.")  # fmt: skip
@command
def agents(context: Context, *, accepted: bool) -> None:
    """Find the agents that are configured or installed, and ask each who it is."""
    from attrs import asdict

    from accord.wiring.agency import look

    workshop = context.workshop()
    workshop.accepts_open = accepted
    found = look(workshop)
    lines = []
    for one in found:
        mark = {"answers": "ok     ", "absent": "missing"}.get(one.state, "note   ")
        facts = [one.version, ", ".join(one.can), one.said, one.lacks]
        if not one.tried:
            facts.append("known from its documentation alone")
        said = "; ".join(fact for fact in facts if fact)
        lines.append(wrap(f"{mark} {one.name}: {said}", "", "        "))
        if one.work:
            lines.append(wrap(f"works on: {', '.join(one.work)}", "        "))
        if one.otherwise:
            lines.append(wrap(f"else: {one.otherwise}", "        "))
        if not one.configured:
            words = ", ".join(f'"{word}"' for word in one.command)
            lines.append(f"        [agents.{plain(one.name)}]")
            if one.kind != "acp":
                lines.append(f'        kind = "{one.kind}"')
            if one.command:
                lines.append(f"        command = [{plain(words)}]")
    if not found:
        lines.append("no agent is configured or installed; people write and build")
    context.answer({"agents": [asdict(one) for one in found]}, lines)
    if any(one.configured and one.state in ("absent", "silent") for one in found):
        raise click.exceptions.Exit(1)
