"""`accord run`: let everything go on that waits for nobody."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from accord.cli.context import Context, command
from accord.cli.render import plain, style, wrap

if TYPE_CHECKING:
    from accord.app.workshop import Workshop
    from accord.core.orders import AgentEvent
    from accord.core.reconcile import Wait
    from accord.engine.crew import Crew


@click.command()
@click.argument("change", default="")
@click.option("--agent", multiple=True, metavar="[STAGE=|TASK=]NAME",
              help="Use this agent, for every stage or for the one named.")  # fmt: skip
@click.option("--script", type=click.Path(exists=True, dir_okay=False, resolve_path=True),
              help="Play this script in place of an agent, and say so.")  # fmt: skip
@click.option("--built", multiple=True, metavar="TASK", help="A task that you built by hand.")
@click.option("--follow", is_flag=True, help="Print what agents say and do, as it comes.")
@click.option("--accept-unsandboxed", "accepted", is_flag=True,
              help="Run agents with no wall around them, this once.")  # fmt: skip
@command
def run(
    context: Context, change: str, agent: tuple[str, ...], script: str | None,
    built: tuple[str, ...], *, follow: bool, accepted: bool,
) -> None:  # fmt: skip
    """Go on with CHANGE (or with all) until whatever is left waits for a person."""
    from accord.app.changes import choose, find
    from accord.app.running import refuse_early
    from accord.wiring import opening

    workshop = opening.with_agent(context.workshop(), agent=agent, script=script or "")
    workshop.accepts_open = accepted
    names = (
        [choose(workshop, change).name]
        if change or built
        else [one.change for one in find(workshop)]
    )

    if built:
        refuse_early(choose(workshop, names[0]), built)

    drive_on(context, workshop, names, built=built, follow=follow)


def drive_on(
    context: Context, workshop: "Workshop", names: list[str], *, built: tuple[str, ...] = (),
    only: str = "", follow: bool = False,
) -> None:  # fmt: skip
    """Drive the changes called `names` and say how it goes; exit with what went wrong.

    `only` is the one stage or task that is worked on, where there is one. With `follow` all that
    agents say and do is printed as it comes; it is a claim, whoever says it.
    """
    from attrs import asdict

    from accord.engine.drive import Event, drive
    from accord.wiring import opening

    def tell(event: Event) -> None:
        mark = "" if event.good else "not done: "
        words = f"{event.change} {event.subject}: {mark}{event.text}"
        context.remark(wrap(words, "  ", "    "))

    def heard(change: str, subject: str, event: "AgentEvent") -> None:
        for line in (event.text or event.path).splitlines():
            context.remark(wrap(f"{change} {subject} {event.kind}: {line}", "    ", "      "))

    from accord.wiring.sharing import is_shared

    for line in opening.warnings(workshop):
        said = wrap(line, "", "  ")
        context.remark(style(said, err=True, fg="red") if line.startswith("warning") else said)
    crew = _crew(context, workshop, names) if is_shared() else None
    try:
        outcome = drive(workshop, names, tell=tell, handed_in=built, only=only,
                        heard=heard if follow else None, crew=crew)  # fmt: skip
    except KeyboardInterrupt:
        went = "its agents were ended, what they wrote is kept: accord salvage"
        alone = "an agent that runs goes on, and accord run finds it"
        click.echo(f"stopped; {went if crew else alone}", err=True)
        raise click.exceptions.Exit(130) from None
    waits = _told(workshop, outcome.waits)
    data = {"waits": [{**asdict(one), "whom": whom} for one, whom in waits],
            "released": list(outcome.released)}  # fmt: skip
    lines = [wrap(f"{name} is released") for name in outcome.released]
    for one, whom in waits:
        lines.append(wrap(f"{one.change} waits for {whom or 'you'}: {one.what}"))
        lines += [f"  in {plain(one.place)}"] if one.place else []
        lines.append(f"  accord show {plain(one.change)}" if whom else f"  {plain(one.command)}")
    context.answer(data, lines or ["nothing waits"])
    if outcome.exit_code:
        raise click.exceptions.Exit(outcome.exit_code)


def _told(workshop: "Workshop", waits: Sequence["Wait"]) -> list[tuple["Wait", str]]:
    """Return each wait with for whom it is, in words, where the person here cannot sign it."""
    from accord.app import deciders, views
    from accord.wiring import opening

    if not any(one.signed_at for one in waits):
        return [(one, "") for one in waits]
    who = opening.reader(workshop) or deciders.named(workshop)
    rows = views.status(workshop, who)["changes"]
    others = {row["change"]: row["whom"] for row in rows}
    return [(one, others.get(one.change, "") if one.signed_at else "") for one in waits]


def _crew(context: Context, workshop: "Workshop", names: list[str]) -> "Crew":
    """Return the crew to drive with; a person asks again for what was tried in vain."""
    from accord.wiring.crewing import open_crew

    crew = open_crew(workshop, lambda change, words: context.remark(
        wrap(f"{change}: {words}", "  ", "    ")),
        lasting=False, slots=workshop.config.parallel)  # fmt: skip
    click.get_current_context().call_on_close(crew.board.close)
    crew.ask_again(names)
    return crew
