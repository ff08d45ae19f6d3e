"""How drift is told: for a person, as JSON, as SARIF, as markdown."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
from attrs import asdict, frozen

from accord import __version__
from accord.cli.context import Context
from accord.cli.render import wrap

if TYPE_CHECKING:
    from pathlib import Path

    from accord.app.drifting import Drift
    from accord.core.findings import Finding


FORMATS = ("text", "json", "sarif", "markdown")
MOST = 10
FEW = 6  # causes of one finding that are told


@frozen
class Wanted:
    """What a check is to tell, and how; `sarif` and `summary` are files that it writes besides."""

    form: str = "text"
    most: int = MOST
    junit: tuple["Path", ...] = ()
    since: str = ""
    root: str = ""
    sarif: "Path | None" = None
    summary: "Path | None" = None


def tell(context: Context, wanted: Wanted) -> None:
    """Check for drift and answer; exit with 1 where a person has to look.

    The file of the summary is added to, since others write to it as well.
    """
    from accord.wiring.drifting import check_drift

    found = check_drift(
        context.folder, wanted.junit, wanted.most, since=wanted.since, root=wanted.root
    )
    _tell(context, found, wanted)


def tell_run(context: Context, wanted: Wanted, *, write: bool) -> None:
    """Run the tests of what was touched, then answer as `tell` does."""
    from accord.core.breaking import Answer
    from accord.wiring.drifting import reprove

    done = reprove(context.workshop(detached=True), context.folder, wanted.most, write=write)
    said = [(*key, one) for key, one in done.tried.items() if one.answer is not Answer.UNKNOWN]
    words = {Answer.NOTICED: "proven", Answer.SURVIVES: "survives"}
    lines = [wrap(f"{change} {criterion} {words[one.answer]}: {one.words}")
             for change, criterion, one in said]  # fmt: skip
    if done.run is None:
        lines.append("nothing was touched that tests would have to prove again")
    else:
        many = "criterion" if len(done.asked) == 1 else "criteria"
        lines.append(wrap(f"ran the tests of {len(done.asked)} {many}: {done.run.reason}"))
    lines += [f"wrote {path}; commit it alone" for path in done.written]
    data = {
        "run": None if done.run is None else
        {"result": str(done.run.result), "reason": done.run.reason, "tests": done.run.tests},
        "asked": [list(one) for one in done.asked],
        "tried": [{"change": change, "criterion": criterion, "answer": str(one.answer),
                   "words": one.words} for change, criterion, one in said],
        "written": list(done.written),
    }  # fmt: skip
    _tell(context, done.drift, wanted, data, lines)


def _tell(
    context: Context, found: "Drift", wanted: Wanted,
    more: Mapping[str, Any] | None = None, before: Sequence[str] = (),
) -> None:  # fmt: skip
    from accord.report import drift as report

    log = json.dumps(report.sarif(found, __version__, wanted.most), indent=2)
    summary = report.markdown(found, wanted.most)
    if wanted.sarif:
        wanted.sarif.write_text(f"{log}\n")
    if wanted.summary:
        with wanted.summary.open("a") as file:
            file.write(f"{summary}\n")
    if wanted.form == "sarif":
        click.echo(log)
    elif wanted.form == "markdown":
        click.echo(summary, nl=False)
    else:
        context.json = context.json or wanted.form == "json"
        context.answer({**_data(found), **(more or {})}, [*before, *_lines(found, wanted.most)])
    if found.findings:
        raise click.exceptions.Exit(1)


def tell_replay(context: Context, span: str) -> None:
    """Answer what each commit of a span would have reported; it is no finding by itself."""
    from accord.core.findings import gathered
    from accord.wiring.drifting import replay

    found = replay(context.folder, span)
    data = {
        "commits": found.commits,
        "findings": found.total,
        "guessed": found.guessed,
        "reports": [
            {"commit": commit, "findings": [asdict(one) for one in every]}
            for commit, every in found.reports
        ],
    }
    lines = [
        wrap(f"{commit[:12]} {one.change} {one.told}: {one.causes[0][0].message}", "", "  ")
        for commit, every in found.reports for one in gathered(every)
    ]  # fmt: skip
    noun = "finding" if found.total == 1 else "findings"
    many = "commit" if found.commits == 1 else "commits"
    lines.append(f"{found.total} {noun} in {found.commits} {many}")
    if found.guessed:
        words = f"nothing was traced then: {found.guessed} criteria were held against links that "
        lines.append(wrap(f"{words}are guessed, as accord trace suggest proposes them", "", "  "))
    context.answer(data, lines)


def _data(found: "Drift") -> dict[str, Any]:
    from accord.core.findings import gathered

    return {
        "commit": found.commit,
        "standing": dict(found.standing),
        "looked": found.looked,
        "renewed": found.renewed,
        "settled": found.settled,
        "stood": found.stood,
        "findings": [
            {"finding": number, **asdict(one)}
            for number, each in enumerate(gathered(found.findings), 1) for one in each.verdicts
        ],
    }  # fmt: skip


def _lines(found: "Drift", most: int) -> Iterator[str]:
    from accord.core.drift import Standing
    from accord.core.findings import gathered

    every = gathered(found.findings)
    for one in every[:most]:
        yield from finding_lines(one)
    if len(every) > most:
        yield f"and {len(every) - most} more"
    if found.stood:
        yield f"stood before: {found.stood}"
    counts = [f"{found.standing[one]} {one}" for one in Standing if found.standing.get(one)]
    if found.settled:
        yield f"settled by a verdict: {found.settled}"
    again = f"; {found.renewed} proved again" if found.renewed else ""
    if found.standing.get(Standing.TOUCHED):
        yield "touched: code that their tests run changed; accord check --run proves them again"
    yield f"criteria: {', '.join(counts)}{again}" if counts else "nothing is traced yet"


def finding_lines(one: "Finding") -> Iterator[str]:
    """Yield the lines that tell one finding to a person."""
    from accord.core.findings import listed

    decided = f" ({one.decided})" if one.decided else ""
    yield wrap(f"{one.change} {one.told}{decided}")
    for cause, ids in one.causes[:FEW]:
        only = f" (for {listed(ids)})" if ids else ""
        who = f" (commit {cause.commit[:12]} by {cause.author})" if cause.commit else ""
        yield wrap(f"{cause.path}:{cause.line} {cause.message}{only}{who}", "  ", "    ")
        if cause.was or cause.now:
            yield wrap(f"was: {cause.was}", "    ", "         ")
            yield wrap(f"now: {cause.now}", "    ", "         ")
    if len(one.causes) > FEW:
        yield f"  and {len(one.causes) - FEW} more that moved"
