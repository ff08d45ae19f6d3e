"""`accord approve`: approve the gate that a change stands before."""

import sys
from typing import Any

import click

from accord.cli import correcting
from accord.cli.commands import show
from accord.cli.context import Context, command
from accord.cli.render import plain, wrap
from accord.errors import ConfigurationError

STAGES = ["story", "design", "architecture", "implementation", "review", "release"]


@click.command()
@click.argument("change", default="")
@click.option("--seen", default="", help="What `accord show` printed: signs just what you saw.")
@click.option("--yes", is_flag=True, help="Sign without showing the gate first.")
@click.option("--through", type=click.Choice(STAGES), help="Approve every gate up to this one.")
@click.option("--waive", default="", metavar="REASON",
              help="Sign that what stands in the way may stay.")  # fmt: skip
@click.option("--track", type=click.Choice(["trivial", "small", "full"]),
              help="Sign another track for the change.")  # fmt: skip
@command
def approve(
    context: Context, change: str, seen: str, yes: bool, through: str | None, waive: str,
    track: str | None,
) -> None:  # fmt: skip
    """Approve the gate that CHANGE stands before, by a signature over what it covers."""
    from accord.app import reviewing
    from accord.app.changes import choose
    from accord.app.records import refuse_agents
    from accord.core.model import Stage, Track

    if (waive or track) and (seen or yes or through):
        raise ConfigurationError(
            "--waive and --track sign something else than --seen, --yes and --through do",
            hint="run accord approve once for each",
        )
    refuse_agents()
    workshop = context.workshop()
    name = choose(workshop, change).name
    if waive and not track:
        words = reviewing.waive(workshop, name, waive)
        context.answer({"change": name, "waived": words}, [wrap(f"waived: {words}")])
        return
    if track:
        reason = waive or f"chosen by {workshop.person}"
        changed = reviewing.retrack(workshop, name, Track(track), reason)
        lines = [plain(f"{name} is on the {track} track now"), plain(f"next: accord run {name}")]
        context.answer({"change": name, "track": str(changed.track)}, lines)
        return
    token = seen or _confirmed(context, name, yes=yes)
    last = Stage(through) if through else None
    done = reviewing.approve(workshop, name, token=token, through=last)
    data: dict[str, Any] = {
        "change": name,
        "approved": [
            {"stage": str(one.stage), "record": one.record.digest, "standing": one.gate.standing}
            for one in done
        ],
    }
    lines = [
        wrap(f"{one.stage}: {one.gate.reason} (record {one.record.digest[:12]})") for one in done
    ]
    waiting = correcting.waiting(workshop, name, [one.stage for one in done])
    data["corrections"] = sum(len(prompts) for _, prompts in waiting)
    if waiting and not correcting.may_ask(context):
        lines.append(plain(f"corrections to keep as rules: accord decisions capture {name}"))
    context.answer(data, [*lines, plain(f"next: accord run {name}")])
    if waiting and correcting.may_ask(context):
        correcting.ask(workshop, name, waiting)


def _confirmed(context: Context, name: str, *, yes: bool) -> str:
    """Show the gate and ask, on a terminal; return what was shown. Elsewhere `--yes` is needed."""
    from accord.app import views
    from accord.app.changes import load
    from accord.app.reviewing import saved, seen, waiting

    workshop = context.workshop()
    waiting(load(workshop, name))  # what is not ready is refused before anything is written
    change = saved(workshop, name)
    token = seen(waiting(change))
    if yes:
        return token
    if not sys.stdin.isatty():
        raise ConfigurationError(
            "there is no terminal to show the gate on",
            hint=f"accord show {name}, then approve with the --seen that it prints",
        )
    for line in show.lines(views.show(workshop, change)):
        click.echo(line)
    click.confirm("\nSign this?", abort=True)
    return token
