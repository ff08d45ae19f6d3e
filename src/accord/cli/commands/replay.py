"""`accord replay`: play the record of a run again, as a scripted agent."""

from pathlib import Path

import click

from accord.cli.commands.run import drive_on
from accord.cli.context import Context, command
from accord.cli.render import plain, wrap


@click.command()
@click.argument("run")
@click.argument("change", default="")
@click.option("--save", type=click.Path(path_type=Path, dir_okay=False, resolve_path=True),
              metavar="FILE",
              help="Write the script to FILE, for accord run --script.")  # fmt: skip
@click.option("--accept-unsandboxed", "accepted", is_flag=True,
              help="Play with no wall around it, this once.")  # fmt: skip
@command
def replay(context: Context, run: str, change: str, save: Path | None, *, accepted: bool) -> None:
    """Play RUN again, for its own change or for CHANGE: the same words, the same files, no model.

    RUN is an id that accord show CHANGE --runs lists, or CHANGE/STAGE or CHANGE/TASK.
    """
    from accord.app import replaying
    from accord.app.changes import load
    from accord.wiring import replaying as wired

    workshop = context.workshop()
    name = replaying.find(workshop, run)
    meant = load(workshop, change or name.change) if change or save is None else None
    recording = replaying.record(workshop, name, meant)
    for path, reason in recording.left:
        context.remark(wrap(f"not played: {path}: {reason}", "", "  "))
    if meant is None or save is not None:
        wired.save(recording, Path(save or ""))
        files = len(recording.files)
        said = f"written: {save}: {files} file{'' if files == 1 else 's'} of {recording.run_id}"
        context.answer({**replaying.view(recording), "script": str(save)}, [plain(said)])
        return
    workshop.accepts_open = accepted
    workshop = wired.with_recording(workshop, meant, name, recording)
    drive_on(context, workshop, [meant.name], only=name.subject)
