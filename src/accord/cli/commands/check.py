"""`accord check`: findings in specs, where they lie, in whatever format."""

from typing import TYPE_CHECKING

import click
from attrs import asdict

from accord.cli.context import Context, command
from accord.cli.render import wrap

if TYPE_CHECKING:
    from pathlib import Path

FEW = 24


@click.command()
@click.argument("folders", nargs=-1, metavar="[FOLDER]...")
@command
def check(context: Context, folders: tuple[str, ...]) -> None:
    """Check the specs in FOLDERs (or all of this repository): native, Kiro, spec-kit, OpenSpec."""
    from accord.app import checking
    from accord.core.checks import Severity
    from accord.git.locate import locate

    repository = locate(context.folder)
    root = repository.top
    named = [str((context.folder.absolute() / one).resolve()) for one in folders]
    found = checking.check(root, named, verify="as configured", kept=_kept(repository.common))
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


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _kept(common: "Path") -> "Path | None":
    from accord.errors import ConfigurationError
    from accord.wiring.machine import state_folder

    try:
        return state_folder(common) / "checked"
    except ConfigurationError:  # no place outside the checkout to keep anything: look at it all
        return None
