"""Ask on the terminal whether a correction is a rule: one key, and never where nobody looks."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from accord.cli.context import Context
from accord.cli.render import plain, wrap

if TYPE_CHECKING:
    from accord.app.capturing import Answer, Prompt
    from accord.app.workshop import Workshop
    from accord.core.model import Stage

Waiting = list[tuple["Stage", tuple["Prompt", ...]]]


def may_ask(context: Context) -> bool:
    """Tell whether somebody sits there to be asked."""
    return not context.json and sys.stdin.isatty() and sys.stdout.isatty()


def waiting(workshop: "Workshop", name: str, stages: Sequence["Stage"]) -> Waiting:
    """Return the questions that wait for each stage; nothing once the change is released."""
    from accord.app import capturing

    found: dict[Stage, tuple[Prompt, ...]] = {}
    for stage, one in capturing.waiting(workshop, name, stages):
        found[stage] = (*found.get(stage, ()), one)
    return list(found.items())


def ask(workshop: "Workshop", name: str, found: Waiting) -> None:
    """Ask about each correction and keep the answers."""
    from accord.app import capturing

    for stage, prompts in found:
        answers = [_answer(one) for one in prompts]
        for line in capturing.record(workshop, name, stage, answers):
            click.echo(wrap(line, "  ", "    "))


def _answer(prompt: "Prompt") -> "Answer":
    from accord.app.capturing import Answer

    for line in question(prompt):
        click.echo(line)
    count = len(prompt.matches)
    again = f"[1-{count}] this one again  " if count > 1 else "[1] this one again  " * count
    click.echo(f"    {again}[n]ew rule  [e]dit  [Enter] skip ", nl=False)
    key = click.getchar()
    if key in ("\x03", "\x04"):
        raise click.exceptions.Abort
    click.echo(plain(key) if key.isprintable() else "")
    if key.isdigit() and 1 <= int(key) <= count:
        return Answer(prompt, "again", prompt.matches[int(key) - 1].slug)
    if key == "n":
        return Answer(prompt, "new", prompt.candidate.words)
    if key == "e":
        words = click.prompt("    the rule", default="", show_default=False)
        return Answer(prompt, "new" if words.strip() else "skip", words)
    return Answer(prompt, "skip")


def question(prompt: "Prompt") -> Sequence[str]:
    """Return the lines that show a correction and the rules that it may repeat."""
    one = prompt.candidate
    lines = ["", wrap(f"You corrected {one.item or 'this'}" + (" again" * prompt.again), "  ")]
    if one.comment:
        lines.append(wrap(f"you said: {one.comment}", "    ", "      "))
    if one.removed:
        lines.append(wrap(f"- {one.removed}", "    ", "      "))
    if one.added:
        lines.append(wrap(f"+ {one.added}", "    ", "      "))
    lines += [wrap(f"{number} {rule.id} {rule.statement}", "    ", "      ")
              for number, rule in enumerate(prompt.matches, 1)]  # fmt: skip
    return lines
