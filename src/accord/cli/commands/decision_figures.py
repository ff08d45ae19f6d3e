"""`accord decisions capture` and `stats`: what is asked at a gate, and what came of it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from accord.cli import correcting
from accord.cli.context import Context, command
from accord.cli.render import plain, wrap
from accord.errors import ConfigurationError

if TYPE_CHECKING:
    from accord.app.capturing import Answer, Prompt
    from accord.app.workshop import Workshop


@click.command()
@click.argument("change", default="")
@click.option("--answer", "answers", multiple=True, metavar="N=WHAT",
              help="again:DECISION, new, new:WORDS or skip, without a terminal.")  # fmt: skip
@command
def capture(context: Context, change: str, answers: tuple[str, ...]) -> None:
    """Keep what you corrected in CHANGE as rules: at most three questions, one key each."""
    from accord.app.changes import choose
    from accord.app.decisions_view import correction
    from accord.app.records import refuse_agents
    from accord.core.model import STAGES

    workshop = context.workshop()
    name = choose(workshop, change).name
    waiting = correcting.waiting(workshop, name, STAGES)
    prompts = [(stage, one) for stage, found in waiting for one in found]
    if answers:
        refuse_agents()
        said = _answered(workshop, name, prompts, answers)
        context.answer({"change": name, "said": said}, [wrap(one) for one in said])
    elif prompts and correcting.may_ask(context):
        refuse_agents()
        correcting.ask(workshop, name, waiting)
    else:
        data = [
            {"number": number, **correction(stage, one)}
            for number, (stage, one) in enumerate(prompts, 1)
        ]
        context.answer({"change": name, "corrections": data}, _lines(prompts))


def _lines(prompts: list[Any]) -> Iterator[str]:
    if not prompts:
        yield "no correction waits to be kept"
        return
    for number, (_, one) in enumerate(prompts, 1):
        yield from correcting.question(one)
        yield plain(f"    --answer {number}=again:DECISION, {number}=new or {number}=skip")


def _answered(
    workshop: "Workshop", name: str, prompts: list[Any], answers: tuple[str, ...]
) -> list[str]:
    from accord.app import capturing

    chosen: dict[Any, list[Answer]] = {}
    for text in answers:
        number, _, what = text.partition("=")
        if not number.isdigit() or not 1 <= int(number) <= len(prompts):
            raise ConfigurationError(f"there is no correction {number}",
                                     hint=f"accord decisions capture {name}")  # fmt: skip
        stage, prompt = prompts[int(number) - 1]
        chosen.setdefault(stage, []).append(_parsed(workshop, name, prompt, what))
    return [line for stage, found in chosen.items()
            for line in capturing.record(workshop, name, stage, found)]  # fmt: skip


def _parsed(workshop: "Workshop", name: str, prompt: "Prompt", what: str) -> "Answer":
    from accord.app import deciding
    from accord.app.capturing import Answer

    kind, _, words = what.partition(":")
    if kind == "again" and words:
        place = deciding.place(workshop, name)
        return Answer(prompt, "again", deciding.find(place, words).rule.slug)
    if kind == "new":
        return Answer(prompt, "new", words or prompt.candidate.words)
    if kind == "skip":
        return Answer(prompt, "skip")
    raise ConfigurationError(f"'{what}' is no answer", hint="again:D-7, new, new:WORDS or skip")


@click.command()
@command
def stats(context: Context) -> None:
    """Say how often corrections repeat, and why."""
    from accord.app import capturing

    workshop = context.workshop()
    found = capturing.stats(workshop, capturing.logs(workshop))
    context.answer(dict(found), _figures(dict(found)))


def _figures(found: dict[str, Any]) -> Iterator[str]:
    if not found["corrections"]:
        yield "no correction has been kept or skipped yet"
    else:
        yield plain(f"{found['corrections']} corrections, {found['repeats']} of them repeats "
                    f"({float(found['repeat_rate']):.0%})")  # fmt: skip
        for cause, count in found["causes"].items():
            yield f"  {cause:<14} {count}"
    noun = "decision" if found["in_force"] == 1 else "decisions"
    yield plain(f"{found['in_force']} {noun} in force, {found['with_check']} with a check")
