"""`accord decisions import` and `export`: other tools' files in as proposals, ours out as views."""

import click

from accord.cli.context import Context, command
from accord.cli.render import plain, wrap

TOOLS = ("claude", "agents", "cursor", "kiro")


@click.command("import")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--change", default="", help="The change whose branch takes the proposals.")
@command
def bring(context: Context, paths: tuple[str, ...], change: str) -> None:
    """Propose what ADRs, constitutions, steering files, CLAUDE.md and AGENTS.md say."""
    from accord.app import exchanging
    from accord.app.changes import choose

    workshop = context.workshop()
    name = choose(workshop, change).name if change else ""
    found = exchanging.bring(workshop, name, paths)
    data = {
        "proposed": [{"id": one.id, "statement": one.statement} for one in found.proposed],
        "left": [{"path": one.path, "reason": one.reason} for one in found.left],
    }
    lines = [wrap(f"{one.id} {one.statement}", "  ", "    ") for one in found.proposed]
    lines += [wrap(f"left out {one.path}: {one.reason}", "  ", "    ") for one in found.left]
    lines.append(plain(f"{len(found.proposed)} proposed; none is in force until it is approved"))
    context.answer(data, lines)


@click.command()
@click.option("--to", "tools", multiple=True, type=click.Choice(TOOLS), required=True,
              help="The tool that reads the view.")  # fmt: skip
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where a view is not as it is.")
@command
def export(context: Context, tools: tuple[str, ...], check: bool) -> None:
    """Write the decisions in force as a file that another tool reads."""
    from accord.app import exchanging

    workshop = context.workshop()
    said = exchanging.export(workshop, tools, check=check)
    lines = [wrap(f"{path}: {words or 'as it should be'}") for path, words in said.items()]
    if view := exchanging.unnamed(workshop, tools):
        lines.append(f"next: name {view} in AGENTS.md, which agents read")
    context.answer({"views": said}, lines)
    if check and any(said.values()):
        raise click.exceptions.Exit(1)
