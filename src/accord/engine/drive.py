"""Drive changes until whatever is left waits for a person."""

import asyncio
import fcntl
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from attrs import define, field, frozen

from accord.app.changes import Change, load_all, released
from accord.app.situations import situation
from accord.app.workshop import Workshop
from accord.core.reconcile import Action, Build, Draft, Land, Prove, Release, Wait, next_steps
from accord.errors import ConflictError

RETRIES = 2


@frozen
class Event:
    """Something that happened while driving, for the person who watches."""

    change: str
    subject: str
    text: str
    good: bool = True


Tell = Callable[[Event], None]


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
    notice: Callable[[str], None] = lambda _: None,
) -> Outcome:  # fmt: skip
    """Do for the changes called `names` all that may be done, and return what waits.

    `handed_in` names tasks that a person built. Raises ConflictError when another process drives
    this repository already.
    """
    settle(workshop)
    with _alone(workshop):
        steering = _Drive(workshop, tuple(names), tell, frozenset(handed_in))
        first = steering.look()
        if not any(not isinstance(step, Wait) for step in first):
            return steering.outcome(first)
        # DBOS takes a second of CPU to import, which is wasted where everything waits.
        from accord.engine import jobs

        jobs.open_engine(workshop, notice, steering.sent_back)
        try:
            return asyncio.run(steering.run(jobs.submit))
        finally:
            jobs.close_engine()


def settle(workshop: Workshop) -> None:
    """Close the operations that were cut off: those whose refs moved are done, the others void."""
    for operation in workshop.journal.operations(pending=True):
        took = all(workshop.repo.resolve(ref) == new for ref, (_, new) in operation.refs.items())
        if took:
            for ref, (old, new) in operation.refs.items():
                if old and new:
                    workshop.repo.settle(ref, old, new)
            workshop.journal.finish(operation.number)
        else:
            workshop.journal.void(operation.number)


@define
class _Drive:
    workshop: Workshop
    names: tuple[str, ...]
    tell: Tell
    handed_in: frozenset[str]
    failed: dict[str, dict[str, str]] = field(factory=dict)
    tries: dict[str, int] = field(factory=dict)
    busy: dict[asyncio.Task[dict[str, object]], Action] = field(factory=dict)
    exit_code: int = 0

    def look(self) -> list[Action | Wait]:
        base = self.workshop.repo.resolve(self.workshop.base)
        changes = load_all(self.workshop, self.names)
        return [step for change in changes for step in self._steps(change, base)]

    def _steps(self, change: Change, base: str) -> tuple[Action | Wait, ...]:
        facts = situation(self.workshop, change, failed=self.failed.get(change.name, {}),
                          handed_in=self.handed_in, acting=True)  # fmt: skip
        return next_steps(facts, base)

    async def run(self, submit: Callable[..., object]) -> Outcome:
        while True:
            steps = await asyncio.to_thread(self.look)
            running = {action.id for action in self.busy.values()}
            for step in steps:
                if isinstance(step, Wait) or step.id in running or not self._may_start(step):
                    continue
                self._announce(step)
                task = asyncio.create_task(self._perform(step, submit))
                self.busy[task] = step
            if not self.busy:
                return self.outcome(steps)
            done, _ = await asyncio.wait(self.busy, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                self._finished(self.busy.pop(task), task.result())

    def _may_start(self, step: Action) -> bool:
        if any(one.subject == step.subject and one.change == step.change
               for one in self.busy.values()):  # fmt: skip
            return False
        if isinstance(step, Land | Release):
            return not any(isinstance(one, Land | Release) for one in self.busy.values())
        if isinstance(step, Draft | Build):
            agents = sum(isinstance(one, Draft | Build) for one in self.busy.values())
            return agents < self.workshop.config.parallel
        return True

    async def _perform(self, step: Action, submit: Callable[..., object]) -> dict[str, object]:
        journal = self.workshop.journal
        key = f"ran/{step.id}"
        count = journal.noted(key).get(key, {}).get("count", 0)
        attempt = count + 1 if isinstance(count, int) else 1
        handle = await submit(step, attempt)  # type: ignore[misc] # the engine's handle
        try:
            result: dict[str, object] = await handle.get_result()
        except Exception:
            # The engine keeps the failure under this id; only another attempt is another try.
            journal.note(key, {"count": attempt})
            raise
        journal.note(key, {"count": attempt})
        return result

    def sent_back(self, change: str, subject: str, why: str) -> None:
        self.tell(Event(change, subject, f"back to the agent: {why}"))

    def _announce(self, step: Action) -> None:
        words = {
            Draft: "is being drafted",
            Build: "is being built",
            Land: "is landing",
            Prove: "is being gathered",
            Release: f"is landing on {self.workshop.config.policy.base}",
        }[type(step)]
        self.tell(Event(step.change, step.subject, words))

    def _finished(self, step: Action, result: dict[str, object]) -> None:
        detail = str(result["detail"])
        good = bool(result["accepted"])
        self.tell(Event(step.change, step.subject, detail, good))
        if good:
            return
        tried = self.tries.get(step.change + step.subject, 0) + 1
        self.tries[step.change + step.subject] = tried
        if not (isinstance(step, Land) and tried <= RETRIES):
            self.failed.setdefault(step.change, {})[step.subject] = detail
            code = result.get("exit_code")
            self.exit_code = self.exit_code or (code if isinstance(code, int) else 1)

    def outcome(self, steps: Sequence[Action | Wait]) -> Outcome:
        waits = tuple(step for step in steps if isinstance(step, Wait))
        done = set(released(self.workshop)) & set(self.names)
        return Outcome(waits, self.exit_code, tuple(sorted(done)))


@contextmanager
def _alone(workshop: Workshop) -> Iterator[None]:
    """Hold the repository's engine lock; it is let go with the process, however that ends."""
    workshop.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (workshop.state / "engine.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConflictError(
                "another accord run is at work in this repository",
                hint="wait for it, or look at accord status",
            ) from None
        yield
