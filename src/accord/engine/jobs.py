"""Pieces of work as durable workflows: one for each kind of action, each step done at least once.

A workflow's id is its meaning, so asking twice runs once. Steps take and give small JSON; what
they do to the world is found in git, and looked for there before it is done again.
"""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
from dbos import (
    DBOS,
    DBOSPortableJSONSerializer,
    SetWorkflowID,
    _serialization,
)

from accord.app import (
    agency,
    asking,
    landing,
    proving,
    radar,
    reading_results,
    releasing,
    running,
    salvaging,
)
from accord.app.changes import load
from accord.app.running import Taken
from accord.app.workshop import Workshop
from accord.core.model import Stage
from accord.core.orders import AgentEvent
from accord.core.reconcile import Action, Build, Draft, Land, Prove, Release, Review
from accord.core.recording import joined
from accord.engine.outcomes import Outcomes, Payload
from accord.errors import AccordError

Notice = Callable[[str], None]
SentBack = Callable[[str, str, str], None]
Heard = Callable[[str, str, AgentEvent], None]
Publish = Callable[[Action, Taken], Taken]

# Bumped only when the steps of a workflow change while older ones may be unfinished.
VERSION = "1"

KEEP_EVERY_S = 60.0
"""How long an agent works between two snapshots of its worktree."""


class _Bench:
    """What the workflows of this process work with; DBOS hands them nothing but JSON."""

    workshop: Workshop | None = None
    notice: Notice = staticmethod(lambda _: None)
    sent_back: SentBack = staticmethod(lambda *_: None)
    asked: SentBack = staticmethod(lambda *_: None)
    heard: Heard | None = None
    publish: Publish = staticmethod(lambda _, taken: taken)
    keep_every_s: float = KEEP_EVERY_S
    outcomes: Outcomes = Outcomes()


def open_engine(
    workshop: Workshop, notice: Notice, sent_back: SentBack, asked: SentBack = lambda *_: None,
    heard: Heard | None = None, publish: Publish | None = None,
) -> None:  # fmt: skip
    """Start the engine on the workshop's own SQLite file and take up what was left unfinished.

    Where there are other machines, `publish` brings them what a step moved, and says what came of
    it; then nothing is taken up, since whoever was not heard of for a while holds nothing.

    `notice` is told of each step before and after it (`ID STEP begin`, `ID STEP end`);
    `sent_back` of each round whose work goes back to the agent (change, subject, why), `asked` of
    each question of an agent's, `heard` of all that agents say and do (change, subject, event).
    Only one process may have the engine of a repository open; the caller holds the lock for it.
    """
    # DBOS unpickles any row that says so; nothing of Accord's is ever pickled.
    _serialization.DefaultSerializer.deserialize = _refuse_pickle  # type: ignore[method-assign, assignment] # on purpose
    logging.getLogger("dbos").setLevel(logging.CRITICAL)
    _Bench.workshop, _Bench.notice = workshop, staticmethod(notice)
    _Bench.sent_back, _Bench.asked = staticmethod(sent_back), staticmethod(asked)
    _Bench.heard = staticmethod(heard) if heard else None
    _Bench.publish = staticmethod(publish or (lambda _, taken: taken))
    _Bench.outcomes = Outcomes()
    database = _database(workshop.state, shared=publish is not None)
    DBOS(
        config={
            "name": "accord",
            "system_database_url": f"sqlite:///{database}",
            "application_version": VERSION,
            "executor_id": "local",
            "log_level": "CRITICAL",
            "serializer": DBOSPortableJSONSerializer(),
        }
    )
    DBOS.launch()


def close_engine() -> None:
    """Stop the engine; agents that run go on, and the next engine finds them."""
    DBOS.destroy()


async def submit(action: Action, attempt: int) -> Payload:
    """Run the workflow of `action`, or find the one that has its id; return what came of it."""
    name = f"{action.id}#{attempt}"
    with SetWorkflowID(name):
        handle = await DBOS.start_workflow_async(_WORKFLOWS[type(action)], attrs.asdict(action))
    return await _Bench.outcomes.first(name, handle.get_result)


async def _kept(work: Awaitable[Payload]) -> Payload:
    return await _Bench.outcomes.keep(str(DBOS.workflow_id), work)


@DBOS.workflow(name="draft", max_recovery_attempts=None)
async def _draft(payload: Payload) -> Payload:
    action = _draft_of(payload)
    return await _kept(_rounds(action, payload, _begin_draft, _take_draft, _note_draft))


@DBOS.workflow(name="build", max_recovery_attempts=None)
async def _build(payload: Payload) -> Payload:
    if payload["by_hand"]:
        return await _kept(_by_hand(payload))
    action = Build(**payload)
    return await _kept(_rounds(action, payload, _begin_build, _take_build, _note_build))


async def _by_hand(payload: Payload) -> Payload:
    taken = await _take_build(payload, 1)
    await _note_build(payload, taken)
    return taken


@DBOS.workflow(name="land", max_recovery_attempts=None)
async def _land(payload: Payload) -> Payload:
    return await _kept(_land_step(payload))


@DBOS.workflow(name="prove", max_recovery_attempts=None)
async def _prove(payload: Payload) -> Payload:
    return await _kept(_prove_step(payload))


@DBOS.workflow(name="review", max_recovery_attempts=None)
async def _review(payload: Payload) -> Payload:
    action = Review(**payload)
    return await _kept(_rounds(action, payload, _begin_review, _take_review, _note_review))


@DBOS.workflow(name="release", max_recovery_attempts=None)
async def _release(payload: Payload) -> Payload:
    return await _kept(_release_step(payload))


_WORKFLOWS = {Draft: _draft, Build: _build, Land: _land, Prove: _prove, Review: _review,
              Release: _release}  # fmt: skip


async def _rounds(
    action: Draft | Build | Review,
    payload: Payload,
    begin: Callable[[Payload, int, str], Awaitable[Payload]],
    take: Callable[[Payload, int], Awaitable[Payload]],
    note: Callable[[Payload, Payload], Awaitable[None]],
) -> Payload:
    """Let an agent try until its work is accepted, or there is nothing new to tell it."""
    taken: Payload = {}
    feedback = ""
    for number in itertools.count(1):
        if number > agency.rounds(_workshop(), action.id):
            break
        begun = await begin(payload, number, feedback)
        if "detail" in begun:
            taken = begun
            break
        if int(begun["run"].rpartition("/")[2]) > number:
            continue  # an earlier try at this got further, and asked a person
        await _wait(f"{action.id}/{number}", payload, number)
        taken = await take(payload, number)
        feedback = taken["feedback"]
        if taken["accepted"] or not feedback:
            break
        if number < agency.rounds(_workshop(), action.id):
            _Bench.sent_back(action.change, action.subject, taken["detail"])
    await note(payload, taken)
    return taken


@DBOS.step()
async def _begin_draft(payload: Payload, number: int, feedback: str) -> Payload:
    action = _draft_of(payload)
    return await _told(f"{action.id}/{number} begin", _begun, running.begin_draft, action, number,
                       feedback)  # fmt: skip


@DBOS.step()
async def _take_draft(payload: Payload, number: int) -> Payload:
    action = _draft_of(payload)
    return await _told(f"{action.id}/{number} take", _brought, running.take_draft, action,
                       number)  # fmt: skip


@DBOS.step()
async def _note_draft(payload: Payload, taken: Payload) -> None:
    running.remember(_workshop(), _draft_of(payload), Taken(**taken))


@DBOS.step()
async def _begin_build(payload: Payload, number: int, feedback: str) -> Payload:
    action = Build(**payload)
    return await _told(f"{action.id}/{number} begin", _begun, running.begin_build, action, number,
                       feedback)  # fmt: skip


@DBOS.step()
async def _take_build(payload: Payload, number: int) -> Payload:
    action = Build(**payload)
    return await _told(f"{action.id}/{number} take", _brought, running.take_build, action,
                       number)  # fmt: skip


@DBOS.step()
async def _note_build(payload: Payload, taken: Payload) -> None:
    running.remember(_workshop(), Build(**payload), Taken(**taken))


@DBOS.step()
async def _begin_review(payload: Payload, number: int, feedback: str) -> Payload:
    action = Review(**payload)
    return await _told(f"{action.id}/{number} begin", _begun, reading_results.begin, action,
                       number, feedback)  # fmt: skip


@DBOS.step()
async def _take_review(payload: Payload, number: int) -> Payload:
    action = Review(**payload)
    return await _told(f"{action.id}/{number} take", reading_results.take, action, number)


@DBOS.step()
async def _note_review(payload: Payload, taken: Payload) -> None:
    running.remember(_workshop(), Review(**payload), Taken(**taken))


@DBOS.step()
async def _land_step(payload: Payload) -> Payload:
    action = Land(**payload)
    return await _told(f"{action.id} land", _brought, landing.land_task, action)


@DBOS.step()
async def _prove_step(payload: Payload) -> Payload:
    action = Prove(**payload)
    return await _told(f"{action.id} prove", _proved, action)


@DBOS.step()
async def _release_step(payload: Payload) -> Payload:
    action = Release(**payload)
    return await _told(f"{action.id} release", _brought, releasing.release, action)


@DBOS.step()
async def _wait(run_id: str, payload: Payload, number: int) -> None:
    """Wait for an agent's run to end; the run does not depend on anybody waiting.

    What it did so far is kept whenever it was at work for a while.
    """
    reads = "code" in payload  # what lies in the worktree of a reader is nobody's work
    action = Build(**payload) if "task" in payload else None if reads else _draft_of(payload)
    agents, pause, quiet = _workshop().agents, 0.02, 0.0
    told: set[str] = set()
    following = _Following(run_id, str(payload["change"]), action.subject if action else "review")
    while await asyncio.to_thread(agents.report, run_id) is None:
        if not await asyncio.to_thread(agents.is_running, run_id):
            return
        await asyncio.sleep(pause)
        await asyncio.to_thread(following.tell)
        for one in await asyncio.to_thread(asking.waiting, _workshop(), run_id):
            if action is not None and one.id not in told:
                told.add(one.id)
                _Bench.asked(action.change, action.subject, f"asks {one.id}: {one.text}")
        quiet += pause
        if action is not None and quiet >= _Bench.keep_every_s:
            quiet = 0.0
            # A snapshot is for bad days; that one could not be taken ends nothing.
            with contextlib.suppress(AccordError, OSError, ValueError):
                await asyncio.to_thread(salvaging.look_in, _workshop(), action, number)
        pause = min(pause * 1.5, 0.5)
    await asyncio.to_thread(following.tell, over=True)


@attrs.define
class _Following:
    """Tells what an agent says and does as its transcript grows, where somebody listens."""

    run_id: str
    change: str
    subject: str
    size: int = 0
    count: int = 0
    said: tuple[AgentEvent, ...] = ()

    def tell(self, *, over: bool = False) -> None:
        """Tell what came since the last look: words when their line ends, or when none follow."""
        if _Bench.heard is None:
            return
        agents = _workshop().agents
        size = sum(one.stat().st_size for one in map(Path, agents.trail(self.run_id))
                   if one.exists())  # fmt: skip
        events = agents.transcript(self.run_id) if size != self.size else []
        fresh = joined((*self.said, *events[self.count :]))
        self.size, self.count = size, max(self.count, len(events))
        self.said = ()
        if fresh and fresh[-1].goes_on and events and not over:
            *whole, last = fresh
            lines, end, rest = last.text.rpartition("\n")
            fresh = (*whole, attrs.evolve(last, text=lines)) if end else tuple(whole)
            self.said = (attrs.evolve(last, text=rest),)
        for one in fresh:
            if one.text or one.path:
                _Bench.heard(self.change, self.subject, one)


def _begun(workshop: Workshop, begin: Callable[..., str], *arguments: Any) -> str:
    return begin(workshop, *arguments)


def _brought(workshop: Workshop, use: Callable[..., Taken], action: Action, *more: Any) -> Taken:
    return _Bench.publish(action, use(workshop, action, *more))


def _proved(workshop: Workshop, action: Prove) -> Taken:
    proving.prove(workshop, load(workshop, action.change))
    radar.together(workshop, action.change)
    return Taken(True, "gathered")


async def _told(point: str, use: Callable[..., Taken | str], *arguments: Any) -> Payload:
    """Run one use case off the event loop; give its result, or the error that a person can read.

    An error of Accord's own ends the attempt, not the workflow; anything else is a bug and goes on.
    """
    _Bench.notice(f"{point} begin")
    try:
        result = await asyncio.to_thread(use, _workshop(), *arguments)
    except AccordError as error:
        words = f"{error.message} ({error.hint})" if error.hint else error.message
        return {**Taken(False, words, exit_code=error.exit_code).as_json()}
    _Bench.notice(f"{point} end")
    return {**result.as_json()} if isinstance(result, Taken) else {"run": result}


def _draft_of(payload: Payload) -> Draft:
    return Draft(**{**payload, "stage": Stage(payload["stage"])})


def _workshop() -> Workshop:
    if _Bench.workshop is None:
        raise RuntimeError("the engine is not open")
    return _Bench.workshop


def _database(state: Path, *, shared: bool) -> Path:
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not shared:
        return state / "engine.sqlite"
    for one in state.glob("shared.sqlite*"):
        one.unlink()
    return state / "shared.sqlite"


def _refuse_pickle(_self: object, _data: str) -> Any:
    raise ValueError("the engine's database holds a pickled value, which is never read")
