"""What is done: each action is a form, works without a script, and ends at a page.

None of them signs anything by itself. What has to be signed is asked for; a passkey signs it in the
browser, or it is confirmed in the terminal.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from urllib.parse import quote

from attrs import evolve
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from accord.app import asking, authoring, correcting, hunks, pausing, reviewing, stopping, undoing
from accord.app.changes import load
from accord.app.gate_view import aloud
from accord.app.result_view import result_view
from accord.app.workshop import Workshop
from accord.approvals import webauthn
from accord.core.model import SPEC_STAGES
from accord.errors import ConfigurationError, ConflictError, RefusedError
from accord.web import signing
from accord.web.asks import Ask
from accord.web.room import Room
from accord.web.sessions import is_form_token

NOTE = "note-"
LONGEST = 10_000
UNDOING = ("/board", "/drift", "/decisions")
"""Pages about more than one change that offer to undo what was done last."""

Action = Callable[[Request, Workshop, FormData], str]
Handler = Callable[[Request], Awaitable[Response]]


def action(function: Action) -> Handler:
    """Give an action its form, once that carries the session's token; it returns where to go."""

    @wraps(function)
    async def handler(request: Request) -> Response:
        async with request.form(max_fields=500) as form:
            refuse_foreign(request, form)

            def act() -> str:
                with room_of(request).workshop(acts=True) as workshop:
                    return function(request, workshop, form)

            return RedirectResponse(await run_in_threadpool(act), 303)

    return handler


@action
def answer(request: Request, workshop: Workshop, form: FormData) -> str:
    """Answer a question, or accept or correct an assumption, if it still says what was shown."""
    change = load(workshop, request.path_params["change"])
    item_id, own = text(form, "item"), text(form, "own")
    shown = [one for one in (*change.spec.questions, *change.spec.assumptions) if one.id == item_id]
    question = asking.find(workshop, change.name, item_id)
    asked = asking.note_of(question)["own"] if question else shown[0].own if shown else ""
    if asked != own:
        raise ConflictError(f"{item_id} of {change.name} changed since you looked",
                            hint="read it again before you answer")  # fmt: skip
    said = authoring.answer(workshop, change, item_id, text(form, "words"))
    _say(request, said)
    return "/board" if text(form, "from") == "board" else _at(change.name)


@action
def correct(request: Request, workshop: Workshop, form: FormData) -> str:
    """Put other words in the place of a criterion's, or answer the scenario that it is asked."""
    change = load(workshop, request.path_params["change"])
    item_id, own, words = (text(form, name) for name in ("item", "own", "words"))
    does = correcting.answer_scenario if text(form, "scenario") else correcting.correct
    _say(request, does(workshop, change, item_id, own, words))
    return _at(change.name)


@action
def hunk(request: Request, workshop: Workshop, form: FormData) -> str:
    """Keep a hunk, or mark it to go back: to be taken out, or to be tested."""
    change = load(workshop, request.path_params["change"])
    found = result_view(workshop, change)["hunks"]
    said = hunks.say(workshop, change, found, *(text(form, one) for one in ("hunk", "said", "why")))
    _say(request, said)
    return f"{_at(change.name)}/result" if text(form, "from") == "result" else _at(change.name)


@action
def stop(request: Request, workshop: Workshop, form: FormData) -> str:
    """End the run of an agent, or take its work over."""
    does = stopping.take_over if text(form, "how") == "take" else stopping.stop
    _say(request, does(workshop, text(form, "run")))
    return "/board"


@action
def pause(request: Request, workshop: Workshop, form: FormData) -> str:
    """Have a stage or a task wait, let it go on, or give it to another agent."""
    name, subject, how = (text(form, one) for one in ("change", "subject", "how"))
    if how == "hand-over":
        said = pausing.hand_over(workshop, name, subject, text(form, "agent"))
    else:
        does = pausing.go_on if how == "go-on" else pausing.pause
        said = does(workshop, name, subject)
    _say(request, said)
    return "/board"


@action
def approve(request: Request, workshop: Workshop, form: FormData) -> str:
    """Ask for a signature of the gate exactly as it was shown."""
    change = load(workshop, request.path_params["change"])
    gate = reviewing.waiting(change)
    seen = reviewing.seen(gate)
    if text(form, "seen") != seen:
        raise ConflictError(f"the {gate.stage} of {change.name} changed since you looked",
                            hint="read what changed before you approve")  # fmt: skip
    if gate.stage not in SPEC_STAGES and (left := result_view(workshop, change)["open"]):
        raise RefusedError(f"the result of {change.name} is {left[0]}",
                           hint="decide on each hunk, then approve")  # fmt: skip
    return ask(request, workshop, Ask("", "approve", change.name, str(gate.stage), change.title,
                                     seen, aloud(seen)))  # fmt: skip


@action
def reject(request: Request, workshop: Workshop, form: FormData) -> str:
    """Ask for a signature that the work goes back, with every note in one reason."""
    change = load(workshop, request.path_params["change"])
    notes = [
        f"{name.removeprefix(NOTE)}: {value.strip()}"
        for name, value in form.multi_items()
        if name.startswith(NOTE) and isinstance(value, str) and value.strip()
    ]
    reason = "; ".join([*notes, *filter(None, [text(form, "reason")])])
    if not reason:
        raise ConfigurationError("sending back needs a reason", hint="write what should change")
    gate = change.gate
    stage = str(gate.stage) if gate else "release"
    return ask(request, workshop, Ask("", "reject", change.name, stage, change.title,
                                     reason=reason))  # fmt: skip


@action
def undo(request: Request, workshop: Workshop, form: FormData) -> str:
    """Take the last operation back; for an approval that is a signature, so it is asked for."""
    last = undoing.newest(workshop)
    if last is None or str(last.number) != text(form, "number"):
        raise ConflictError("something was done since you looked", hint="read the log again")
    if room_of(request).place.team and last.actor != workshop.person:
        raise RefusedError(f"{last.actor} did that", hint="each takes back what they did")
    if last.verb == "approve":
        change = load(workshop, last.change)
        return ask(request, workshop, Ask("", "undo", change.name, last.detail, change.title))
    _say(request, undoing.undo(workshop))
    at, back = _at(last.change), text(form, "from")
    if back == last.change:
        return at
    return back if back in (*UNDOING, f"{at}/result") else "/log"


async def enter(request: Request) -> Response:
    """Begin a session for the code that `accord serve` printed."""
    room = room_of(request)
    if room.place.team:
        raise HTTPException(404, "nobody enters the room of a team with a code")
    async with request.form(max_fields=10) as form:
        token = room.sessions.enter(text(form, "code"))
    if not token:
        request.state.session = ""
        refused: Response = request.app.state.render(
            request, "enter.html", 403, wrong=True, lost=False
        )
        return refused
    response = RedirectResponse("/", 303)
    response.set_cookie(room.place.cookie, token, httponly=True, samesite="strict", path="/")
    return response


async def leave(request: Request) -> Response:
    """End the session."""
    async with request.form(max_fields=10) as form:
        refuse_foreign(request, form)
    room_of(request).sessions.leave(request.state.session)
    response = RedirectResponse("/enter", 303)
    place = room_of(request).place
    response.delete_cookie(place.cookie, path="/", httponly=True, samesite="strict",
                           secure=place.team)  # fmt: skip
    return response


def ask(request: Request, workshop: Workshop, asked: Ask) -> str:
    """Ask for a signature and return the page that tells of it.

    A passkey of the person's is asked first, then the terminal. Raises RefusedError where there is
    neither.
    """
    room = room_of(request)
    asked = signing.prepared(workshop, evolve(asked, who=room.who(workshop)), room.place)
    if asked.draft is None and not room.terminal and asked.offer is None:
        way = {"approve": f"accord approve {asked.change} --seen {asked.seen}",
               "reject": f"accord reject {asked.change} --reason '...'",
               "undo": f"accord undo {asked.change}"}  # fmt: skip
        raise RefusedError(
            "what you decide is signed with a passkey, or in a terminal, and there is neither",
            hint=f"{way[asked.verb]}; or make a passkey at /keys",
        )
    return f"/asks/{room.asks.put(asked, terminal=room.terminal).id}"


def refuse_foreign(request: Request, form: FormData) -> None:
    """Raise HTTPException for a form without the token of the session that sends it."""
    if not is_form_token(request.state.session, text(form, "csrf")):
        raise HTTPException(403, "the form is not one of this session; load the page again")


def text(form: FormData, name: str) -> str:
    """Return a field of a form without blanks around it; empty where there is none."""
    value = form.get(name, "")
    if not isinstance(value, str) or len(value) > LONGEST:
        raise HTTPException(400, f"{name} is too long")
    return value.strip()


def _at(change: str) -> str:
    return f"/changes/{quote(change, safe='')}"


def _say(request: Request, words: str) -> None:
    room_of(request).sessions.say(request.state.session, words)


def binary(form: FormData, name: str) -> bytes:
    """Return the bytes that a field has in base64url. Raises RefusedError for another text."""
    try:
        return webauthn.decode(text(form, name))
    except ValueError as error:
        raise RefusedError(f"the browser sent no {name}", hint="load the page again") from error


def room_of(request: Request) -> Room:
    """Return the room that the request came to."""
    found: Room = request.app.state.room
    return found
