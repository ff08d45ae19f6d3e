"""Drive changes until whatever is left waits for a person."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress

from attrs import define, evolve, field, frozen

from accord.app import room
from accord.app.changes import Change, load_all, released
from accord.app.pace import Pacing
from accord.app.radar import Radar
from accord.app.situations import situation
from accord.app.workshop import Workshop
from accord.core.orders import AgentEvent
from accord.core.reconcile import (
    Action,
    Build,
    Draft,
    Land,
    Prove,
    Release,
    Review,
    Wait,
    next_steps,
)
from accord.engine import watching
from accord.engine.admitting import Admitting
from accord.engine.crew import Crew
from accord.engine.entering import alone, beat, settle, taking_part
from accord.engine.pieces import kind
from accord.engine.resting import Resting, spent
from accord.errors import AccordError, ConflictError

RETRIES = 2

LOOK_EVERY_S = 60.0
"""How often it is looked whether pieces of work collide while all of them go on."""


@frozen
class Event:
    """Something that happened while driving, for the person who watches."""

    change: str
    subject: str
    text: str
    good: bool = True


Tell = Callable[[Event], None]
Submit = Callable[[Action, int], Awaitable[dict[str, object]]]


@frozen
class Outcome:
    """Where the drive ended: what waits for a person, what was released.

    `exit_code` is 0, or that of the first thing that was tried in vain.
    """

    waits: tuple[Wait, ...]
    exit_code: int
    released: tuple[str, ...]


def drive(
    workshop: Workshop, names: Sequence[str], *, tell: Tell, handed_in: Collection[str] = (),
    only: str = "", notice: Callable[[str], None] = lambda _: None,
    heard: Callable[[str, str, AgentEvent], None] | None = None, crew: Crew | None = None,
) -> Outcome:  # fmt: skip
    """Do for the changes called `names` all that may be done, and return what waits.

    With a `crew` others do so as well; a worker's goes on until it is drained, for every change.
    Raises ConflictError where its leases were lost.

    `handed_in` names tasks that a person built; `only` the stage or task beside which nothing is
    done; `heard` is told all that agents say and do. Raises ConflictError when another process
    drives this repository already.
    """
    settle(workshop)
    with alone(workshop):
        steering = _Drive(workshop, tuple(names), tell, frozenset(handed_in), only, crew)
        if crew is None:
            first = steering.look()
            if not any(not isinstance(step, Wait) for step in first):
                return steering.outcome(first)
        with taking_part(workshop, crew):
            # DBOS takes a second of CPU to import, which is wasted where everything waits.
            from accord.engine import jobs

            jobs.open_engine(workshop, notice, steering.sent_back, steering.asked, heard,
                             crew.publish if crew else None)  # fmt: skip
            try:
                return asyncio.run(steering.run(jobs.submit))
            finally:
                jobs.close_engine()
                workshop.halt(halted=False)


@define
class _Drive:
    workshop: Workshop
    names: tuple[str, ...]
    tell: Tell
    handed_in: frozenset[str]
    only: str = ""
    crew: Crew | None = None
    failed: dict[str, dict[str, str]] = field(factory=dict)
    tries: dict[str, int] = field(factory=dict)
    busy: dict[asyncio.Task[dict[str, object]], Action] = field(factory=dict)
    exit_code: int = 0
    looked: float = 0.0
    changes: dict[str, Change] = field(factory=dict)
    held: tuple[Wait, ...] = ()
    seen: Sequence[Action | Wait] = ()
    admitting: Admitting = field(init=False)
    radar: Radar = field(init=False)
    pacing: Pacing = field(init=False)
    resting: Resting = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.admitting = Admitting(self.workshop)
        self.radar = Radar(self.workshop)
        self.pacing = Pacing(self.workshop)
        self.resting = Resting(self.workshop)

    def look(self) -> list[Action | Wait]:
        base = self.workshop.repo.resolve(self.workshop.base)
        with self.workshop.journal.at_once():
            if self.crew is not None and self.crew.lasting:
                return self._look_again(base)
            changes = load_all(self.workshop, self.names)
            self.changes = {change.name: change for change in changes}
            return [step for change in changes for step in self._steps(change, base)]

    def _look_again(self, base: str) -> list[Action | Wait]:
        steps, self.changes = self.resting.look(base, lambda change: self._steps(change, base))
        self.names = tuple(steps)
        return [step for own in steps.values() for step in own]

    def _steps(self, change: Change, base: str) -> tuple[Action | Wait, ...]:
        failed = dict(self.failed.get(change.name, {}))
        if self.crew is not None and (notes := self.crew.failed(change.name)):
            now = {kind(step.id) for step in self._next(change, base, failed)
                   if not isinstance(step, Wait)}  # fmt: skip
            failed |= {subject: why for subject, (of, why) in notes.items() if of in now}
        return self._next(change, base, failed)

    def _next(
        self, change: Change, base: str, failed: Mapping[str, str]
    ) -> tuple[Action | Wait, ...]:
        # On the machine of a worker nobody sits who would write or build by hand.
        acting = self.crew is None or not self.crew.lasting
        facts = situation(self.workshop, change, failed=failed, handed_in=self.handed_in,
                          acting=acting)  # fmt: skip
        steps = next_steps(facts, base)
        return tuple(
            step for step in steps
            if not self.only or isinstance(step, Wait) or step.subject == self.only
        )  # fmt: skip

    async def run(self, submit: Submit) -> Outcome:
        beating = asyncio.create_task(beat(self.crew)) if self.crew is not None else None
        try:
            return await self._run(submit)
        except asyncio.CancelledError:
            await self._halt()
            raise
        finally:
            with suppress(AccordError, OSError, sqlite3.Error):  # as on a full disk
                self.pacing.stop()
            if beating is not None:
                beating.cancel()

    async def _halt(self) -> None:
        """End the commands that run, since a person pressed Ctrl-C; the next drive runs them anew.

        Nobody waits for them by then, so that what becomes of them is recorded nowhere.
        """
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for one in others:
            one.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        self.workshop.halt(halted=True)

    async def _run(self, submit: Submit) -> Outcome:
        while True:
            began = spent()
            self.seen = steps = await asyncio.to_thread(self._seen)
            ready = await asyncio.to_thread(self._begun, steps, _now())
            self.resting.looked(steps, spent() - began, _now())
            for step in ready:
                self._announce(step)
                self.admitting.begin(step, _now())
                task = asyncio.create_task(self._perform(step, submit))
                self.busy[task] = step
            await asyncio.to_thread(self._tell_pace)
            if not self.busy and not self._stays():
                return self.outcome(steps)
            for task in await self._next_done():
                step = self.busy.pop(task)
                self._finished(step, task.result())
                self.admitting.end(step, _now(), goes_on=bool(task.result().get("waits")))
                if self.crew is not None:
                    await asyncio.to_thread(self.crew.forget, step)

    def _seen(self) -> list[Action | Wait]:
        """Meet the others, where there are any, and return what there is to do."""
        if self.crew is not None and not self.crew.meet_again(self.tell_of):
            return []
        return self.look()

    def _begun(self, steps: Sequence[Action | Wait], now: float) -> list[Action]:
        """Return what is begun now; where there are others, what is also this machine's to do."""
        ready: list[Action] = []
        for step in self._admitted(steps, now):
            if self._may_start(step, ready):
                ready.append(step)
        if self.crew is None or not steps:
            return ready
        crew = self.crew
        crew.settle_waiting({step.id for step in steps if not isinstance(step, Wait)})
        mine = [step for step in ready
                if crew.claim(step, self.admitting.serial(step, self.changes))]  # fmt: skip
        # Whoever had it before may have done it since it was looked: what they did is seen now.
        again = {one.id for one in self._admitted(self._seen(), now)} if mine else set()
        for step in mine:
            (crew.begin if step.id in again else crew.forget)(step)
        return [step for step in mine if step.id in again]

    def _stays(self) -> bool:
        """Tell whether a worker waits for more to do. Raises ConflictError for a lost lease."""
        if self.crew is None:
            return False
        if self.crew.ended:
            raise ConflictError(f"this worker {self.crew.ended}", hint="start it again")
        return self.crew.lasting and not self.crew.draining

    def tell_of(self, change: str, words: str) -> None:
        self.tell(Event(change, "", words, good=False))

    async def _next_done(self) -> set[asyncio.Task[dict[str, object]]]:
        """Wait until something is done; look now and then whether two collide meanwhile.

        Where there are others, also return when it is time to see what they did.
        """
        if self.crew is not None:
            return await self.crew_done(self.crew)
        done: set[asyncio.Task[dict[str, object]]] = set()
        while not done:
            done, _ = await asyncio.wait(self.busy, timeout=LOOK_EVERY_S,
                                         return_when=asyncio.FIRST_COMPLETED)  # fmt: skip
            await asyncio.to_thread(self._look_around)
            await asyncio.to_thread(self._tell_pace)
        return done

    def _tell_pace(self) -> None:
        if self.crew is None:  # what others are at, and with how many agents, nobody knows
            self.pacing.tell(self.seen, tuple(self.busy.values()), self.changes)

    async def crew_done(self, crew: Crew) -> set[asyncio.Task[dict[str, object]]]:
        if not self.busy:
            for nap in self.resting.naps(crew.poll_s, crew.still_s, _now()):
                await asyncio.sleep(nap)
                if not self._stays():
                    break
            return set()
        done, _ = await asyncio.wait(self.busy, timeout=crew.poll_s,
                                     return_when=asyncio.FIRST_COMPLETED)  # fmt: skip
        if not done and _now() - self.looked >= LOOK_EVERY_S:
            await asyncio.to_thread(self._look_around)
            self.looked = _now()
        return done

    def _look_around(self) -> None:
        with suppress(AccordError):  # what is seen is advice, and what is not ends nothing
            crew = self.crew
            for one in self.radar.look() if crew is None else watching.look(crew, self.radar):
                self.tell(Event(" and ".join(sorted(one.changes)), "beside", one.words()))

    def _admitted(self, steps: Sequence[Action | Wait], now: float) -> list[Action]:
        """Return the steps that may begin; those of agents in the order that serves all best."""
        crew = self.crew
        theirs = [step for step in steps if not isinstance(step, Wait) and crew is not None
                  and crew.is_elsewhere(step)]  # fmt: skip
        if crew is not None:
            steps = [step for step in steps
                     if step in theirs or isinstance(step, Wait) or crew.may(step)]  # fmt: skip
        found = self.admitting.choose(steps, self.changes, tuple(self.busy.values()), now, theirs,
                                      self.resting.begun)  # fmt: skip
        of_agents = {step.id: step for step in steps if isinstance(step, Draft | Build)}
        self.held = tuple(
            Wait(of_agents[name].change, f"{of_agents[name].subject} is held: {reason}",
                 "accord status")
            for name, reason in found.held.items()
        )  # fmt: skip
        leaving = [step.change for step in steps if isinstance(step, Release)]
        others = [
            evolve(step, along=tuple(name for name in leaving if name != step.change))
            if isinstance(step, Release) else step
            for step in steps if isinstance(step, Land | Prove | Review | Release)
            and step not in theirs
        ]  # fmt: skip
        return [*others, *(of_agents[one.id] for one in found.started)]

    def _may_start(self, step: Action, ready: Sequence[Action]) -> bool:
        begun = (*self.busy.values(), *ready)
        if any(one.subject == step.subject and one.change == step.change for one in begun):
            return False
        if isinstance(step, Land | Release):  # a change lands on its branch beside a release
            return not any(type(one) is type(step) for one in begun)
        return True

    async def _perform(self, step: Action, submit: Submit) -> dict[str, object]:
        journal = self.workshop.journal
        key = f"ran/{step.id}"
        count = journal.noted(key).get(key, {}).get("count", 0)
        attempt = count + 1 if isinstance(count, int) else 1
        try:
            result = await submit(step, attempt)
        except Exception:
            # The engine keeps the failure under this id; only another attempt is another try.
            journal.note(key, {"count": attempt})
            raise
        journal.note(key, {"count": attempt})
        return result

    def sent_back(self, change: str, subject: str, why: str) -> None:
        self.tell(Event(change, subject, f"back to the agent: {why}"))

    def asked(self, change: str, subject: str, what: str) -> None:
        self.tell(Event(change, subject, what))

    def _announce(self, step: Action) -> None:
        words = {
            Draft: "is being drafted",
            Build: "is being built",
            Land: "is landing",
            Prove: "is being gathered",
            Review: "is being asked for",
            Release: f"is landing on {self.workshop.config.policy.base}",
        }[type(step)]
        self.tell(Event(step.change, step.subject, words))

    def _finished(self, step: Action, result: dict[str, object]) -> None:
        detail = str(result["detail"])
        good = bool(result["accepted"]) or bool(result.get("waits"))
        good = (self.crew is not None and self.crew.is_undone(step)) or good
        self.tell(Event(step.change, step.subject, detail, good))
        if good:
            return
        tried = self.tries.get(step.change + step.subject, 0) + 1
        self.tries[step.change + step.subject] = tried
        if not (isinstance(step, Land) and tried <= RETRIES):
            if self.crew is not None and isinstance(step, Draft | Build | Land):
                self._vain(self.crew, step, detail)
            else:
                self.failed.setdefault(step.change, {})[step.subject] = detail
            code = result.get("exit_code")
            self.exit_code = self.exit_code or (code if isinstance(code, int) else 1)

    def _vain(self, crew: Crew, step: Action, why: str) -> None:
        """Keep others from trying what failed here, unless it failed of this machine itself."""
        if room.is_full(self.workshop):
            crew.ended = crew.ended or "has no room on its disk"
        else:
            crew.note_failed(step, why)

    def outcome(self, steps: Sequence[Action | Wait]) -> Outcome:
        waits = (*(step for step in steps if isinstance(step, Wait)), *self.held, *(
            Wait(step.change, f"{step.subject} is at work on {host}", "accord status")
            for step in steps
            if not isinstance(step, Wait) and self.crew is not None
            and (host := self.crew.is_elsewhere(step))
        ))  # fmt: skip
        done = set(released(self.workshop)) & set(self.names)
        return Outcome(waits, self.exit_code, tuple(sorted(done)))


def _now() -> float:
    return asyncio.get_running_loop().time()
