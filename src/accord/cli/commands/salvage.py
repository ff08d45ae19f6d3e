"""`accord salvage`: the snapshots of agents' work, and the way back to each."""

from pathlib import Path

import click
from attrs import asdict

from accord.cli.context import Context, command
from accord.cli.render import plain, wrap


@click.command()
@click.argument("snapshot", default="")
@click.option("--to", "folder", type=click.Path(path_type=Path, resolve_path=True),
              metavar="FOLDER", help="Write it into a new folder.")  # fmt: skip
@click.option("--branch", default="", help="Make a branch at it.")
@command
def salvage(context: Context, snapshot: str, folder: Path | None, branch: str) -> None:
    """List the snapshots of agents' work (all, or of a change), or bring SNAPSHOT back."""
    from accord.app import salvaging

    workshop = context.workshop()
    if folder is not None or branch:
        done = salvaging.restore(workshop, snapshot, folder=folder, branch=branch)
        where = [plain(str(folder))] if folder is not None else []
        where += [f"the branch {plain(branch)}"] if branch else []
        context.answer(asdict(done), [wrap(f"{done.name} is in {' and '.join(where)}", "", "  ")])
        return
    found = [one for one in salvaging.snapshots(workshop)
             if one.name == snapshot or f"{one.name}/".startswith(f"{snapshot.rstrip('/')}/")
             or not snapshot]  # fmt: skip
    lines = []
    for one in found:
        count = f"{len(one.files)} file{'' if len(one.files) == 1 else 's'}"
        lines.append(wrap(f"{one.name} ({count})", "", "  "))
        lines.append(f"  git diff {one.base[:12]} {one.commit[:12]}")
    if found:
        lines.append("accord salvage NAME --to FOLDER writes one out, --branch NAME names it")
    data = {"snapshots": [asdict(one) for one in found]}
    context.answer(data, lines or ["no agent left anything"])
