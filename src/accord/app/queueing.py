"""Do what the merge queue asks for: join in the object store, verify on fresh checkouts, land.

The rules are in `core.queue`; here its questions are put to git and to the checks. Nothing is
kept of a queue but how often its entries fail: what is left of it after a kill is what landed,
and the verdicts in the journal.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from attrs import define, evolve, field

from accord.app import evidence
from accord.app.changes import Change
from accord.app.regenerating import regenerate
from accord.app.renumbering import Renumbered, renumber
from accord.app.workshop import Workshop
from accord.core import queue as queues
from accord.core.evidence import Result, Run
from accord.core.model import Task, sha256
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

FLAKE = "flake"
FAILURES = "queue/failures"
MOST_NAMED = 3


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

    def run(
        self, base: str, entries: Sequence[Entry], began: str, since: Sequence[Entry] = ()
    ) -> Queue:
        """Go on until nothing is left to do; return the queue as it is then.

        `base` is where the branch is, `began` where `own` left it, `since` what landed in between.
        Raises what `join` and `land` raise.
        """
        queue = Queue(base, began, tuple(entries), tuple(since), failures=self._rate(),
                      slots=self.workshop.config.beside.slots)  # fmt: skip
        with ThreadPoolExecutor(queue.slots) as slots:
            while intents := queues.plan(queue):
                queue = self._step(queue, intents, slots)
        for tree, command in queues.flakes(queue):
            note_flake(self.workshop, self.name, tree, command)
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

    def _rate(self) -> float:
        """Return how often entries failed lately, which tells how large a batch is."""
        found = self.workshop.journal.noted(FAILURES).get(FAILURES, {}).get("millionths")
        return found / 1e6 if isinstance(found, int) else RARE

    def _step(self, queue: Queue, intents: Sequence[Intent], slots: ThreadPoolExecutor) -> Queue:
        asked = [one for one in intents if isinstance(one, Verify)]
        for one in intents:
            match one:
                case Join(onto, entry):
                    queue = queues.joined(queue, one, self.join(onto, entry))
                case Land():
                    self.land(one)
                    queue = queues.landed(queue, one)
                case Eject(entry):
                    queue = queues.ejected(queue, entry)
                    if entry.id != self.own:
                        queue = queues.refused(queue, Refuse(entry, queues.Why.BROKEN))
                case Refuse():
                    queue = queues.refused(queue, one)
                case _:
                    pass
        for verify, verdicts in zip(asked, slots.map(self._verify_of(queue), asked), strict=True):
            for command, said in zip(verify.commands, verdicts, strict=True):
                queue = queues.verified(queue, verify.tree, command, said)
        return queue

    def _verify_of(self, queue: Queue) -> Callable[[Verify], list[Verdict]]:
        def verify(asked: Verify) -> list[Verdict]:
            return [self._verdict(queue, asked, command) for command in asked.commands]

        return verify

    def _verdict(self, queue: Queue, asked: Verify, command: str) -> Verdict:
        if (asked.tree, command) not in queue.runs and self.passed(asked.tree, command):
            return Verdict.PASS
        run = evidence.verify(self.workshop, asked.commit, command)
        self.said[asked.tree, command] = run
        return Verdict(str(run.result))


def merged(workshop: Workshop, onto: str, commit: str, documents: str = "") -> Renumbered:
    """Merge `commit` onto `onto`, with conflicts resolved where that takes no judgement.

    `documents` is the folder of the change's own.
    """
    merge = workshop.repo.merge(onto, commit, workshop.config.beside.union)
    found = renumber(workshop, onto, commit, merge, documents)
    return evolve(found, merge=regenerate(workshop, onto, commit, found.merge))


def joined(workshop: Workshop, onto: str, commit: str, message: str) -> Joined:
    """Return `commit` merged onto `onto`, or `commit` itself where it is on top already."""
    repo = workshop.repo
    if repo.contains(commit, onto):
        return Joined(commit, repo.tree(commit))
    found = merged(workshop, onto, commit)
    if found.merge.conflicts:
        return Joined("", "", found.merge.conflicts)
    words = f"{message}\n{found.words}" if found.words else message
    tree = found.merge.tree
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


def note_flake(workshop: Workshop, name: str, tree: str, command: str) -> None:
    """Write down for a change that `command` failed and then passed on the same tree."""
    key = f"{FLAKE}/{tree}/{sha256(command.encode())[:16]}"
    workshop.journal.note(key, {"command": command, "change": name})
