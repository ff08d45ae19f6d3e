"""Do what the merge queue asks for: join in the object store, verify on fresh checkouts, land.

The rules are in `core.queue`; here its questions are put to git and to the checks. Nothing is
kept of a queue: what is left of it after a kill is what landed, and the verdicts in the journal.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from attrs import define, field

from accord.app import evidence
from accord.app.changes import Change
from accord.app.regenerating import regenerate
from accord.app.workshop import Workshop
from accord.core import queue as queues
from accord.core.evidence import Result, Run
from accord.core.model import Task, sha256
from accord.core.queue import (
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


@define
class Queueing:
    """One queue at work on the branch of `change`; `land` moves the branch for an intent.

    `own` is the entry that it runs for. The others are taken along while they do well; one that
    does not is left to a queue of its own.
    """

    workshop: Workshop
    change: Change
    own: str
    land: Callable[[Land], None]
    said: dict[tuple[str, str], Run] = field(factory=dict)

    def run(self, entries: Sequence[Entry]) -> Queue:
        """Go on until nothing is left to do; return the queue as it is then.

        Raises what `land` raises.
        """
        tip = self.change.found.tip
        queue = Queue(tip, tip, tuple(entries), slots=self.workshop.config.beside.slots)
        with ThreadPoolExecutor(queue.slots) as slots:
            while intents := queues.plan(queue):
                queue = self._step(queue, intents, slots)
        for tree, command in queues.flakes(queue):
            note_flake(self.workshop, self.change, tree, command)
        return queue

    def reason(self, queue: Queue, refusal: Refuse) -> str:
        """Return why an entry was refused, in words for those who wrote both sides."""
        beside = f"{' and '.join(refusal.against)}, which landed before"
        if refusal.paths:
            who = beside if refusal.against else "what landed before"
            return f"it conflicts with {who}: {', '.join(refusal.paths)}{_diffs(queue, refusal)}"
        failed = next((run.reason for (_, command), run in reversed(self.said.items())
                       if command in refusal.entry.commands and run.result is not Result.PASS),
                      "it failed")  # fmt: skip
        who = beside if refusal.against else "what landed before"
        return f"with {who}: {failed}{_diffs(queue, refusal)}"

    def _step(self, queue: Queue, intents: Sequence[Intent], slots: ThreadPoolExecutor) -> Queue:
        asked = [one for one in intents if isinstance(one, Verify)]
        for one in intents:
            match one:
                case Join(onto, entry):
                    queue = queues.joined(queue, one, self._join(onto, entry))
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

    def _join(self, onto: str, entry: Entry) -> Joined:
        repo = self.workshop.repo
        if repo.contains(entry.commit, onto):
            return Joined(entry.commit, repo.tree(entry.commit))
        merge = repo.merge(onto, entry.commit, self.workshop.config.beside.union)
        merge = regenerate(self.workshop, onto, entry.commit, merge)
        if merge.conflicts:
            return Joined("", "", merge.conflicts)
        message = f"Land {entry.id} of {self.change.name}\n"
        commit = repo.join(merge.tree, [onto, entry.commit], message, self.workshop.author)
        return Joined(commit, merge.tree)

    def _verify_of(self, queue: Queue) -> Callable[[Verify], list[Verdict]]:
        def verify(asked: Verify) -> list[Verdict]:
            return [self._verdict(queue, asked, command) for command in asked.commands]

        return verify

    def _verdict(self, queue: Queue, asked: Verify, command: str) -> Verdict:
        key = evidence.verdict_key(self.workshop, asked.tree, command)
        if (asked.tree, command) not in queue.runs and self.workshop.journal.noted(key):
            return Verdict.PASS
        run = evidence.verify(self.workshop, asked.commit, command)
        self.said[asked.tree, command] = run
        return Verdict(str(run.result))


def entry(workshop: Workshop, change: Change, task: Task, commit: str) -> Entry:
    """Return a built task as the queue knows it."""
    repo = workshop.repo
    fork = repo.fork(change.found.tip, commit)
    paths = tuple(one.path for one in repo.changed(fork, commit))
    waived = evidence.waived(change, task.id)
    return Entry(task.id, commit, (evidence.command(workshop, task),), paths, waived)


def note_flake(workshop: Workshop, change: Change, tree: str, command: str) -> None:
    """Write down that `command` failed and then passed on the same tree."""
    key = f"{FLAKE}/{tree}/{sha256(command.encode())[:16]}"
    workshop.journal.note(key, {"command": command, "change": change.name})


def _diffs(queue: Queue, refusal: Refuse) -> str:
    others = [one for one in queue.landed if one.id in refusal.against]
    told = [f"git show {one.commit[:12]}" for one in (*others, refusal.entry)]
    return f" (see {', '.join(told)})" if others else ""
