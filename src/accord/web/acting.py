"""What is done: each action is a form, works without a script, and ends at a page.

None of them signs anything. What has to be signed is asked for, and confirmed in the terminal.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from accord.app import asking, authoring, reviewing, undoing
from accord.app.changes import Change, load
from accord.app.gate_view import aloud
from accord.app.workshop import Workshop
from accord.errors import ConfigurationError, ConflictError, RefusedError
from accord.web.asks import Ask
from accord.web.guard import cookie_name
from accord.web.room import Room
from accord.web.sessions import is_form_token

NOTE = "note-"
LONGEST = 10_000

Action = Callable[[Request, Workshop, FormData], str]
Handler = Callable[[Request], Awaitable[Response]]


def action(function: Action) -> Handler:
    """Give an action its form, once that carries the session's token; it returns where to go."""

    @wraps(function)
    async def handler(request: Request) -> Response:
        async with request.form(max_fields=500) as form:
            _refuse_foreign(request, form)

            def act() -> str:
                with _room(request).workshop() as workshop:
                    return function(request, workshop, form)

            return RedirectResponse(await run_in_threadpool(act), 303)

    return handler


@action
def answer(request: Request, workshop: Workshop, form: FormData) -> str:
    """Answer a question, or accept or correct an assumption, if it still says what was shown."""
    change = load(workshop, request.path_params["change"])
    item_id, own = _text(form, "item"), _text(form, "own")
    shown = [one for one in (*change.spec.questions, *change.spec.assumptions) if one.id == item_id]
    question = asking.find(workshop, change.name, item_id)
    asked = asking.note_of(question)["own"] if question else shown[0].own if shown else ""
    if asked != own:
        raise ConflictError(f"{item_id} of {change.name} changed since you looked",
                            hint="read it again before you answer")  # fmt: skip
    said = authoring.answer(workshop, change, item_id, _text(form, "words"))
    _say(request, said)
    return _at(change.name)


@action
def approve(request: Request, workshop: Workshop, form: FormData) -> str:
    """Ask the terminal to sign the gate exactly as it was shown."""
    change = load(workshop, request.path_params["change"])
    gate = reviewing.waiting(change)
    seen = reviewing.seen(gate)
    if _text(form, "seen") != seen:
        raise ConflictError(f"the {gate.stage} of {change.name} changed since you looked",
                            hint="read what changed before you approve")  # fmt: skip
    return _ask(request, change, Ask("", "approve", change.name, str(gate.stage), change.title,
                                     seen, aloud(seen)))  # fmt: skip


@action
def reject(request: Request, workshop: Workshop, form: FormData) -> str:
    """Ask the terminal to sign that the work goes back, with every note in one reason."""
    change = load(workshop, request.path_params["change"])
    notes = [
        f"{name.removeprefix(NOTE)}: {value.strip()}"
        for name, value in form.multi_items()
        if name.startswith(NOTE) and isinstance(value, str) and value.strip()
    ]
    reason = "; ".join([*notes, *filter(None, [_text(form, "reason")])])
    if not reason:
        raise ConfigurationError("sending back needs a reason", hint="write what should change")
    gate = change.gate
    stage = str(gate.stage) if gate else "release"
    return _ask(request, change, Ask("", "reject", change.name, stage, change.title,
                                     reason=reason))  # fmt: skip


@action
def undo(request: Request, workshop: Workshop, form: FormData) -> str:
    """Take the last operation back; for an approval that is a signature, so it is asked for."""
    last = undoing.newest(workshop)
    if last is None or str(last.number) != _text(form, "number"):
        raise ConflictError("something was done since you looked", hint="read the log again")
    if last.verb == "approve":
        change = load(workshop, last.change)
        return _ask(request, change, Ask("", "undo", change.name, last.detail, change.title))
    _say(request, undoing.undo(workshop))
    return "/log"


async def enter(request: Request) -> Response:
    """Begin a session for the code that `accord serve` printed."""
    room = _room(request)
    async with request.form(max_fields=10) as form:
        token = room.sessions.enter(_text(form, "code"))
    if not token:
        request.state.session = ""
        refused: Response = request.app.state.render(request, "enter.html", 403, wrong=True)
        return refused
    response = RedirectResponse("/", 303)
    response.set_cookie(cookie_name(room.port), token, httponly=True, samesite="strict", path="/")
    return response


async def leave(request: Request) -> Response:
    """End the session."""
    async with request.form(max_fields=10) as form:
        _refuse_foreign(request, form)
    _room(request).sessions.leave(request.state.session)
    response = RedirectResponse("/enter", 303)
    response.delete_cookie(cookie_name(_room(request).port), path="/", httponly=True,
                           samesite="strict")  # fmt: skip
    return response


def _ask(request: Request, change: Change, ask: Ask) -> str:
    room = _room(request)
    if not room.terminal:
        way = {"approve": f"accord approve {change.name} --seen {ask.seen}",
               "reject": f"accord reject {change.name} --reason '...'",
               "undo": f"accord undo {change.name}"}  # fmt: skip
        raise RefusedError(
            "what you decide is signed in a terminal, and this server was started without one",
            hint=way[ask.verb],
        )
    return f"/asks/{room.asks.put(ask).id}"


def _refuse_foreign(request: Request, form: FormData) -> None:
    if not is_form_token(request.state.session, _text(form, "csrf")):
        raise HTTPException(403, "the form is not one of this session; load the page again")


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    if not isinstance(value, str) or len(value) > LONGEST:
        raise HTTPException(400, f"{name} is too long")
    return value.strip()


def _at(change: str) -> str:
    return f"/changes/{quote(change, safe='')}"


def _say(request: Request, words: str) -> None:
    _room(request).sessions.say(request.state.session, words)


def _room(request: Request) -> Room:
    found: Room = request.app.state.room
    return found
