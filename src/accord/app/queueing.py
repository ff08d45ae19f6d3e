"""Do what the merge queue asks for: join in the object store, verify on fresh checkouts, land.

The rules are in `core.queue`; here its questions are put to git and to the checks. Nothing is
kept of a queue but how often its entries fail: what is left of it after a kill is what landed,
and the verdicts in the journal.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ALL_COMPLETED, FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import reduce

from attrs import define, evolve, field

from accord.app import evidence, flakes
from accord.app.changes import Change
from accord.app.driving import drive
from accord.app.regenerating import regenerate
from accord.app.renumbering import Renumbered, renumber
from accord.app.verifying import told
from accord.app.workshop import Workshop
from accord.core import queue as queues
from accord.core.evidence import Result, Run
from accord.core.model import Task
from accord.core.queue import (
    RARE,
    Eject,
    Entry,
    Intent,
    Join,
    Joined,
    Land,
    Queue,
    Refuse,
    Verdict,
    Verify,
)

FAILURES = "queue/failures"
MOST_NAMED = 3
LOOK_S = 5.0
"""How long runs are waited for before it is looked for entries that came meanwhile."""


@define
class Queueing:
    """One queue at work for the change called `name`.

    `join` merges an entry onto a commit, `land` moves the branch for an intent, and `passed` tells
    whether a command is known to pass on a tree. `own` is the entry that it runs for. The others
    are taken along while they do well; one that does not is left to a queue of its own.
    """

    workshop: Workshop
    name: str
    own: str
    join: Callable[[str, Entry], Joined]
    land: Callable[[Land], None]
    passed: Callable[[str, str], bool]
    said: dict[tuple[str, str], Run] = field(factory=dict)
    look_s: float = LOOK_S

    def run(
        self, base: str, entries: Sequence[Entry], began: str, since: Sequence[Entry] = (),
        more: Callable[[], Sequence[Entry]] | None = None,
    ) -> Queue:  # fmt: skip
        """Go on until nothing is left to do; return the queue as it is then.

        `base` is where the branch is, `began` where `own` left it, `since` what landed in between.
        What `more` returns joins the end of the queue, as long as `own` is in it: whoever comes
        late finds a slot that is free. Raises what `join` and `land` raise.
        """
        queue = Queue(base, began, tuple(entries), tuple(since), failures=self._rate(),
                      slots=self.workshop.config.beside.slots)  # fmt: skip
        known = {one.id for one in (*entries, *since)}
        at_work: dict[Future[list[Verdict]], Verify] = {}
        with told(self.workshop, self.name) as telling, ThreadPoolExecutor(queue.slots) as slots:
            while True:
                queue, asked = self._settled(queue)
                at = {one.tree for one in at_work.values()}
                for one in [one for one in asked if one.tree not in at][: queue.slots - len(at)]:
                    at_work[slots.submit(self._verdicts, queue, one)] = one
                if not at_work:
                    break
                telling.tell(queue, at_work.values())
                # Where nobody joins, what is verified side by side lands as one move.
                how = (None, ALL_COMPLETED) if more is None else (self.look_s, FIRST_COMPLETED)
                for future in wait(at_work, *how).done:
                    queue = _noted(queue, at_work.pop(future), future.result())
                if more is not None and self._is_in(queue):
                    late = [one for one in more() if one.id not in known]
                    known |= {one.id for one in late}
                    queue = reduce(queues.queued, late, queue)
        for tree, command in queues.flakes(queue):
            flakes.note(self.workshop, self.name, tree, command)
        self.workshop.journal.note(FAILURES, {"millionths": round(queue.failures * 1e6)})
        return queue

    def reason(self, refusal: Refuse, nobody: str = "with what landed before") -> str:
        """Return why an entry was refused, in words for those who wrote both sides.

        `nobody` says beside what it fails where that is nobody's in particular.
        """
        more = len(refusal.against) - MOST_NAMED
        named = [*refusal.against[:MOST_NAMED], *([f"{more} more"] if more > 0 else [])]
        beside = f"with {' and '.join(named)}, which landed before" if named else nobody
        if refusal.paths:
            return f"it conflicts {beside}: {', '.join(refusal.paths)}"
        failed = next((run.reason for (_, command), run in reversed(self.said.items())
                       if command in refusal.entry.commands and run.result is not Result.PASS),
                      "it failed")  # fmt: skip
        alone = refusal.why is queues.Why.BROKEN
        return f"by itself: {failed}" if alone else f"{beside}: {failed}"

    def _is_in(self, queue: Queue) -> bool:
        return any(one.id == self.own for one in (*queue.entries, *queue.ejected))

    def _rate(self) -> float:
        """Return how often entries failed lately, which tells how large a batch is."""
        found = self.workshop.journal.noted(FAILURES).get(FAILURES, {}).get("millionths")
        return found / 1e6 if isinstance(found, int) else RARE

    def _settled(self, queue: Queue) -> tuple[Queue, list[Verify]]:
        """Do all that takes no time; return the queue then, and the verifications it asks for."""
        while True:
            intents = queues.plan(queue)
            asked = [one for one in intents if isinstance(one, Verify)]
            if len(asked) == len(intents):
                return queue, asked
            for one in intents:
                queue = self._done(queue, one)

    def _done(self, queue: Queue, intent: Intent) -> Queue:
        match intent:
            case Join(onto, entry):
                return queues.joined(queue, intent, self.join(onto, entry))
            case Land():
                self.land(intent)
                return queues.landed(queue, intent)
            case Eject(entry):
                if entry.id != self.own:  # its own turn counts the failure, and says why
                    return queues.refused(queue, Refuse(entry, queues.Why.BROKEN))
                return queues.ejected(queue, entry)
            case Refuse():
                return queues.refused(queue, intent)
            case _:
                return queue

    def _verdicts(self, queue: Queue, asked: Verify) -> list[Verdict]:
        return [self._verdict(queue, asked, command) for command in asked.commands]

    def _verdict(self, queue: Queue, asked: Verify, command: str) -> Verdict:
        if (asked.tree, command) not in queue.runs and self.passed(asked.tree, command):
            return Verdict.PASS
        run = evidence.verify(self.workshop, asked.commit, command)
        self.said[asked.tree, command] = run
        return Verdict(str(run.result))


def _noted(queue: Queue, asked: Verify, verdicts: Sequence[Verdict]) -> Queue:
    for command, said in zip(asked.commands, verdicts, strict=True):
        queue = queues.verified(queue, asked.tree, command, said)
    return queue


def merged(workshop: Workshop, onto: str, commit: str, documents: str = "") -> Renumbered:
    """Merge `commit` onto `onto`, with conflicts resolved where that takes no judgement.

    `documents` is the folder of the change's own. What a command writes from the other files comes
    last: it reads what they came to.
    """
    merge = workshop.repo.merge(onto, commit, workshop.config.beside.union)
    found = renumber(workshop, onto, commit, merge, documents)
    driven = drive(workshop, onto, commit, found.merge)
    return evolve(found, merge=regenerate(workshop, onto, commit, driven))


def joined(
    workshop: Workshop, onto: str, commit: str, message: str, work: str = ""
) -> Joined:  # fmt: skip
    """Return `commit` merged onto `onto`, or `commit` itself where it is on top already.

    `work` names the task that it is, as a trailer does.
    """
    repo = workshop.repo
    if repo.contains(commit, onto):
        return Joined(commit, repo.tree(commit))
    found = merged(workshop, onto, commit)
    if found.merge.conflicts:
        return Joined("", "", found.merge.conflicts)
    said, tree = found.words(work), found.merge.tree
    words = f"{message}\n{said}" if said else message
    return Joined(repo.join(tree, [onto, commit], words, workshop.author), tree)


def entry(workshop: Workshop, change: Change, task: Task, commit: str) -> Entry:
    """Return a built task as the queue knows it."""
    line = evidence.command(workshop, task)
    waived = (line,) if evidence.waived(change, task.id) else ()
    fork = workshop.repo.fork(change.found.tip, commit)
    return Entry(task.id, commit, (line,), paths(workshop, fork, commit), waived)


def paths(workshop: Workshop, base: str, commit: str) -> tuple[str, ...]:
    """Return the paths that differ between two commits."""
    return tuple(one.path for one in workshop.repo.changed(base, commit))
