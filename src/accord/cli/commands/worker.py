"""`accord worker`: build and land tasks beside other machines, until it is told to end."""

import signal
from contextlib import closing
from types import FrameType
from typing import TYPE_CHECKING

import click

from accord.cli.context import Context, ask_passphrase, command
from accord.cli.render import style, wrap

if TYPE_CHECKING:
    from accord.engine.crew import Crew
    from accord.engine.drive import Event


@click.command()
@click.option("--slots", type=click.IntRange(1), metavar="N",
              help="How many agents work here at once; else agent.parallel.")  # fmt: skip
@click.option("--remote", default="origin", metavar="NAME", show_default=True,
              help="The remote by which branches travel.")  # fmt: skip
@click.option("--agent", multiple=True, metavar="[STAGE=|TASK=]NAME",
              help="Use this agent, for every stage or for the one named.")  # fmt: skip
@click.option("--script", type=click.Path(exists=True, dir_okay=False, resolve_path=True),
              help="Play this script in place of an agent, and say so.")  # fmt: skip
@click.option("--accept-unsandboxed", "accepted", is_flag=True,
              help="Run agents with no wall around them, as long as this goes on.")  # fmt: skip
@command
def worker(
    context: Context, slots: int | None, remote: str, agent: tuple[str, ...], script: str | None,
    *, accepted: bool,
) -> None:  # fmt: skip
    """Build and land tasks beside other machines, until Ctrl-C.

    The machines share a Postgres, named by ACCORD_DATABASE_URL, and a remote.
    """
    again = True
    try:
        while again:
            again = _work(context, slots, remote, agent, script or "", accepted=accepted)
    except KeyboardInterrupt:
        words = "stopped; its agents were ended, what they wrote is kept: accord salvage"
        click.echo(words, err=True)
        raise click.exceptions.Exit(130) from None
    context.answer({"worker": "ended"}, ["the worker ended; nothing is unfinished here"])


def _work(
    context: Context, slots: int | None, remote: str, agent: tuple[str, ...], script: str, *,
    accepted: bool,
) -> bool:  # fmt: skip
    """Work until drained; tell whether it was only for the rules on the base to be read anew."""
    from attrs import evolve

    from accord.engine.drive import drive
    from accord.wiring import crewing, opening, sharing

    sharing.database().close()  # what is named is looked at before anything is opened

    def tell(event: "Event") -> None:
        mark = "" if event.good else "not done: "
        said = f"{event.change} {event.subject}".strip()
        context.remark(wrap(f"{said}: {mark}{event.text}" if said else event.text, "  ", "    "))

    opened = opening.open_workshop(context.folder, ask_passphrase, patience_s=sharing.PATIENCE_S)
    with closing(opening.with_agent(opened, agent=agent, script=script)) as workshop:
        workshop.accepts_open = accepted
        slots = slots or workshop.config.parallel
        workshop.config = evolve(workshop.config, parallel=slots)
        for line in opening.warnings(workshop):
            said = wrap(line, "", "  ")
            red = line.startswith("warning")
            context.remark(style(said, err=True, fg="red") if red else said)
        crew = crewing.open_crew(workshop, lambda change, words: context.remark(
            wrap(f"{change}: {words}".removeprefix(": "), "  ", "    ")),
            lasting=True, slots=slots, remote=remote)  # fmt: skip
        with closing(crew.board), _Draining(context, crew):
            context.remark(f"at work with {slots} slot{'' if slots == 1 else 's'}; Ctrl-C ends it")
            drive(workshop, (), tell=tell, crew=crew)
        return crew.renewing


class _Draining:
    """While it is entered, the first Ctrl-C begins nothing more and the second ends it all."""

    def __init__(self, context: Context, crew: "Crew") -> None:
        self._context, self._crew = context, crew

    def __enter__(self) -> None:
        self._before = {one: signal.signal(one, self._drain)
                        for one in (signal.SIGINT, signal.SIGTERM)}  # fmt: skip

    def __exit__(self, *_: object) -> None:
        for one, handler in self._before.items():
            signal.signal(one, handler)

    def _drain(self, _number: int, _frame: FrameType | None) -> None:
        if self._crew.draining:
            raise KeyboardInterrupt
        self._crew.draining, self._crew.renewing = True, False
        self._context.remark("what was begun is finished first; Ctrl-C again ends it now")
