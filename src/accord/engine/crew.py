"""One clone as one of many that work on a project: what it holds, what it may do, what it brings.

Every machine derives the same next steps from the same branches; the board only says who does
which. A piece of work is claimed, then it is looked again whether it is still to be done, and only
then is it begun. What comes of it counts when it is on the remote, moved from where it was known.
"""

import sqlite3
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

from attrs import define, evolve, field

from accord.app import asking, at_work, salvaging
from accord.app.config import PATH as CONFIG
from accord.app.running import Taken
from accord.app.travelling import Say, Travel
from accord.app.workplaces import BUILT
from accord.app.workshop import CHANGES, Workshop
from accord.approvals.trust import FOLDER as TRUST
from accord.core import leases
from accord.core.leases import Board, Lease, Worker
from accord.core.orders import UNHELD
from accord.core.ports import Remote
from accord.core.reconcile import Action, Build, Draft, Land, Release, Wait
from accord.core.spending import Takings
from accord.engine import leash
from accord.engine.pieces import job_of, kind, refs_of
from accord.errors import AccordError, ConflictError

POLL_S = 5.0
"""How often it is looked what others did, while nothing ends here."""

STILL_S = 60.0
"""After how long without anything to do or to learn it is looked less often."""

MOST_LOST = 10
"""After so many attempts at one thing whose workers were lost, a person is asked to look."""

WORKERS_DO = (Build, Land)
"""What a worker does; drafts, evidence, opinions and releases are for `accord run`."""


_ATTEMPTS = ("build/", "draft/")
_PARTS = 5  # in the name of an attempt
_TRIES = 3


@define
class Crew:
    """What one process has to do with the others.

    `lasting`: it goes on until it is told to end, and does what workers do; else it is the
    `accord run` of a person. `draining` begins nothing more; `renewing` says that it drains since
    the rules on the base are others by now, and is to be opened anew.
    """

    workshop: Workshop
    board: Board
    travel: Travel
    remote: Remote
    worker: Worker
    lasting: bool
    takings: Takings | None = None
    poll_s: float = POLL_S
    still_s: float = STILL_S
    held: dict[str, int] = field(factory=dict)
    steps: dict[str, tuple[str, ...]] = field(factory=dict)
    begun: set[str] = field(factory=set)
    waiting: set[str] = field(factory=set)
    inherited: set[str] = field(factory=set)
    undone: set[str] = field(factory=set)
    elsewhere: dict[str, str] = field(factory=dict)
    draining: bool = False
    renewing: bool = False
    rules: tuple[object, ...] = ()
    ended: str = ""
    renewed: float = 0.0
    trouble: str = ""
    _lock: threading.RLock = field(factory=threading.RLock)

    def enter(self) -> None:
        """Take up what this clone held when it was killed, if it is back in time; meet the others.

        It has joined before. Raises what meeting the remote does.
        """
        self._hold()
        self._reap()
        ledger, now = self.board.look()
        for lease in ledger.leases.values():
            mine = lease.worker == self.worker.name and lease.expires > now
            if mine and lease.job.startswith((*_ATTEMPTS, "serial/")):
                token = self.board.claim(self.worker.name, [lease.job])
                if token:
                    self.held[lease.job] = token
                    kept = self.waiting if lease.job.startswith(_ATTEMPTS) else self.inherited
                    kept.add(lease.job)
            elif mine:
                self.board.drop(self.worker.name, {lease.job: lease.token})
        self._hold()
        self._count()
        self._stop_strays()
        self.meet()
        self.rules = self._rules()
        self.keep_snapshots()

    def leave(self) -> None:
        """Take part no more. What is unfinished is over, its agents are ended: others may try."""
        jobs = [job for job in self.held if job.startswith(_ATTEMPTS)]
        self.held.clear()
        self._stop_strays()
        for job in jobs:
            self._over(job, "its worker left")
        self.board.leave(self.worker.name)
        self.keep_snapshots()

    def meet(self) -> None:
        """Learn what others did: fetch, and note the attempts whose workers were lost."""
        self._reap()
        with self._lock:
            busy = {ref for step in self.begun for ref in self.steps.get(step, ())
                    if ref.startswith("refs/")}  # fmt: skip
        self.travel.meet(busy)
        asking.carry(self.workshop, self.worker.name)
        if self.lasting and self.rules and self.rules != self._rules():
            self.renewing = self.draining = True
        for ref in self.travel.ahead():
            if ref not in busy:
                self._bring_ahead(ref)
        ledger, _ = self.board.look()
        hosts = {name: one.host for name, one in ledger.workers.items()}
        self.elsewhere = {
            job: hosts.get(lease.worker, "another machine")
            for job, lease in ledger.leases.items()
            if lease.worker != self.worker.name
        }

    def meet_again(self, say: Say) -> bool:
        """Meet the others; tell whether it worked. Only a worker waits for a better time."""
        try:
            self.meet()
        except AccordError as error:
            if not self.lasting:
                raise
            if error.message != self.trouble:
                self.trouble = error.message
                say("", error.message)
            return False
        self.trouble = ""
        return True

    def may(self, step: Action) -> bool:
        """Tell whether this process does steps of this kind at all."""
        return not self.draining and not self.ended and (
            not self.lasting or isinstance(step, WORKERS_DO)
        )  # fmt: skip

    def is_elsewhere(self, step: Action | Wait) -> str:
        """Return the machine that does `step` now, or an empty string."""
        return "" if isinstance(step, Wait) else self.elsewhere.get(job_of(step), "")

    def claim(self, step: Action, serial: Collection[str]) -> bool:
        """Take the lease for `step` and the serial resources that it needs; tell whether it is had.

        What this process holds already, because its agent asked or outlived it, is had.
        """
        job = job_of(step)
        with self._lock:
            needs = [f"serial/{name}" for name in sorted(serial)]
            free = self.held.keys() - self.waiting - self.inherited
            if not free.isdisjoint([job, *needs]):  # held for another step of this process
                return False
            if isinstance(step, Release) and not self._is_base_there(step):
                return False
            wanted = [job, *needs]
            token = self.board.claim(self.worker.name, wanted)
            if not token:
                return False
            self.waiting.discard(job)
            self.inherited -= set(needs)
            self.held.update(dict.fromkeys(wanted, token))
            self.steps[step.id] = (*wanted, *refs_of(step, self.workshop.base), *(
                ref for ref in self.remote.far()
                if isinstance(step, Release) and ref.startswith(f"{BUILT}/{step.change}/")
            ))  # fmt: skip
            return True

    def _is_base_there(self, step: Release) -> bool:
        """Tell whether the base here is that of the remote; say so where it is not."""
        base = self.workshop.base
        if self.workshop.repo.resolve(base) == self.remote.far().get(base):
            return True
        name = self.workshop.config.policy.base
        self.travel.say(step.change, f"{name} here is not what the remote has: git pull, git push")
        return False

    def begin(self, step: Action) -> None:
        """Know that `step` is under way: until it is over, nothing else here moves its refs."""
        with self._lock:
            self.begun.add(step.id)

    def forget(self, step: Action) -> None:
        """Give back what was claimed for `step`; kept is that whose agent asked or goes on."""
        with self._lock:
            mine = self.steps.pop(step.id, ())
            self.begun.discard(step.id)
            job = job_of(step)
            goes_on = job in self.held and self._goes_on(step)
            if goes_on:
                self.waiting.add(job)
            tokens = {one: self.held.pop(one) for one in mine
                      if one in self.held and not (goes_on and one == job)}  # fmt: skip
        if tokens:
            self.board.drop(self.worker.name, tokens)

    def _goes_on(self, step: Action) -> bool:
        if not isinstance(step, Build | Draft):
            return False
        rounds = range(1, self.workshop.config.rounds + 1)
        return bool(asking.waiting(self.workshop, f"{step.id}/")) or any(
            self.workshop.agents.is_running(f"{step.id}/{number}") for number in rounds
        )

    def settle_waiting(self, steps: Collection[str]) -> None:
        """Give up what is held from earlier and is neither to be done nor waits for an answer."""
        with self._lock:
            idle = {job for job in self.waiting - set(steps)
                    if not asking.waiting(self.workshop, f"{job}/")}  # fmt: skip
            self.waiting -= idle
            if not self.waiting:  # whose the serial resources were is known when it goes on
                idle |= self.inherited
                self.inherited.clear()
            tokens = {job: self.held.pop(job) for job in idle if job in self.held}
        if tokens:
            self.board.drop(self.worker.name, tokens)
            self._stop_strays()

    def beat(self) -> None:
        """Renew what is held. Whose lease ended is stopped: its agents here, and this worker."""
        with self._lock:
            tokens = dict(self.held)
        try:
            self.board.join(self.worker)
            kept = self.board.renew(self.worker.name, tokens)
        except AccordError as error:
            if time.monotonic() - self.renewed > leases.TRUST_S:
                self._lost(set(tokens), f"could not renew its leases: {error.message}")
            return
        self._hold()
        self._count()
        with self._lock:  # a claim that is under way gives some of them another token
            lost = {job for job, token in tokens.items()
                    if job not in kept and self.held.get(job) == token}  # fmt: skip
        if lost:
            self._lost(
                lost, f"was not heard of for {leases.LASTS_S:.0f} seconds and lost its lease"
            )

    def _hold(self) -> None:
        """Know, and let the agents of this clone know, that what it holds was renewed just now."""
        self.renewed = time.monotonic()
        self.workshop.leash = leash.hold(self.workshop.state)

    def _count(self) -> None:
        """Have the budgets of this clone count what others spent, and theirs what it did."""
        if self.takings is not None:
            # Where that fails now, what was known of them goes on to count.
            with suppress(AccordError, OSError, sqlite3.Error):
                own = self.workshop.purse.own()
                self.workshop.purse.learn(self.takings.exchange(self.worker.name, own))

    def publish(self, step: Action, taken: Taken) -> Taken:
        """Bring what `step` moved to the remote, while its lease is held; return what came of it.

        Where the remote has moved meanwhile the attempt is over, for every machine to look again.
        """
        with self._lock:
            mine = self.steps.get(step.id, ())
            tokens = {job: self.held[job] for job in mine if job in self.held}
        refs = [ref for ref in mine if ref.startswith("refs/")]
        why = "another machine has this work now"
        if taken.detail == UNHELD:
            tokens = {}
        for tries_left in reversed(range(_TRIES)):
            try:
                if not tokens or self.board.renew(self.worker.name, tokens) != tokens.keys():
                    break
                if self.travel.bring(refs):
                    return taken
                why = "the remote moved meanwhile; it is looked at again"
                break
            except AccordError as error:  # what took minutes to make is not thrown away at once
                why = error.message
                time.sleep(self.poll_s if tries_left else 0)
        if isinstance(step, Release):
            return self._left_here(taken, why)
        self.undone.add(step.id)
        return evolve(taken, accepted=False, waits=False, feedback="", detail=why)

    def _left_here(self, taken: Taken, why: str) -> Taken:
        if not taken.accepted:
            return taken
        base = self.workshop.config.policy.base
        words = f"it is on {base} here and not on the remote ({why})"
        mend = f"git pull --no-rebase {self.remote.name} {base}, then git push"
        return Taken(False, f"{words}: {mend}", exit_code=ConflictError.exit_code)

    def is_undone(self, step: Action) -> bool:
        """Tell, once, whether what came of `step` did not come to the remote: none of it counts."""
        there = step.id in self.undone
        self.undone.discard(step.id)
        return there

    def failed(self, change: str) -> Mapping[str, tuple[str, str]]:
        """Map what was tried in vain on `change`, on any machine, to (what it was, why)."""
        prefix = f"failed/{change}/"
        return {
            key.removeprefix(prefix): (str(note.get("of", "")), str(note.get("why", "")))
            for key, note in self.workshop.journal.noted(prefix).items()
        }

    def note_failed(self, step: Action, why: str) -> None:
        """Write down that no machine is to try `step` again before a person asks for it."""
        key = f"failed/{step.change}/{step.subject}"
        self.workshop.journal.note(key, {"of": kind(step.id), "why": why})

    def ask_again(self, changes: Sequence[str]) -> None:
        """Have tried again what was tried in vain: a person asks for it."""
        for change in changes:
            for subject, (of, _) in self.failed(change).items():
                if of:
                    self.workshop.journal.note(f"failed/{change}/{subject}", {"of": "", "why": ""})

    def keep_snapshots(self) -> None:
        """Bring the snapshots of this clone to the remote; the next time will do as well."""
        with suppress(AccordError):
            self.remote.push_snapshots()

    def _rules(self) -> tuple[object, ...]:
        """Return what the base says of how work is done and who decides."""
        repo, base = self.workshop.repo, self.workshop.repo.resolve(self.workshop.base)
        return repo.entry(base, CONFIG), tuple(repo.folder(base, TRUST).items())

    def _reap(self) -> None:
        """Note as over the attempts whose workers were lost; then they may be tried anew.

        The note comes first: whoever is killed in between leaves a lease that is reaped again.
        """
        gone = leases.ended(*self.board.look())
        for lease in gone:
            if lease.job.startswith(_ATTEMPTS) and lease.job.count("/") == _PARTS - 1:
                self._note_lost(lease)
        if gone:
            self.board.reap([lease.job for lease in gone])

    def _note_lost(self, lease: Lease) -> None:
        self._over(lease.job, "its worker was lost")
        of = kind(lease.job)
        notes = self.workshop.journal.noted(f"{of}/").values()
        lost = sum(note.get("lost") is True for note in notes)
        if lost >= MOST_LOST:
            _, change, subject, *_ = lease.job.split("/")
            why = f"{lost} workers were lost while they were at it"
            self.workshop.journal.note(f"failed/{change}/{subject}", {"of": of, "why": why})

    def _over(self, job: str, why: str) -> None:
        asking.close(self.workshop, f"{job}/")
        if job not in self.workshop.journal.noted(job):
            self.workshop.journal.note(job, {**Taken(False, why).as_json(), "lost": True})

    def _bring_ahead(self, ref: str) -> None:
        """Bring commits of a change's branch that only this clone has, unless it is being moved."""
        job = f"branch/{ref.removeprefix(CHANGES)}"
        token = self.board.claim(self.worker.name, [job]) if job not in self.held else 0
        if token:
            self.travel.bring([ref])
            self.board.drop(self.worker.name, {job: token})

    def _lost(self, jobs: set[str], why: str) -> None:
        self.ended = self.ended or why
        with self._lock:
            for job in jobs:
                self.held.pop(job, None)
                self.waiting.discard(job)
        self._stop_strays()

    def _stop_strays(self) -> None:
        """End the agents of this clone whose work it does not hold; what they wrote is kept."""
        for run_id in at_work.alive(self.workshop):
            job, _, round_ = run_id.rpartition("/")
            if job in self.held:
                continue
            self.workshop.agents.stop(run_id)
            what, change, subject, key, number = job.split("/")
            if what == "build":
                step = Build(change, subject, int(number), key, by_hand=False)
                salvaging.look_in(self.workshop, step, int(round_))
