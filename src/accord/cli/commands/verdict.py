"""`accord verdict`: close a finding of drift, by a signed record."""

import click

from accord.cli.context import Context, command
from accord.cli.render import plain, wrap

KEYS = {"c": "code-wrong", "s": "spec-wrong", "t": "still-true", "w": "waived"}


@click.command()
@click.argument("change")
@click.argument("criterion")
@click.option("--code-wrong", "answer", flag_value="code-wrong", help="Begin a change to mend it.")
@click.option("--spec-wrong", "answer", flag_value="spec-wrong", help="Begin a change to say so.")
@click.option("--still-true", "answer", flag_value="still-true", help="It holds as it is now.")
@click.option("--waive-until", "until", metavar="WHEN", default="",
              help="Let it be until a day (2026-12-31) or a version (2.0).")  # fmt: skip
@click.option("--reason", default="", help="Why; it stands in the record.")
@command
def verdict(
    context: Context, change: str, criterion: str, answer: str | None, until: str, reason: str
) -> None:
    """Say of the finding about CRITERION of the released CHANGE what is wrong, or that nothing is.

    It is signed, and counts for exactly what was found: when it moves again, it is found again.
    """
    from accord.app import verdicts
    from accord.cli.drifted import finding_lines

    workshop = context.workshop()
    found = verdicts.find(workshop, change, criterion)
    if answer is None and until:
        answer = "waived"
    if answer is None:
        for line in finding_lines(found):
            click.echo(line, err=True)
        words = "code wrong (c), spec wrong (s), still true (t), waived (w)"
        key = click.prompt(words, type=click.Choice(list(KEYS)), show_choices=False, err=True)
        answer = KEYS[key]
        when = "until which day or version"
        until = until or (click.prompt(when, err=True) if key == "w" else "")
        reason = reason or click.prompt("why", err=True)
    closed = verdicts.close(workshop, found, verdicts.Answer(answer), reason=reason, until=until)
    data = {
        "change": change, "criterion": criterion, "verdict": closed.answer.value,
        "record": closed.record, "place": closed.place, "opened": closed.opened,
        "document": closed.document, "proposed": closed.proposed,
    }  # fmt: skip
    lines = [wrap(f"{criterion} of {change}: {closed.answer} (record {closed.record[:12]})")]
    if closed.opened:
        lines.append(wrap(f"it stands in {closed.place}"))
        lines += [wrap(f"proposed: {closed.proposed}", "", "  ")] if closed.proposed else []
        lines += [wrap(f"it is said anew in {closed.document}"),
                  plain(f"next: accord show {closed.opened}")]  # fmt: skip
    context.answer(data, lines)
