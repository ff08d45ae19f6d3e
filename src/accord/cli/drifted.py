"""How drift is told: for a person, as JSON, as SARIF, as markdown."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click
from attrs import asdict, frozen

from accord import __version__
from accord.cli.context import Context
from accord.cli.render import wrap

if TYPE_CHECKING:
    from pathlib import Path

    from accord.app.drifting import Drift
    from accord.core.drift import Verdict


@frozen
class Files:
    """Where a check is to be written besides: as SARIF, and as a summary that is added."""

    sarif: "Path | None" = None
    summary: "Path | None" = None


FORMATS = ("text", "json", "sarif", "markdown")
MOST = 10


def tell(
    context: Context, junit: tuple["Path", ...], form: str, most: int, *, since: str, root: str,
    files: "Files",
) -> None:  # fmt: skip
    """Check for drift and answer in `form`; exit with 1 where a person has to look.

    `files` are written as well: the same as SARIF, and the summary added to what is there.
    """
    from accord.report import drift as report
    from accord.wiring.drifting import check_drift

    found = check_drift(context.folder, junit, most, since=since, root=root)
    log = json.dumps(report.sarif(found, __version__, most), indent=2)
    summary = report.markdown(found, most)
    if files.sarif:
        files.sarif.write_text(f"{log}\n")
    if files.summary:
        with files.summary.open("a") as file:
            file.write(f"{summary}\n")
    if form == "sarif":
        click.echo(log)
    elif form == "markdown":
        click.echo(summary, nl=False)
    else:
        context.json = context.json or form == "json"
        context.answer(_data(found), _lines(found, most))
    if found.findings:
        raise click.exceptions.Exit(1)


def tell_replay(context: Context, span: str) -> None:
    """Answer what each commit of a span would have reported; it is no finding by itself."""
    from accord.wiring.drifting import replay

    found = replay(context.folder, span)
    data = {
        "commits": found.commits,
        "findings": found.total,
        "reports": [
            {"commit": commit, "findings": [asdict(one) for one in every]}
            for commit, every in found.reports
        ],
    }
    lines = [
        wrap(f"{commit[:12]} {one.change} {one.criterion} is {one.standing}: "
             f"{one.causes[0].message}", "", "  ")
        for commit, every in found.reports for one in every
    ]  # fmt: skip
    noun = "finding" if found.total == 1 else "findings"
    lines.append(f"{found.total} {noun} in {found.commits} commits")
    context.answer(data, lines)


def _data(found: "Drift") -> dict[str, Any]:
    return {
        "commit": found.commit,
        "standing": dict(found.standing),
        "looked": found.looked,
        "renewed": found.renewed,
        "settled": found.settled,
        "stood": found.stood,
        "findings": [asdict(one) for one in found.findings],
    }


def _lines(found: "Drift", most: int) -> Iterator[str]:
    from accord.core.drift import Standing

    for one in found.findings[:most]:
        yield from finding_lines(one)
    if len(found.findings) > most:
        yield f"and {len(found.findings) - most} more"
    if found.stood:
        yield f"stood before: {found.stood}"
    counts = [f"{found.standing[one]} {one}" for one in Standing if found.standing.get(one)]
    if found.settled:
        yield f"settled by a verdict: {found.settled}"
    again = f"; {found.renewed} proved again" if found.renewed else ""
    yield f"criteria: {', '.join(counts)}{again}" if counts else "nothing is traced yet"


def finding_lines(one: "Verdict") -> Iterator[str]:
    """Yield the lines that tell one finding to a person."""
    decided = f" ({one.decided})" if one.decided else ""
    yield wrap(f"{one.change} {one.criterion} is {one.standing}{decided}")
    for cause in one.causes:
        who = f" (commit {cause.commit[:12]} by {cause.author})" if cause.commit else ""
        yield wrap(f"{cause.path}:{cause.line} {cause.message}{who}", "  ", "    ")
        if cause.was or cause.now:
            yield wrap(f"was: {cause.was}", "    ", "         ")
            yield wrap(f"now: {cause.now}", "    ", "         ")
