"""`accord new`: begin a change with a sentence."""

import click

from accord.cli.context import Context, command
from accord.cli.render import plain, wrap


@click.command()
@click.argument("sentence")
@click.option("--name", default="", help="The change's name; made from the sentence if left out.")
@click.option("--track", type=click.Choice(["trivial", "small", "full"]),
              help="Override the proposed track; the signed record says who did.")  # fmt: skip
@click.option("--files", type=click.IntRange(min=0), help="How many files it will likely touch.")
@click.option("--lines", type=click.IntRange(min=0), help="How many lines it will likely change.")
@click.option("--touches", multiple=True, metavar="GLOB", help="A path it will likely touch.")
@click.option("--format", "form", default="",
              help="The format of its documents: native, kiro, spec-kit or openspec.")  # fmt: skip
@click.option("--here", is_flag=True, help="Use the branch that is checked out.")
@command
def new(
    context: Context, sentence: str, name: str, track: str | None, files: int | None,
    lines: int | None, touches: tuple[str, ...], form: str, here: bool,
) -> None:  # fmt: skip
    """Begin a change with a SENTENCE that says what is wanted."""
    from accord.app import authoring
    from accord.core.model import Track
    from accord.core.policy import Size

    known = files is not None or lines is not None
    opened = authoring.new(
        context.workshop(),
        sentence,
        track=Track(track) if track else None,
        name=name,
        estimate=Size(files or 0, lines or 0) if known else None,
        paths=touches,
        here=here,
        form=form,
    )
    proposed, because = opened.proposal.track, opened.proposal.reason
    overridden = f" (proposed: {proposed}, {because})" if opened.track is not proposed else ""
    reason = overridden or f": {because}"
    data = {
        "change": opened.change,
        "track": str(opened.track),
        "proposed": str(proposed),
        "because": because,
        "folder": opened.folder,
    }
    lines_out = [wrap(f"{opened.change} begins on the {opened.track} track{reason}")]
    if opened.folder:
        lines_out.append(plain(f"documents: {opened.folder}"))
    lines_out.append(plain(f"next: accord run {opened.change}"))
    context.answer(data, lines_out)
