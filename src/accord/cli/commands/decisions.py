"""`accord decisions`: rules that were decided once, and are carried into every later draft."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from accord.cli.commands.decision_exchange import bring, export
from accord.cli.commands.decision_figures import capture, stats
from accord.cli.context import Context, command
from accord.cli.render import plain, table, wrap
from accord.errors import ConfigurationError

if TYPE_CHECKING:
    from accord.app.workshop import Workshop

CHANGE = click.option("--change", default="", help="The change whose branch it is about.")
BASE = click.option("--base", is_flag=True, help="About the base branch, wherever you are.")


@click.group(invoke_without_command=True)
@click.option("--all", "every", is_flag=True, help="Also what is out of force.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.pass_context
def decisions(ctx: click.Context, every: bool, as_json: bool) -> None:
    """Rules that people signed once and every later draft is held against."""
    ctx.obj.json = ctx.obj.json or as_json
    if ctx.invoked_subcommand is None:
        ctx.invoke(listed, change="", base=False, every=every, as_json=as_json)


def where(workshop: "Workshop", change: str, *, base: bool = False) -> str:
    """Return the change that is meant: the one that is named, else the one that is checked out."""
    from accord.app.changes import choose, find

    if base:
        return ""
    if change:
        return choose(workshop, change).name
    return next((one.change for one in find(workshop) if one.ref == workshop.branch), "")


@decisions.command("list")
@CHANGE
@BASE
@click.option("--all", "every", is_flag=True, help="Also what is out of force.")
@command
def listed(context: Context, change: str, base: bool, every: bool) -> None:
    """List the decisions in force and those that are proposed."""
    from accord.app import decision_views

    workshop = context.workshop()
    view = decision_views.listing(workshop, where(workshop, change, base=base), every=every)
    context.answer(view, _listing(view))


def _listing(view: dict[str, Any]) -> Iterator[str]:
    rows = [[one["id"], one["state"], str(len(one["checks"])), one["statement"]]
            for one in view["decisions"]]  # fmt: skip
    if rows:
        yield from table(rows, ["ID", "STATE", "CHECKS", "STATEMENT"])
    else:
        yield plain(f"no decision on {view['place']} yet: accord decisions new 'the rule'")
    for name, rules in view["staged"].items():
        for one in rules:
            yield wrap(f"staged in {name}: {one['id']} {one['statement']}", "  ", "    ")
    yield from _problems(view["problems"])


def _problems(found: list[dict[str, Any]]) -> Iterator[str]:
    for one in found:
        yield wrap(f"{one['place']} {one['message']}", "  ", "    ")
        yield wrap(f"hint: {one['hint']}", "    ", "      ")


@decisions.command()
@click.argument("decision")
@CHANGE
@BASE
@command
def show(context: Context, decision: str, change: str, base: bool) -> None:
    """Show DECISION: what it says, who said so and where, what checks it."""
    from accord.app import decision_views

    workshop = context.workshop()
    view = decision_views.detail(workshop, where(workshop, change, base=base), decision)
    context.answer(view, _detail(view))


def _detail(view: dict[str, Any]) -> Iterator[str]:
    yield wrap(f"{view['id']} ({view['state']}) {view['statement']}", "", "  ")
    if view["because"]:
        yield wrap(f"because {view['because']}", "  ")
    for name in ("wrong", "right"):
        if view[name]:
            yield wrap(f"{name}: {view[name]}", "  ", "    ")
    lists = ("stages", "labels", "paths", "triggers", "checks", "supersedes", "narrows")
    for name in lists:
        if view[name]:
            yield wrap(f"{name}: {', '.join(view[name])}", "  ", "    ")
    if view["superseded_by"]:
        yield plain(f"  superseded by {view['superseded_by']}")
    if view["by"]:
        yield wrap(f"signed by {', '.join(view['by'])} on {view['since'][:10]}", "  ")
    if view["source"]:
        said = ", ".join(f"{key} {value}" for key, value in view["source"].items())
        yield wrap(f"from {said}", "  ", "    ")
    yield plain(f"  {view['path']}")


@decisions.command()
@click.argument("statement")
@CHANGE
@BASE
@click.option("--because", default="", help="Why it is so, in one line.")
@click.option("--wrong", default="", help="A text that breaks it.")
@click.option("--right", default="", help="A text that keeps it.")
@click.option("--label", "labels", multiple=True, help="What it is about.")
@click.option("--forbid", default="", metavar="EXPRESSION", help="A check: what no draft may say.")
@command
def new(
    context: Context, statement: str, change: str, base: bool, because: str, wrong: str,
    right: str, labels: tuple[str, ...], forbid: str,
) -> None:  # fmt: skip
    """Propose a decision; it binds nobody until it is approved."""
    from accord.app import deciding
    from accord.core.decision_record import STAGES, Check, CheckKind, Rule

    workshop = context.workshop()
    name = where(workshop, change, base=base)
    checks = (Check(CheckKind.FORBID, STAGES, forbid),) if forbid else ()
    rule = Rule(
        "", "", "proposed", " ".join(statement.split()), because, labels=labels, checks=checks,
        wrong=wrong, right=right, source={"change": name} if name else {},
    )  # fmt: skip
    made = deciding.propose(workshop, name, [rule])[0]
    data = {"id": made.id, "path": made.path, "state": "proposed"}
    context.answer(data, [wrap(f"proposed {made.id} in {made.path}"),
                          plain(f"next: accord decisions approve {made.id}")])  # fmt: skip


@decisions.command()
@click.argument("decision")
@CHANGE
@BASE
@click.option("--yes", is_flag=True, help="Sign without being asked.")
@click.option("--supersedes", default="", metavar="DECISION", help="It takes the place of this.")
@click.option("--narrows", multiple=True, metavar="DECISION", help="It is an exception to this.")
@click.option("--keep-both", is_flag=True, help="A clash with another was seen, and both hold.")
@command
def approve(
    context: Context, decision: str, change: str, base: bool, yes: bool, supersedes: str,
    narrows: tuple[str, ...], keep_both: bool,
) -> None:  # fmt: skip
    """Put DECISION in force by your signature over its text."""
    from accord.app import deciding, decision_views

    workshop = context.workshop()
    name = where(workshop, change, base=base)
    place = deciding.place(workshop, name)
    rule = deciding.find(place, decision).rule
    near = deciding.nearby(workshop, place, rule)
    view = decision_views.near(near)
    if not yes:
        asked = _asked(rule.id, rule.statement, view)
        if len({*filter(None, [supersedes]), *asked["s"]}) > 1:
            raise ConfigurationError("a decision takes the place of one other",
                                     hint="answer s once")  # fmt: skip
        supersedes, keep_both = supersedes or "".join(asked["s"]), keep_both or bool(asked["k"])
        narrows = (*narrows, *asked["n"])
    if supersedes:
        entry = deciding.supersede(workshop, name, supersedes, rule.id, narrows=narrows,
                                   despite=keep_both)  # fmt: skip
    else:
        entry = deciding.activate(workshop, name, rule.id, narrows=narrows, despite=keep_both)
    data = {"id": entry.rule.id, "state": str(entry.state), "by": list(entry.people), **view}
    state = "in force" if entry.state == "active" else f"{entry.state}, it waits for more people"
    lines = [wrap(f"{entry.rule.id} is {state}: {entry.rule.statement}", "", "  ")]
    if yes:
        lines += [wrap(f"near: {one['id']} {one['statement']}", "  ", "    ")
                  for one in view["nearest"]]  # fmt: skip
    context.answer(data, lines)


def _asked(name: str, statement: str, view: dict[str, Any]) -> dict[str, list[str]]:
    """Ask about each of the nearest decisions, one key each; return which got which key."""
    if not sys.stdin.isatty():
        raise ConfigurationError(
            "there is no terminal to ask on",
            hint=f"accord decisions approve {name} --yes, after accord decisions show {name}",
        )
    found: dict[str, list[str]] = {"s": [], "n": [], "k": []}
    click.echo(wrap(f"{name} {statement}", "", "  "))
    clashing = {one["id"]: one["what"] for one in view["clashes"]}
    for one in view["nearest"]:
        click.echo(wrap(f"near: {one['id']} {one['statement']}", "  ", "    "))
        if one["id"] in clashing:
            click.echo(wrap(f"they clash: {clashing[one['id']]}", "    "))
        key = asked_key("    [s]upersedes [n]arrows [k]eep both [Enter] unrelated ", "snk")
        if key:
            found[key].append(one["id"])
    click.confirm("Sign this?", abort=True)
    return found


def asked_key(question: str, keys: str) -> str:
    """Ask for one key on the terminal; return it, or an empty string for any other."""
    click.echo(question, nl=False)
    key = click.getchar()
    if key in ("\x03", "\x04"):
        raise click.exceptions.Abort
    click.echo(plain(key) if key.isprintable() else "")
    return key if key and key in keys else ""


@decisions.command()
@click.argument("old")
@click.argument("new_one", metavar="NEW", default="")
@CHANGE
@BASE
@click.option("--with", "words", default="", metavar="STATEMENT", help="The rule in its place.")
@click.option("--keep-both", is_flag=True, help="A clash with a third was seen, and both hold.")
@command
def supersede(
    context: Context, old: str, new_one: str, change: str, base: bool, words: str, keep_both: bool
) -> None:
    """Put NEW (or a new STATEMENT) in force in the place of OLD, both ends at once."""
    from accord.app import deciding
    from accord.core.decision_record import Rule

    if bool(new_one) == bool(words):
        raise ConfigurationError("it needs NEW or --with", hint="--with 'the rule in its place'")
    workshop = context.workshop()
    name = where(workshop, change, base=base)
    deciding.find(deciding.place(workshop, name), old)
    if words:
        new_one = deciding.propose(workshop, name, [Rule("", "", "proposed", words)])[0].id
    entry = deciding.supersede(workshop, name, old, new_one, despite=keep_both)
    context.answer({"id": entry.rule.id, "state": str(entry.state), "supersedes": old},
                   [wrap(f"{entry.rule.id} is {entry.state} in the place of {old}")])  # fmt: skip


@decisions.command()
@click.argument("decision")
@CHANGE
@BASE
@click.option("--reason", required=True, help="Why it no longer holds.")
@command
def expire(context: Context, decision: str, change: str, base: bool, reason: str) -> None:
    """Take DECISION out of force, or turn a proposal down; its file stays."""
    from accord.app import deciding
    from accord.core.decisions import Act, State

    workshop = context.workshop()
    name = where(workshop, change, base=base)
    entry = deciding.find(deciding.place(workshop, name), decision)
    act = Act.REJECT if entry.state is State.PROPOSED else Act.EXPIRE
    entry = deciding.end(workshop, name, decision, act, reason)
    context.answer({"id": entry.rule.id, "state": str(entry.state)},
                   [wrap(f"{entry.rule.id} is {entry.state}: {reason}")])  # fmt: skip


@decisions.command()
@CHANGE
@BASE
@click.option("--stage", type=click.Choice(["story", "design", "architecture", "implementation"]),
              help="Also print what is shown to who writes this stage.")  # fmt: skip
@command
def check(context: Context, change: str, base: bool, stage: str | None) -> None:
    """Check the records, and the drafts and code of a change against them."""
    from accord.app import decision_views, judging
    from accord.app.changes import load
    from accord.app.views import finding
    from accord.core.model import Stage

    workshop = context.workshop()
    name = where(workshop, change, base=base)
    data: dict[str, Any] = {"problems": decision_views.listing(workshop, name)["problems"],
                            "stale": decision_views.stale(workshop), "findings": []}  # fmt: skip
    if stage and not name:
        raise ConfigurationError("a stage is one of a change", hint="--change NAME")
    if name:
        loaded = load(workshop, name)
        found = [one for one in loaded.findings_at(Stage.ARCHITECTURE)
                 if one.item.startswith("D-")]  # fmt: skip
        found += judging.code_findings(loaded, loaded.found.tip)
        data["findings"] = [finding(one) for one in found]
        data["gate"] = decision_views.gate(loaded)
        if stage:
            data["recall"] = decision_views.recalled(loaded, Stage(stage))
    context.answer(data, _checked(data))
    if data["problems"] or any(one["severity"] == "blocks" for one in data["findings"]):
        raise click.exceptions.Exit(1)


def _checked(data: dict[str, Any]) -> Iterator[str]:
    if not any(data[name] for name in ("problems", "findings", "stale")):
        yield "nothing to mend"
    yield from _problems(data["problems"])
    for one in data["findings"]:
        yield wrap(f"{one['place']} {one['severity']}: {one['message']}", "  ", "    ")
        yield wrap(f"hint: {one['hint']}", "    ", "      ")
    for one in data["stale"]:
        yield wrap(f"look at {one['id']} again: {'; '.join(one['reasons'])}", "  ", "    ")
    recalled = data.get("recall")
    if recalled:
        yield plain(f"shown at the {recalled['stage']}: about {recalled['tokens']} tokens")
        for one in recalled["shown"]:
            yield wrap(f"{one['id']} ({one['why']}) {one['statement']}", "  ", "    ")
        if recalled["left"]:
            yield f"  {recalled['left']} further decisions are not shown"


decisions.add_command(capture)
decisions.add_command(stats)
decisions.add_command(bring)
decisions.add_command(export)
