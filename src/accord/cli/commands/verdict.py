"""`accord verdict`: close findings of drift, each by a signed record."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from accord.cli.context import Context, command
from accord.cli.render import plain, wrap

if TYPE_CHECKING:
    from accord.app.verdicts import Closed
    from accord.app.workshop import Workshop
    from accord.core.findings import Finding

KEYS = {"c": "code-wrong", "s": "spec-wrong", "t": "still-true", "w": "waived", "l": ""}


@click.command()
@click.argument("change", required=False, default="")
@click.argument("criteria", nargs=-1, metavar="[CRITERION]...")
@click.option("--code-wrong", "answer", flag_value="code-wrong", help="Begin a change to mend it.")
@click.option("--spec-wrong", "answer", flag_value="spec-wrong", help="Begin a change to say so.")
@click.option("--still-true", "answer", flag_value="still-true", help="It holds as it is now.")
@click.option("--waive-until", "until", metavar="WHEN", default="",
              help="Let it be until a day (2026-12-31) or a version (2.0).")  # fmt: skip
@click.option("--reason", default="", help="Why; it stands in the record.")
@command
def verdict(
    context: Context, change: str, criteria: tuple[str, ...], answer: str | None, until: str,
    reason: str,
) -> None:  # fmt: skip
    """Say of findings about released criteria what is wrong, or that nothing is.

    It asks one key for each finding: of all changes, of CHANGE, or about each CRITERION named and
    no other. An answer is signed, and counts for exactly what was found: when it moves again, it is
    found again.
    """
    from accord.app import verdicts

    workshop = context.workshop()
    asked = _asked(workshop, change, criteria)
    if answer is None and until:
        answer = "waived"
    if answer is not None and not criteria:
        raise click.UsageError("name the criteria that the answer is about")
    closed = []
    for one in asked:
        said = (answer, until, reason) if answer else _prompted(one, until, reason)
        if said[0]:
            closed.append(
                verdicts.close(workshop, one, verdicts.Answer(said[0]), until=said[1],
                               reason=said[2])
            )  # fmt: skip
    rows = [_data(one) for one in closed]
    lines = [line for one in closed for line in _lines(one)] or [_nothing(len(asked))]
    context.answer(rows[0] if criteria and len(rows) == 1 else {"verdicts": rows}, lines)


def _asked(workshop: "Workshop", change: str, criteria: tuple[str, ...]) -> "list[Finding]":
    """Return the findings to be judged, each about the criteria alone that were named, if any."""
    from accord.app import verdicts

    if not criteria:
        found = verdicts.findings(workshop, change)
        return [verdicts.explained(workshop, one) for one in found]
    every = [verdicts.find(workshop, change, one) for one in dict.fromkeys(criteria)]
    return [one.only(criteria) for one in dict.fromkeys(every)]


def _prompted(one: "Finding", until: str, reason: str) -> tuple[str, str, str]:
    from accord.cli.drifted import finding_lines

    for line in finding_lines(one):
        click.echo(line, err=True)
    words = "code wrong (c), spec wrong (s), still true (t), waived (w), leave it (l)"
    key = click.prompt(words, type=click.Choice(list(KEYS)), show_choices=False, err=True)
    if key == "l":
        return "", "", ""
    when = "until which day or version"
    until = until or (click.prompt(when, err=True) if key == "w" else "")
    return KEYS[key], until, reason or click.prompt("why", err=True)


def _nothing(left: int) -> str:
    return "nothing was judged" if left else "there is no finding"


def _data(closed: "Closed") -> dict[str, object]:
    return {
        "change": closed.change, "criteria": list(closed.criteria),
        "verdict": closed.answer.value, "record": closed.record, "places": list(closed.places),
        "opened": closed.opened, "document": closed.document, "proposed": list(closed.proposed),
    }  # fmt: skip


def _lines(closed: "Closed") -> Iterator[str]:
    named = ", ".join(closed.criteria)
    yield wrap(f"{named} of {closed.change}: {closed.answer} (record {closed.record[:12]})")
    if closed.opened:
        yield wrap(f"it stands in {', '.join(closed.places)}", "", "  ")
        for one in closed.proposed:
            yield wrap(f"proposed: {one}", "", "  ")
        yield wrap(f"it is said anew in {closed.document}")
        yield plain(f"next: accord show {closed.opened}")
