"""`accord show`: one change, as the person who decides at its gate needs to see it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from accord.cli import blamed, promised
from accord.cli.context import Context, command
from accord.cli.render import plain, style, table, wrap

PARTLY = 2
"""The level below which there is no wall at all."""

MARKS = {"open": "✓", "skipped": "·", "waiting": "→", "early": "→", "shut": " "}
LONGEST = 60
FINDINGS = 40


@click.command()
@click.argument("change", default="")
@click.option("--template", is_flag=True, help="Print the empty document of the current stage.")
@click.option("--path", is_flag=True, help="Print just the path where you work next.")
@click.option("--opinion", is_flag=True, help="Print what an agent thinks of what was built.")
@click.option("--plan", is_flag=True, help="Show how its tasks would run side by side.")
@click.option("--runs", is_flag=True, help="List the runs of agents and what they spent.")
@click.option("--living", is_flag=True,
              help="Show what is promised today; CHANGE is then a word or a path.")  # fmt: skip
@click.option("--all", "every", is_flag=True, help="With --living: what is over, too.")
@click.option("--blame", metavar="FILE[:LINE]", default="",
              help="Show which promise a line serves, and what was decided of it.")  # fmt: skip
@click.option("--junit", metavar="FILE", multiple=True, type=click.Path(path_type=Path),
              help="With --living: the JUnit report of a test run on it.")  # fmt: skip
@command
def show(
    context: Context, change: str, *, template: bool, path: bool, opinion: bool,
    plan: bool, runs: bool, living: bool, every: bool, blame: str, junit: tuple[Path, ...],
) -> None:  # fmt: skip
    """Show CHANGE at its gate: what is asked, what changed, what is known.

    With --living, show what released changes promise, and which tests prove it.
    """
    if blame:
        blamed.tell(context, blame)
        return
    if living:
        promised.tell(context, change, junit, every=every)
        return
    if every or junit:
        raise click.UsageError("--all and --junit go with --living")
    from accord.app import planning, spending_view, views
    from accord.app.changes import choose

    workshop = context.workshop()
    found = choose(workshop, change)
    if path:
        place = views.place(workshop, found)
        context.answer({"path": place}, [plain(place)])
        return
    if template:
        text = views.template(workshop, found)
        context.answer({"template": text}, [plain(text).rstrip("\n")])
        return
    if plan:
        drawn = planning.draw(workshop, found)
        context.answer(drawn, plan_lines(drawn))
        return
    spent = spending_view.of_change(workshop, found.name)
    if runs:
        context.answer(spent, run_lines(found.name, spent))
        return
    data = {**views.show(workshop, found), "spent": spent}
    if opinion:
        context.answer(data["opinion"], opinion_lines(data["opinion"]))
        return
    context.answer(data, lines(data))


def lines(data: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the gate screen."""
    yield style(wrap(f"{data['change']}: {data['title']}"), bold=True)
    yield wrap(f"{data['track']} track: {data['because']}", "", "  ")
    yield ""
    for gate in data["gates"]:
        words = f"{MARKS[gate['standing']]} {gate['stage']:<15}{gate['reason']}"
        yield wrap(words, "  ", " " * 19)
    if data["level"] < PARTLY:
        yield style(wrap(f"level {data['level']}: an agent wrote this with no wall around it"),
                    fg="red", bold=True)  # fmt: skip
    for claim in data["claims"]:
        if not claim["verified"]:
            words = (
                f"{claim['path']} claims {claim['name']}: {claim['said']}; the gates say otherwise"
            )
            yield wrap(words, "  ", "    ")
    if data["blank"]:
        yield ""
        document = plain(data["document"])
        yield f"{document} is yet to be written; accord show --template prints its shape"
        yield from _notes([note for note in data["notes"] if note.get("asked")])
    else:
        yield from _notes(data["notes"])
        yield from _items(data)
        asked = {item["id"] for item in data["items"]}
        yield from _tasks(data["tasks"], data["waves"], asked)
        yield from _files(data["files"], data["diff"])
        yield from _weakened(data["weakened"])
        yield from _left_out(data["left_out"], data["change"])
        yield from evidence_lines(data["evidence"])
        yield from flake_lines(data["flakes"])
        if lines := [*data["beside"], *data["meets"]]:
            yield from ("", "Beside it", *(wrap(one, "  ", "    ") for one in lines))
        yield from _opinion(data)
        yield from decision_lines(data["decisions"])
        yield from _findings(data["findings"])
    yield ""
    if data["spent"]["tokens"]:
        yield from spent_lines(data["spent"], f"accord show {data['change']} --runs")
    yield f"documents: {plain(data['folder'])}"
    for step in data["next"]:
        yield from _next(step, data)


def spent_lines(spent: dict[str, Any], more: str) -> Iterator[str]:
    """Yield what was spent in one line, and how each budget is used."""
    count = len(spent["runs"])
    words = f"spent: {spent['words']} in {count} run{'' if count == 1 else 's'}"
    yield wrap(f"{words} ({more})" if more else words, "", "  ")
    for one in spent["budgets"]:
        yield wrap(f"budget: {one['words']}", "", "  ")


def run_lines(change: str, spent: dict[str, Any]) -> Iterator[str]:
    """Yield the runs of agents, then what each task or stage and each agent took."""
    if not spent["runs"]:
        yield f"no agent has run for {plain(change)} yet"
        return
    rows = [(one["run"], one["agent"], one["state"], one["spent"] or "-") for one in spent["runs"]]
    yield from table(rows, ("RUN", "AGENT", "ENDED", "SPENT"))
    for one in spent["runs"]:
        if one["detail"]:
            yield ""
            yield wrap(f"{one['run']}: {one['detail']}", "  ", "    ")
    if spent["tokens"]:
        for head, key in (("TASK OR STAGE", "tasks"), ("AGENT", "agents")):
            yield ""
            sums = [(one["name"], one["words"]) for one in spent[key]]
            yield from table(sums, (head, "SPENT"))
        yield ""
        yield from spent_lines(spent, "")


def plan_lines(data: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a plan: the waves, what each task claims, what overlaps."""
    if not data["tasks"]:
        yield f"{plain(data['change'])} has no tasks yet"
        return
    for number, wave in enumerate(data["waves"], start=1):
        yield f"Wave {number}"
        for name in wave:
            task = data["tasks"][name]
            landed = " (landed)" if task["landed"] else ""
            yield wrap(f"{name} {task['title']}{landed}", "  ", "     ")
            yield wrap(f"claims {', '.join(task['touches'])}", "     ", "       ")
            if task["after"]:
                yield wrap(f"after {', '.join(task['after'])}", "     ", "       ")
            if task["leases"]:
                yield wrap(f"alone with {', '.join(task['leases'])}", "     ", "       ")
    yield ""
    if not data["overlaps"]:
        yield "No two tasks that may run side by side claim the same files."
    for one in data["overlaps"]:
        paths = ", ".join(dict.fromkeys(path for pair in one["patterns"] for path in pair))
        yield wrap(f"{' and '.join(one['tasks'])} overlap: {paths}", "", "  ")
    yield from (wrap(one["words"], "", "  ") for one in data["across"])
    count = data["agents"]
    yield f"{count} agent{'' if count == 1 else 's'} at once, the longest path of tasks first"


def _next(step: dict[str, Any], data: dict[str, Any]) -> Iterator[str]:
    if "command" not in step:
        does = " ".join(dict.fromkeys((step["does"], step["subject"])))
        yield plain(f"next: accord run {data['change']} ({does})")
        return
    yield wrap(f"next: {step['waits']}", "", "  ")
    if step["place"] and step["place"] != data["folder"]:
        yield f"  in {plain(step['place'])}"
    if step["command"] != f"accord show {data['change']}":
        yield f"  {plain(_command(step['command'], data))}"


def _command(command: str, data: dict[str, Any]) -> str:
    """Bind the approval that is proposed to what is on the screen."""
    if command == f"accord approve {data['change']}":
        return f"{command} --seen {data['seen']}"
    return command


def _notes(notes: list[dict[str, Any]]) -> Iterator[str]:
    waiting = [note for note in notes if note["open"]]
    if not waiting:
        return
    yield ""
    yield "To answer"
    for note in sorted(waiting, key=lambda one: (one["kind"] != "question", _risk(one))):
        risk = f" ({note['risk']} risk)" if note["risk"] else ""
        yield wrap(f"{note['id']}{risk} {note['said']}", "  ", "     ")
        for number, words in enumerate(note["choices"], 1):
            yield wrap(f"{number} {words}", "     ", "       ")


def _risk(note: dict[str, Any]) -> int:
    return ("high", "medium", "low", "").index(note["risk"] if note["risk"] in
                                              ("high", "medium", "low") else "")  # fmt: skip


def _items(data: dict[str, Any]) -> Iterator[str]:
    if not data["items"]:
        return
    yield ""
    kept = data["kept"]
    if kept["count"]:
        yield wrap(f"To decide ({kept['count']} more are as {kept['by']} approved them on "
                   f"{kept['at'][:10]})")  # fmt: skip
    else:
        yield "To decide"
    for item in data["items"]:
        yield f"  {plain(item['id'])} ({item['change']})"
        yield from _body(item)


def _body(item: dict[str, Any]) -> Iterator[str]:
    if item["change"] in ("rests on a change", "as it was"):
        return
    if item["change"] == "removed":
        yield wrap(f"- {item['before'].strip()}", "    ", "      ")
        return
    if item["before"]:
        yield wrap("".join(_marked(sign, text) for sign, text in item["words"]).strip(), "    ")
        return
    source = [line for line in plain(item["after"]).splitlines() if line.strip()]
    for line in source[:LONGEST]:
        yield wrap(line, "    ", "      ")
    if len(source) > LONGEST:
        yield f"    … {len(source) - LONGEST} more lines in the document"


def _marked(sign: str, text: str) -> str:
    if sign == " " or not text.strip():
        return text
    before = text[: len(text) - len(text.lstrip())]
    after = text[len(text.rstrip()) :]
    return f"{before}[{sign}{text.strip()}{sign}]{after}"


def _tasks(tasks: list[dict[str, Any]], waves: list[list[str]], asked: set[str]) -> Iterator[str]:
    if not tasks:
        return
    yield ""
    order = " then ".join(", ".join(wave) for wave in waves)
    yield wrap(f"Tasks: {order}")
    for task in [one for one in tasks if one["id"] not in asked]:
        state = "landed" if task["landed"] else "to do"
        yield wrap(f"{task['id']} {task['title']} ({state})", "  ", "     ")
        yield wrap(f"touches {', '.join(task['touches'])}", "     ")
        if task["verify"]:
            yield wrap(f"proved by {task['verify']}", "     ")


def _files(files: list[dict[str, Any]], diff: str) -> Iterator[str]:
    if not files:
        return
    yield ""
    yield f"Changed: {len(files)} file{'' if len(files) == 1 else 's'} ({plain(diff)})"
    for one in files[:LONGEST]:
        what = "deleted" if one["deleted"] else f"{one['lines']} lines"
        unasked = ", which no task was to touch" if one["unasked"] else ""
        yield wrap(f"{one['path']} ({what}{unasked})", "  ", "    ")


def _weakened(found: list[dict[str, Any]]) -> Iterator[str]:
    if not found:
        return
    yield ""
    yield "Tests that do less than before"
    for one in found[:LONGEST]:
        yield wrap(f"{one['path']}:{one['line']} {one['test']} {one['words']}", "  ", "    ")
    if (more := len(found) - LONGEST) > 0:
        yield f"  … {more} more"


def _left_out(found: list[dict[str, Any]], change: str) -> Iterator[str]:
    """Yield what is not in the result though somebody at work on a task wrote it."""
    if not found:
        return
    yield ""
    yield "Left out of what was built"
    for one in found:
        for each in one["paths"][:LONGEST]:
            path = "�".join(each["path"].splitlines())  # a name may hold the end of a line
            yield wrap(f"{one['task']} {path}: {each['reason']}", "  ", "     ")
        if one["more"]:
            yield f"     … {one['more']} more"
        if one["command"]:
            yield f"     to have it: {plain(one['command'])}"
        if one["document"]:
            words = f"to let {one['task']} write it: widen its Touches, {one['document']}, then "
            yield wrap(f"{words}accord approve {change}", "     ", "       ")


def evidence_lines(found: dict[str, Any] | None) -> Iterator[str]:
    """Yield what is proved about each criterion, or about each task where there is none."""
    if not found:
        return
    yield ""
    yield "Evidence, from runs that Accord made on a fresh checkout"
    for one in found["criteria"]:
        known = "survives" if one.get("broken") == "survives" else one["proof"]
        yield wrap(f"{one['criterion']} {known}: {one['reason']}", "  ", "     ")
    if any(one.get("broken") == "survives" for one in found["criteria"]):
        yield wrap("survives: does that test prove it? Its code was broken on purpose, and it "
                   "passed", "  ", "    ")  # fmt: skip
    if not found["criteria"]:
        for task, run in found["runs"].items():
            yield wrap(f"{task} {run}", "  ", "     ")


def flake_lines(found: list[dict[str, Any]]) -> Iterator[str]:
    """Yield which commands failed and then passed on the same code, and how often, a line each."""
    if found:
        yield ""
        rows = [(str(one["times"]), one["command"]) for one in found]
        yield from table(rows, ("TIMES", "FAILED, THEN PASSED ON THE SAME CODE"))


def _opinion(data: dict[str, Any]) -> Iterator[str]:
    found = data["opinion"]
    if not found:
        return
    yield ""
    if found["folded"] and not found["trouble"]:
        yield wrap(f"Opinion of {found['agent']}, folded until you have decided:", "", "  ")
        yield f"  accord show {plain(data['change'])} --opinion"
        return
    yield from opinion_lines(found)


def opinion_lines(found: dict[str, Any]) -> Iterator[str]:
    """Yield what an agent thinks of what was built, or why it said nothing."""
    if not found:
        yield "no agent was asked about this code; agent.review in .accord/config.toml names one"
        return
    if found["trouble"]:
        yield wrap(f"No opinion: {found['trouble']}", "", "  ")
        return
    yield wrap(f"Opinion of {found['agent']}; nothing follows from it", "", "  ")
    for line in plain(found["said"]).splitlines():
        yield wrap(line, "  ", "    ")


def decision_lines(found: dict[str, Any]) -> Iterator[str]:
    """Yield what the draft says of each decision in force, and what is known about it."""
    if not found["rows"] and not found["ask"]:
        return
    yield ""
    counts = ", ".join(f"{count} {name}" for name, count in found["counts"].items())
    yield wrap(f"Decisions: {counts}") if counts else "Decisions"
    for one in found["rows"]:
        words = f": {one['words']}" if one["words"] else ""
        yield wrap(f"{one['id']} {one['standing']}{words}", "  ", "     ")
        yield wrap(one["statement"], "     ")
    for one in found["ask"]:
        yield wrap(f"{one['id']} asks: {one['question']}", "  ", "     ")


def _findings(findings: list[dict[str, Any]]) -> Iterator[str]:
    if not findings:
        return
    yield ""
    yield "Findings"
    for one in findings[:FINDINGS]:
        yield wrap(f"{one['place']} {one['severity']}: {one['message']}", "  ", "    ")
        yield wrap(f"hint: {one['hint']}", "    ", "      ")
    if (more := len(findings) - FINDINGS) > 0:
        yield f"  … {more} more finding{'' if more == 1 else 's'}"
