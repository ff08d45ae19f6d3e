"""The stream of what happened: the operation log as server-sent events, resumed by its numbers."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from accord.app.workshop import Workshop
from accord.core.model import sha256
from accord.core.ports import Operation
from accord.web.room import Room
from accord.web.text import plain

LOOK_SECONDS = 0.05
WATCH_SECONDS = 0.02
STILL_SECONDS = 10.0
DOZE_SECONDS = 0.1
"""How often it is looked where nothing happened for STILL_SECONDS: waiting has to cost nothing."""
SHORT_SECONDS = 0.01
CALM_SECONDS = 0.2
BEAT_SECONDS = 15.0
RESUMED = 100
_LOG = 2  # of the files that are watched the first ones hold the operations
_ALL = 4  # these every page follows; behind them are those of the run that one page shows


async def stream(request: Request) -> Response:
    """Answer `/events`: every operation after `Last-Event-ID` (at first: after the `since` of the
    page that asks), then each as it happens; with `run` also that this run said or did something.

    `mark` is what the page had before it was made: where it is another by now, the stream says so
    at once. So nothing is missed between the page and the stream, nor while the stream was away.
    """
    room: Room = request.app.state.room
    said = request.headers.get("last-event-id") or request.query_params.get("since", "")
    since = int(said) if said.isdecimal() and len(said) < 16 else None
    run = request.query_params.get("run", "")
    watched = await run_in_threadpool(_watched, room, run)  # refuses whoever may not look
    mark = request.query_params.get("mark", "")
    events = _events(room, watched, since, mark, request.state.session, told_of=bool(run))
    return StreamingResponse(events, media_type="text/event-stream")


async def _events(
    room: Room, watched: tuple[Path, ...], since: int | None, mark: str, token: str, *,
    told_of: bool,
) -> AsyncIterator[str]:  # fmt: skip
    """Yield the stream. Without `since` it begins with what happens from now on.

    An operation is written down before it is done, so a smaller number may be done after a larger
    one: what was told is remembered, and only a larger number moves the place to resume from.
    """
    newest = await run_in_threadpool(_newest, room)
    told = {one.number for one in newest if since is None or one.number <= since}
    last = max(told, default=since or 0)
    yield f"retry: 1000\nid: {last}\nevent: ready\ndata: {{}}\n\n"
    state: tuple[tuple[int, int], ...] | None = None
    quiet = still = 0.0
    rest = SHORT_SECONDS
    while room.sessions.knows(token, asked=False):
        now = _stamp(watched)
        if now != state:
            first, logged = state is None, state is None or now[:_LOG] != state[:_LOG]
            missed = first and mark not in ("", _mark(now))
            state, quiet, still = now, 0.0, 0.0
            # What an agent says need not wait for its turn with the workshop.
            listed = await run_in_threadpool(_newest, room) if logged else ()
            fresh = [one for one in listed if one.number not in told]
            for one in reversed(fresh):
                told.add(one.number)
                yield _event(one, last)
                last = max(last, one.number)
            # No operation, but a run began, ended or went on; one that is watched may have done so
            # before the page that shows it began to listen, and so may what is not marked.
            if not fresh and (told_of or missed or not first):
                yield "event: moved\ndata: {}\n\n"
                # Of many words in a row each is not told: the longer it goes on, the fewer.
                rest = min(2 * rest, CALM_SECONDS)
                await asyncio.sleep(rest)
        pause = _pause(still, told_of=told_of)
        await asyncio.sleep(pause)
        quiet, still = quiet + pause, still + pause
        rest = SHORT_SECONDS if quiet >= CALM_SECONDS else rest
        if quiet >= BEAT_SECONDS:
            quiet = 0.0
            yield ": still here\n\n"


def _pause(still: float, *, told_of: bool) -> float:
    """Return how long to wait for the next look, where nothing happened for `still` seconds."""
    if still >= STILL_SECONDS:
        return DOZE_SECONDS
    return WATCH_SECONDS if told_of else LOOK_SECONDS


def _event(one: Operation, last: int) -> str:
    # JSON escapes every line end, so no text in an operation can begin a field of the stream.
    data = json.dumps({"number": one.number, "verb": plain(one.verb), "change": plain(one.change)})
    place = f"id: {one.number}\n" if one.number > last else ""
    return f"{place}event: moved\ndata: {data}\n\n"


def mark(workshop: Workshop) -> str:
    """Return what tells all that pages follow from how it was before; taken before it is read."""
    return _mark(_stamp(_followed(workshop)))


def _mark(stamp: tuple[tuple[int, int], ...]) -> str:
    return sha256(repr(stamp[:_ALL]).encode())[:16]


def _watched(room: Room, run: str) -> tuple[Path, ...]:
    with room.workshop() as workshop:
        trail = workshop.agents.trail(run) if run else ()
        return (*_followed(workshop), *map(Path, trail))


def _followed(workshop: Workshop) -> tuple[Path, ...]:
    journal = workshop.state / "journal.sqlite"
    # Beside it lies what agents ask, and the desks, which are laid out after a ref moved.
    names = (f"{journal.name}-wal", "questions", "desks")
    return (journal, *map(journal.with_name, names))


def _newest(room: Room) -> tuple[Operation, ...]:
    with room.workshop() as workshop:
        return workshop.journal.operations(limit=RESUMED)


def _stamp(watched: tuple[Path, ...]) -> tuple[tuple[int, int], ...]:
    """Return what tells written files from those before, without opening them."""
    return tuple(map(_facts, watched))


def _facts(path: Path) -> tuple[int, int]:
    try:
        facts = path.stat()
    except OSError:
        return (0, 0)
    return (facts.st_mtime_ns, facts.st_size)
