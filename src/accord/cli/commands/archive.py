"""`accord archive`: the deltas of an OpenSpec change become part of the specs, and none is lost."""

from typing import TYPE_CHECKING

import click
from attrs import asdict

from accord.cli.context import Context, command
from accord.cli.render import wrap

if TYPE_CHECKING:
    from accord.app.approvers import Approvers
    from accord.app.archiving import Archived, Clash


@click.command()
@click.argument("change")
@click.option("--waive-task", "waived", multiple=True, metavar="TASK",
              help="Let this open task stay open; once for each.")  # fmt: skip
@click.option("--over", multiple=True, metavar="REQUIREMENT",
              help="Take the change's text of it, whoever wrote the present one.")  # fmt: skip
@click.option("--note", is_flag=True,
              help="Only keep what the change is written on, to be committed with it.")  # fmt: skip
@command
def archive(
    context: Context, change: str, waived: tuple[str, ...], over: tuple[str, ...], *, note: bool
) -> None:
    """Merge the deltas of an OpenSpec CHANGE into the specs and move it to the archive."""
    from functools import partial

    from accord.app import archiving, rewriting
    from accord.git.locate import locate
    from accord.git.objects import Objects
    from accord.git.run import Git
    from accord.git.versions import FileHistory
    from accord.wiring.machine import SystemClock

    if note and (waived or over):
        raise click.UsageError("--note archives nothing, so it takes no --waive-task and no --over")
    place = locate(context.folder)
    git = Git(place.common)
    objects = Objects(git)
    click.get_current_context().call_on_close(objects.close)
    history = FileHistory(git, objects, place.head)
    write = partial(rewriting.rewrite, context.files())
    if note:
        _tell_noted(context, *archiving.note(place.top, change, history, write))
        return
    today = SystemClock().now()[:10]
    try:
        done = archiving.archive(
            place.top,
            change,
            history,
            write,
            today=today,
            waived=waived,
            over=over,
            approved=_approvers(context, place.head),
        )
    except archiving.ClashError as error:
        if context.json:
            clashes = [asdict(one) for one in error.clashes]
            context.answer({"error": error.message, "hint": error.hint, "kind": error.kind,
                            "clashes": clashes}, [])  # fmt: skip
            raise click.exceptions.Exit(error.exit_code) from None
        for clash in error.clashes:
            for line in _shown(clash):
                click.echo(line)
        raise
    context.answer(asdict(done), _lines(done))


def _tell_noted(context: Context, path: str, count: int) -> None:
    held = "what 1 requirement was" if count == 1 else f"what {count} requirements were"
    context.answer({"ledger": path, "requirements": count}, [wrap(f"{path} holds {held}")])


def _lines(done: "Archived") -> list[str]:
    lines = [wrap(f"{done.change} is archived in {done.folder}")]
    lines += [wrap(f"{name} is written", "  ") for name in done.specs]
    lines += [wrap(f"{name} keeps its text: the change holds an older one", "  ")
              for name in done.kept]  # fmt: skip
    return [*lines, *(wrap(f"{name} is left open, as you said", "  ") for name in done.waived)]


def _approvers(context: Context, head: str) -> "Approvers":
    """Return what tells who signed for a sentence; the records are read once they are asked."""
    from functools import cache

    from accord.app import approvers
    from accord.errors import AccordError

    @cache
    def opened() -> "Approvers":
        try:
            return approvers.approvers(context.workshop(), head)
        except AccordError:  # not set up, or the trust file does not hold: nobody can be named
            return approvers.nobody

    return lambda change, path, data: opened()(change, path, data)


def _shown(clash: "Clash") -> list[str]:
    lines = [wrap(f"{clash.spec}: {' / '.join(clash.name)}")]
    for label, side in (("now", clash.now), ("change", clash.change)):
        who = f"written by {side.who}, approved by nobody" if side.who else "approved by nobody"
        if side.approved:
            who = f"approved by {', '.join(side.approved)}"
        words = " ".join(side.text.split()) if side.text is not None else "(taken out)"
        lines.append(wrap(f"{label} ({who}): {words}", "  ", "    "))
    return lines
