"""How drift is told: for a person, as JSON, as SARIF, as markdown."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click
from attrs import asdict

from accord import __version__
from accord.cli.context import Context
from accord.cli.render import wrap

if TYPE_CHECKING:
    from pathlib import Path

    from accord.app.drifting import Drift
    from accord.core.drift import Verdict

FORMATS = ("text", "json", "sarif", "markdown")
MOST = 10


def tell(context: Context, junit: tuple["Path", ...], form: str, most: int) -> None:
    """Check for drift and answer in `form`; exit with 1 where a person has to look."""
    from accord.wiring.drifting import check_drift

    found = check_drift(context.folder, junit, most)
    _tell(context, found, form, most, {}, ())


def tell_run(context: Context, form: str, most: int, *, write: bool) -> None:
    """Run the tests of what was touched, then answer as `tell` does."""
    from accord.core.breaking import Answer
    from accord.wiring.drifting import reprove

    done = reprove(context.workshop(detached=True), context.folder, most, write=write)
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
    _tell(context, done.drift, form, most, data, lines)


def _tell(
    context: Context, found: "Drift", form: str, most: int, more: dict[str, Any],
    before: Sequence[str],
) -> None:  # fmt: skip
    from accord.report import drift as report

    if form == "sarif":
        click.echo(json.dumps(report.sarif(found.findings, __version__), indent=2))
    elif form == "markdown":
        click.echo(report.markdown(found.findings, found.standing, most), nl=False)
    else:
        context.json = context.json or form == "json"
        context.answer({**_data(found), **more}, [*before, *_lines(found, most)])
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
        "findings": [asdict(one) for one in found.findings],
    }


def _lines(found: "Drift", most: int) -> Iterator[str]:
    from accord.core.drift import Standing

    for one in found.findings[:most]:
        yield from finding_lines(one)
    if len(found.findings) > most:
        yield f"and {len(found.findings) - most} more"
    counts = [f"{found.standing[one]} {one}" for one in Standing if found.standing.get(one)]
    if found.settled:
        yield f"settled by a verdict: {found.settled}"
    again = f"; {found.renewed} proved again" if found.renewed else ""
    if found.standing.get(Standing.TOUCHED):
        yield "touched: code that their tests run changed; accord check --run proves them again"
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
