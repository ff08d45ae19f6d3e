"""`accord check`: findings in specs, where they lie, in whatever format."""

import click
from attrs import asdict

from accord.cli.context import Context, command
from accord.cli.render import wrap


@click.command()
@click.argument("folders", nargs=-1, metavar="[FOLDER]...")
@command
def check(context: Context, folders: tuple[str, ...]) -> None:
    """Check the specs in FOLDERs (or all of this repository): native, Kiro, spec-kit, OpenSpec."""
    from accord.app import checking
    from accord.core.checks import Severity
    from accord.git.locate import locate

    root = locate(context.folder).top
    named = [str((context.folder.absolute() / one).resolve()) for one in folders]
    found = checking.check(root, named, verify="as configured")
    lines = []
    for spec in found:
        tasks, findings = _count(spec.tasks, "task"), _count(len(spec.findings), "finding")
        criteria = "1 criterion" if spec.criteria == 1 else f"{spec.criteria} criteria"
        held = f"{criteria}, {tasks}, {findings}"
        lines.append(wrap(f"{spec.folder} ({spec.format}): {held}"))
        for one in spec.findings:
            place = f"{one.path}:{one.line}:{one.column}"
            lines.append(wrap(f"{place} {one.severity}: {one.message}", "  ", "    "))
            lines.append(wrap(f"hint: {one.hint}", "    ", "      "))
    context.answer({"specs": [asdict(one) for one in found]}, lines or ["there are no specs here"])
    if any(one.severity is Severity.BLOCKS for spec in found for one in spec.findings):
        raise click.exceptions.Exit(1)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
