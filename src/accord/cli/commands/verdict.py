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
@click.option("--waive-until", "until", metavar="DAY", default="", help="Let it be until then.")
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
        until = until or (click.prompt("until which day", err=True) if key == "w" else "")
        reason = reason or click.prompt("why", err=True)
    closed = verdicts.close(workshop, found, verdicts.Answer(answer), reason=reason, until=until)
    data = {
        "change": change, "criterion": criterion, "verdict": closed.answer.value,
        "record": closed.record, "place": closed.place, "opened": closed.opened,
    }  # fmt: skip
    lines = [wrap(f"{criterion} of {change}: {closed.answer} (record {closed.record[:12]})")]
    if closed.opened:
        lines += [wrap(f"it stands in {closed.place}"), plain(f"next: accord show {closed.opened}")]
    context.answer(data, lines)
