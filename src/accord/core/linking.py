"""Links between tasks and requirements, in formats where nobody has to write them.

Where a plan names hardly any requirement, that it leaves one out says nothing. Where it names most
of them, the rest were forgotten: that is the line between noise and a finding.
"""

from collections.abc import Iterator

from accord.core.checks import Finding, Severity
from accord.core.model import Item, ItemKind, Spec, lineage

MOST, FEW = 0.6, 0.5


def check(spec: Spec) -> Iterator[Finding]:
    """Yield the requirements that no task names and the tasks that name none."""
    tasks = [task for task in spec.tasks if not task.text.lower().startswith("checkpoint")]
    named = {name for task in tasks for name in task.satisfies}
    if not named:
        return
    wanted = _wanted(spec)
    forgotten = [item for item in wanted if named.isdisjoint(lineage(item.id))]
    if len(wanted) - len(forgotten) >= MOST * len(wanted):
        for item in forgotten:
            words = f"no task names {item.id}, and most others are named by one"
            yield _at("no-task-names-it", item, words, "name it in the task that is about it")
    idle = [task for task in tasks if not task.satisfies]
    if len(tasks) - len(idle) >= MOST * len(tasks):
        for task in idle:
            words = f"{task.id} names no requirement, and most tasks do"
            yield _at("names-nothing", task, words, "name the requirement that asks for it")


def is_sparse(spec: Spec) -> bool:
    """Tell whether the plan of `spec` names so few criteria that it was not meant to name them."""
    named = {name for task in spec.tasks for name in task.satisfies}
    met = sum(not named.isdisjoint(lineage(one.id)) for one in spec.criteria)
    return met < FEW * len(spec.criteria)


def _wanted(spec: Spec) -> list[Item]:
    numbered = [one for one in spec.criteria if one.id.startswith("FR")]
    return [*numbered] or [one for one in spec.items if one.kind is ItemKind.CRITERION]


def _at(rule: str, item: Item, message: str, hint: str) -> Finding:
    place = item.place
    return Finding(rule, Severity.WARNS, place.path, place.line, 1, item.id, message, hint)
