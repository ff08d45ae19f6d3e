"""`accord status`: what to do now, and every open change."""

from typing import Any

import click

from accord.cli.context import Context, command
from accord.cli.render import plain, style, table, wrap


@click.command()
@click.option("--sync-status", "sync", is_flag=True,
              help="Write what the gates say into ticks, and into host files.")  # fmt: skip
@command
def status(context: Context, *, sync: bool) -> None:
    """Say what to do now, and list every open change."""
    from accord.app import deciders, pace, spending_view, views
    from accord.wiring import opening
    from accord.wiring.sharing import is_shared

    workshop = context.workshop()
    if sync:
        from accord.app.changes import load_all
        from accord.app.claims import keep_in_step
        from accord.app.unticking import keep_released

        paths = [path for one in load_all(workshop) for path in keep_in_step(workshop, one)]
        for path in (*paths, *keep_released(workshop)):
            context.remark(plain(f"written: {path}"))
    data = views.status(workshop, opening.reader(workshop) or deciders.named(workshop))
    spent = spending_view.overall(workshop, [row["change"] for row in data["changes"]])
    data["spent"] = spent
    data["pace"] = pace.of_open(workshop)
    now = data["now"]
    lines = [style(wrap(now["what"]), bold=True), f"  {plain(now['command'])}"]
    if data["changes"]:
        rows = [
            (row["change"], row["track"], row["stage"],
             f"{row['whom']}: {row['waits']}" if row["whom"] else row["waits"])
            for row in data["changes"]
        ]  # fmt: skip
        lines += ["", *table(rows, ("CHANGE", "TRACK", "STAGE", "WAITS FOR"))]
    left = [row for row in data["changes"] if row["left_out"]]
    if left:
        shown = (f"{row['change']}: {row['left_out']}: accord show {row['change']}" for row in left)
        lines += ["", *(wrap(one, "", "  ") for one in shown)]
    if data["beside"]:
        lines += ["", *(wrap(one, "", "  ") for one in data["beside"])]
    if data["pace"]:
        lines += ["", *(wrap(f"{one['change']}: {one['words']}", "", "  ") for one in data["pace"])]
    if spent["tokens"]:
        lines += ["", wrap(f"spent on these: {spent['words']}", "", "  ")]
    lines += [wrap(f"budget: {one['words']}", "", "  ") for one in spent["budgets"]]
    if is_shared():
        from accord.wiring.crewing import at_work

        data["workers"] = at_work(workshop)
        lines += ["", *(_worker(one) for one in data["workers"])] if data["workers"] else [
            "", "no worker lives"]  # fmt: skip
    if data["released"]:
        lines += ["", wrap(f"released: {', '.join(data['released'][-5:])}")]
    context.answer(data, lines)


def _worker(one: dict[str, Any]) -> str:
    holds = ", ".join(one["holds"]) or "nothing"
    slots = f"{one['slots']} slot{'' if one['slots'] == 1 else 's'}"
    return wrap(f"worker on {one['host']} ({slots}): {holds}", "", "  ")
