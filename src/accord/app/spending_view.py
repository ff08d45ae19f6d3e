"""What was spent on a change and on all of them, beside the budgets, as people look at it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from attrs import asdict

from accord.app.runs_view import runs
from accord.app.views import View
from accord.app.workshop import Workshop
from accord.core.spending import Spent, Use, together

RUNS = "run:"
_UNITS = ("tokens", "micros")


def by_change(workshop: Workshop) -> dict[str, Spent]:
    """Map each change that agents spent something on to the sums of its runs."""
    found: defaultdict[str, list[Spent]] = defaultdict(list)
    for scope, one in workshop.purse.below(RUNS).items():
        found[_part(scope, 1)].append(one)
    return {change: together(every) for change, every in found.items()}


def overall(workshop: Workshop, changes: Iterable[str]) -> View:
    """Return what was spent on each of `changes` and on all, and how today's budget is used."""
    found = by_change(workshop)
    named = {name: found[name] for name in changes if name in found}
    return {
        **amount(together(named.values())),
        "changes": {name: amount(one) for name, one in named.items()},
        "budgets": budgets(workshop, [f"day:{workshop.clock.now()[:10]}"]),
    }


def of_change(workshop: Workshop, change: str) -> View:
    """Return what was spent on `change`: in all, by run, task or stage, and agent, and budgets.

    What is not in the ledger, since the agent ran without a gateway, is its own word and is not
    summed.
    """
    spent = workshop.purse.below(f"{RUNS}draft/{change}/")
    spent = {**spent, **workshop.purse.below(f"{RUNS}build/{change}/")}
    listed = runs(workshop, change)
    agents = {one["run"]: one["agent"] for one in listed}
    tasks = [f"task:{change}/{one}" for one in dict.fromkeys(
        _part(scope, 2) for scope in spent if scope.startswith(f"{RUNS}build/"))]  # fmt: skip
    return {
        **amount(together(spent.values())),
        "runs": listed,
        "tasks": _sums(spent, {scope: _part(scope, 2) for scope in spent}),
        "agents": _sums(spent, {one: agents.get(one.removeprefix(RUNS), "?") for one in spent}),
        "budgets": budgets(workshop, [*tasks, f"change:{change}",
                                      f"day:{workshop.clock.now()[:10]}"]),
    }  # fmt: skip


def of_run(workshop: Workshop, run_id: str) -> list[View]:
    """Return how each budget that a run counts towards is used."""
    kind, change, subject = run_id.split("/")[:3]
    task = [f"task:{change}/{subject}"] if kind == "build" else []
    day = f"day:{workshop.clock.now()[:10]}"
    return budgets(workshop, [f"{RUNS}{run_id}", *task, f"change:{change}", day])


def budgets(workshop: Workshop, scopes: Iterable[str]) -> list[View]:
    """Return how each budget of `scopes` is used, as the gateways count it."""
    return [_use(use) for scope in scopes for use in _uses(workshop, scope)]


def amount(spent: Spent) -> View:
    """Return a sum as it is printed: tokens, millionths of a dollar, and the words for both."""
    return {**asdict(spent), "words": str(spent)}


def _uses(workshop: Workshop, scope: str) -> Iterator[Use]:
    kind, _, name = scope.partition(":")
    budget = workshop.config.budgets.get(kind)
    if budget is None:
        return
    spent = workshop.purse.below(scope).get(scope, Spent())
    what = kind if kind == "run" else f"{kind} {name}"
    for unit in _UNITS:
        if limit := getattr(budget, unit):
            yield Use(what, unit, getattr(spent, unit), limit)


def _use(use: Use) -> View:
    return {**asdict(use), "percent": use.percent, "words": str(use)}


def _sums(spent: Mapping[str, Spent], keys: Mapping[str, str]) -> list[View]:
    found: defaultdict[str, list[Spent]] = defaultdict(list)
    for scope, one in spent.items():
        found[keys[scope]].append(one)
    return [{"name": name, **amount(together(every))} for name, every in sorted(found.items())]


def _part(scope: str, at: int) -> str:
    parts = scope.removeprefix(RUNS).split("/")
    return parts[at] if len(parts) > at else "?"
