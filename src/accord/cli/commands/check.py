"""`accord check`: findings in specs; with `--base`, commits whose code nobody agreed to."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from attrs import asdict

from accord.cli.context import Context, command
from accord.cli.drifted import FORMATS, MOST, Wanted, tell, tell_replay, tell_run
from accord.cli.render import wrap

if TYPE_CHECKING:
    from accord.core.ticks import Ran
    from accord.git.locate import Place

FEW = 24


@click.command()
@click.argument("folders", nargs=-1, metavar="[FOLDER]...")
@click.option("--base", metavar="REF", help="Check the commits since REF, by the rules of REF.")
@click.option("--root", metavar="DIGEST", envvar="ACCORD_TRUST_ROOT",
              help="With --base or --drift: the sha256 of the first trust file.")  # fmt: skip
@click.option("--drift", is_flag=True, help="Check what was released: does it still hold?")
@click.option("--junit", metavar="FILE", multiple=True, type=click.Path(path_type=Path),
              help="With --drift: the JUnit report of a test run on HEAD.")  # fmt: skip
@click.option("--run", "rerun", is_flag=True,
              help="With --drift: run the tests of what was touched, in the box.")  # fmt: skip
@click.option("--write", is_flag=True,
              help="With --run: write renewed fingerprints into .accord/trace.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(FORMATS), default="text",
              help="With --drift: how to answer.")  # fmt: skip
@click.option("--most", metavar="N", type=click.IntRange(1), default=MOST, show_default=True,
              help="With --drift: show at most N findings.")  # fmt: skip
@click.option("--since", metavar="REF", default="",
              help="With --drift: only what is new since HEAD left REF.")  # fmt: skip
@click.option("--sarif", metavar="FILE", type=click.Path(path_type=Path),
              help="With --drift: write it as SARIF, too.")  # fmt: skip
@click.option("--summary", metavar="FILE", type=click.Path(path_type=Path),
              help="With --drift: add a summary in markdown to FILE.")  # fmt: skip
@click.option("--replay", metavar="A..B", default="",
              help="With --drift: what each commit would have reported.")  # fmt: skip
@command
def check(
    context: Context, folders: tuple[str, ...], base: str | None, root: str | None, *,
    drift: bool, junit: tuple[Path, ...], rerun: bool, write: bool, form: str, most: int,
    since: str, replay: str, sarif: Path | None, summary: Path | None,
) -> None:  # fmt: skip
    """Check the specs in FOLDERs (or all of this repository): native, Kiro, spec-kit, OpenSpec.

    With --base, check that each commit since REF changes only code that was agreed before it.
    With --drift, check that HEAD still does what the criteria of released changes say; with --run
    the tests of what was touched run first.
    """
    if drift or rerun:
        if folders or base is not None:
            raise click.UsageError("--drift and --run check HEAD, so they take no FOLDER or --base")
        wanted = Wanted(form, most, junit, since, root or "", sarif, summary)
        _check_drift(context, wanted, replay, rerun=rerun, write=write)
        return
    if junit or form != "text" or replay or write or since or sarif or summary:
        words = "--junit, --format, --since, --sarif, --summary and --replay go with --drift"
        raise click.UsageError(f"{words}, --write with --run")
    if base is not None:
        if folders:
            raise click.UsageError("--base checks commits, so it takes no FOLDER")
        _check_range(context, base, root or "")
        return
    from accord.app import checking
    from accord.core.checks import Severity
    from accord.git.locate import locate

    repository = locate(context.folder, detached=True)
    if (kept := _kept(repository.common)) is not None:
        _settle(context, kept.parent)
    top = repository.top
    named = [str((context.folder.absolute() / one).resolve()) for one in folders]
    found = checking.check(
        top, named, verify="as configured", kept=kept, ran=_ran(repository, kept)
    )
    lines = []
    # Where there are many specs, those with nothing to say are counted.
    shown = found if len(found) <= FEW else [one for one in found if one.findings]
    for spec in shown:
        tasks, findings = _count(spec.tasks, "task"), _count(len(spec.findings), "finding")
        criteria = "1 criterion" if spec.criteria == 1 else f"{spec.criteria} criteria"
        held = f"{criteria}, {tasks}, {findings}"
        lines.append(wrap(f"{spec.folder} ({spec.format}): {held}"))
        for one in spec.findings:
            place = f"{one.path}:{one.line}:{one.column}"
            lines.append(wrap(f"{place} {one.severity}: {one.message}", "  ", "    "))
            lines.append(wrap(f"hint: {one.hint}", "    ", "      "))
    if len(found) > FEW:
        counts = f"{len(found)} specs, {len(found) - len(shown)} of them without a finding"
        total = sum(len(spec.findings) for spec in found)
        lines.append(f"{counts}; {_count(total, 'finding')} in the others")
    context.answer({"specs": [asdict(one) for one in found]}, lines or ["there are no specs here"])
    if any(one.severity is Severity.BLOCKS for spec in found for one in spec.findings):
        raise click.exceptions.Exit(1)


def _check_drift(
    context: Context, wanted: Wanted, replay: str, *, rerun: bool, write: bool
) -> None:
    if rerun and (wanted.junit or replay or wanted.since):
        words = "--run makes its own report, so it takes no --junit, no --replay and no --since"
        raise click.UsageError(words)
    if write and not rerun:
        raise click.UsageError("--write goes with --run")
    if rerun:
        tell_run(context, wanted, write=write)
    elif replay:
        tell_replay(context, replay)
    else:
        tell(context, wanted)


def _check_range(context: Context, base: str, root: str) -> None:
    from accord.wiring.auditing import check_range

    found = check_range(context.folder, base, root)
    lines = []
    for one in found.refused:
        lines.append(wrap(f"{one.commit[:12]} {one.subject}"))
        lines.append(wrap(f"{one.rule}: {one.message}", "  ", "    "))
        lines.append(wrap(f"hint: {one.hint}", "    ", "      "))
    lines += [wrap(f"note: {note}", "", "  ") for note in found.notes]
    commits = _count(found.commits, "commit")
    said = f"{_count(len(found.refused), 'refusal')}" if found.refused else "all was agreed before"
    lines.append(wrap(f"{commits} since {found.base[:12]}: {said}"))
    context.answer(asdict(found), lines)
    if found.refused:
        raise click.exceptions.Exit(1)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _settle(context: Context, state: Path) -> None:
    """End what was cut off while it changed specs: what would be checked is half of it."""
    from accord.app.edits_folder import cut_off

    if cut_off(state):
        context.files()


def _ran(place: "Place", kept: Path | None) -> "Ran":
    """Return what tells how Accord's own runs ended; they are looked up when first asked for."""

    def ran(paths: Sequence[str]) -> tuple[bool, str] | None:
        if kept is None:
            return None
        from accord.wiring import trying

        return trying.ran(place, kept.parent, paths)

    return ran


def _kept(common: Path) -> Path | None:
    from accord.errors import ConfigurationError
    from accord.wiring.machine import state_folder

    try:
        return state_folder(common) / "checked"
    except ConfigurationError:  # no place outside the checkout to keep anything: look at it all
        return None
