"""Work that does not go together with what landed: both owners see the other's diff and criteria.

What was refused is a note in the journal, shown with its change until it has landed; whoever
builds it anew is told, diff and all. The one that landed before has it in its log.
"""

import difflib
from collections.abc import Iterator, Sequence

from attrs import frozen

from accord.app.changes import TRAILER, Change, Found, read, trailer
from accord.app.workshop import Workshop
from accord.core import trace
from accord.core.approval import Json
from accord.core.model import Criterion, Task, Track
from accord.core.ports import FileChange, Operation
from accord.core.queue import Entry, Why

CLASH = "clash"
CHANGE_TRAILER = "Accord-Change"
LONGEST = 8000
"""How many characters of a diff an agent is told at most."""


@frozen
class Side:
    """One of two that do not go together: its name, what it did, and what it is to do."""

    name: str
    base: str
    commit: str
    criteria: tuple[str, ...]

    @property
    def diff(self) -> str:
        """Return the command that shows what it did."""
        return f"git diff {self.base[:12]} {self.commit[:12]}"


def of_task(workshop: Workshop, change: Change, task: Task, commit: str) -> Side:
    """Return a task of `change` as it was built in `commit`."""
    wanted = trace.satisfied(change.spec, task.satisfies)
    told = _texts(one for one in change.spec.criteria if one.id in wanted)
    base = workshop.repo.fork(change.found.tip, commit)
    if base == commit:  # it landed
        base = workshop.repo.resolve(f"{commit}^1")
    return Side(task.id, base, commit, told or (task.text,))


def of_change(workshop: Workshop, name: str, base: str, tip: str) -> Side:
    """Return a change whose branch left the base at `base` and ends at `tip`, released or not."""
    change = read(workshop, Found(name, "", tip), {}, desk_too=False)
    told = () if change.track is Track.TRIVIAL else _texts(change.spec.criteria)
    return Side(name, base, tip, told or (change.sentence or name,))


def tasks_since(workshop: Workshop, change: Change, commit: str) -> tuple[Side, ...]:
    """Return the tasks that landed on the branch of `change` after `commit` left it."""
    fork = workshop.repo.fork(change.found.tip, commit)
    names = {trailer(change.name, one.id, change.keys[one.id]): one for one in change.tasks}
    made: dict[str, str] = {}
    for one, value in workshop.repo.marked(fork, change.found.tip, TRAILER):
        made.setdefault(value, one)  # the merge that lands a task may name it once more
    return tuple(of_task(workshop, change, names[value], one)
                 for value, one in made.items() if value in names)  # fmt: skip


def changes_since(workshop: Workshop, base: str, fork: str) -> tuple[Side, ...]:
    """Return the changes that were released after the commit `fork` up to `base`.

    One that reached the base in another way, squashed by a host, say, has no branch to try.
    """
    repo, found = workshop.repo, []
    for commit, name in repo.marked(fork, base, CHANGE_TRAILER):
        before, tip = repo.resolve(f"{commit}^1"), repo.resolve(f"{commit}^2")
        if tip:
            found.append(of_change(workshop, name, repo.fork(before, tip), tip))
    return tuple(found)


def entry(workshop: Workshop, side: Side) -> Entry:
    """Return what landed as the queue knows it."""
    paths = tuple(one.path for one in workshop.repo.changed(side.base, side.commit))
    return Entry(side.name, side.commit, (), paths)


def keep(
    workshop: Workshop, change: str, refused: Side, why: Why, reason: str, others: Sequence[Side]
) -> None:
    """Keep for both owners that `refused`, of `change`, does not go together with `others`.

    The others are tasks of the same change, unless `refused` is the change itself: then each is a
    change, and has it in its log.
    """
    whole = refused.name == change
    value: dict[str, Json] = {
        "commit": refused.commit, "why": str(why), "reason": reason, "side": _json(refused),
        "others": [_json(one) for one in others],
    }  # fmt: skip
    workshop.journal.note(_key(change, "" if whole else refused.name), value)
    for other in others if whole else ():
        words = f"{refused.name} does not go with it: {reason}; {refused.diff}"
        operation = Operation("", "clash", other.name, words, {}, workshop.clock.now())
        workshop.record(operation, lambda: None)


def see(mine: Side, others: Sequence[Side]) -> str:
    """Return, in parentheses, the commands that show what each of those who clash did, or ''."""
    return f" (see {'; '.join(one.diff for one in (*others, mine))})" if others else ""


def forget(workshop: Workshop, change: str, tasks: Sequence[str]) -> None:
    """Forget why tasks were refused: they landed."""
    for task in tasks:
        if workshop.journal.noted(_key(change, task)).get(_key(change, task)):
            workshop.journal.note(_key(change, task), {})


def aside(workshop: Workshop, change: Change) -> dict[str, dict[str, Json]]:
    """Map each task of `change` that was refused and has not landed since to what was kept of it.

    The change itself, with an empty name, is among them while it is what was refused.
    """
    notes = workshop.journal.noted(f"{CLASH}/{change.name}/")
    named = {key.rpartition("/")[2]: note for key, note in notes.items() if note}
    return {task: note for task, note in named.items()
            if task or note["commit"] == change.found.tip}  # fmt: skip


def lines(workshop: Workshop, change: Change) -> list[str]:
    """Return, in words, what of `change` was refused for what landed and has not landed since."""
    found = []
    for task, note in aside(workshop, change).items():
        found.append(f"{task or change.name} was not landed, {note['reason']}")
        sides = [_side(note["side"]), *_sides(note["others"])]
        found += [f"{one.name}: {one.diff}; {' / '.join(one.criteria)}" for one in sides]
    return found


def told(workshop: Workshop, change: str, task: str) -> str:
    """Return what the agent that builds `task` anew is told of why it was not landed, or ''."""
    key = _key(change, task)
    note = workshop.journal.noted(key).get(key)
    if not note:
        return ""
    parts = [f"It was not landed, {note['reason']}."]
    for one in _sides(note["others"]):
        parts += [f"{one.name} landed before it, and stays. It is to do this:", *one.criteria,
                  "This is what it did:", _diff(workshop, one)]  # fmt: skip
    return "\n".join(parts)


def _key(change: str, task: str) -> str:
    return f"{CLASH}/{change}/{task}"


def _texts(criteria: Iterator[Criterion] | Sequence[Criterion]) -> tuple[str, ...]:
    return tuple(f"{one.id} {one.text}" for one in criteria)


def _json(side: Side) -> dict[str, Json]:
    return {"name": side.name, "base": side.base, "commit": side.commit,
            "criteria": list(side.criteria)}  # fmt: skip


def _side(value: Json) -> Side:
    facts = value if isinstance(value, dict) else {}
    criteria = facts.get("criteria")
    return Side(str(facts.get("name")), str(facts.get("base")), str(facts.get("commit")),
                tuple(map(str, criteria if isinstance(criteria, list) else ())))  # fmt: skip


def _sides(value: Json) -> list[Side]:
    return [_side(one) for one in value] if isinstance(value, list) else []


def _diff(workshop: Workshop, side: Side) -> str:
    """Return what `side` did as a diff, cut where it is long."""
    files = workshop.repo.changed(side.base, side.commit)
    text = "\n".join(line for one in files for line in _lines(workshop, side.base, one))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n(cut; see {side.diff})"


def _lines(workshop: Workshop, base: str, file: FileChange) -> Iterator[str]:
    before = workshop.repo.read(base, file.path) or b""
    after = workshop.repo.blob(file.id) if file.id else b""
    if b"\0" in before + after or max(len(before), len(after)) > LONGEST * 16:
        yield f"{file.path} changed"
        return
    old, new = (one.decode(errors="backslashreplace").splitlines() for one in (before, after))
    found = [*difflib.unified_diff(old, new, file.path, file.path, lineterm="", n=2)]
    yield from found or [f"{file.path} changed"]
