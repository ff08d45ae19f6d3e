"""What is looked at: each page reads, renders, and changes nothing."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from accord.app import spending_view, undoing, views
from accord.app.board import rows
from accord.app.board_view import board_view
from accord.app.changes import Change, find, load, load_past, released
from accord.app.drift_view import check
from accord.app.gate_view import gate_view
from accord.app.needs import needs, others
from accord.app.past_view import document_at, past_view
from accord.app.result_view import result_view
from accord.app.runs_view import run_view, runs
from accord.app.views import View
from accord.app.workshop import Workshop
from accord.core.model import SPEC_STAGES
from accord.core.ports import Operation
from accord.errors import ConfigurationError
from accord.web import live
from accord.web.guard import DRAWING
from accord.web.room import Room
from accord.web.text import rendered

OPERATIONS = 200
FIGURED = 2000
DRAWN = {".html": "text/html", ".htm": "text/html", ".svg": "image/svg+xml"}
MOCKUP = tuple(DRAWN)

Page = Callable[[Request, Workshop], Response]
Handler = Callable[[Request], Awaitable[Response]]


def page(function: Page) -> Handler:
    """Give a page the workshop, on a thread, so that the stream of events is never held up."""

    @wraps(function)
    async def handler(request: Request) -> Response:
        def answer() -> Response:
            with _room(request).workshop() as workshop:
                # What happens after this moment is news to the page, whenever its stream begins.
                request.state.mark = live.mark(workshop)
                newest = workshop.journal.operations(limit=1)
                request.state.since = newest[0].number if newest else 0
                refused = _room(request).looks(workshop)
                request.state.looks = refused.message if refused else ""
                return function(request, workshop)

        return await run_in_threadpool(answer)

    return handler


@page
def needs_you(request: Request, workshop: Workshop) -> Response:
    """Answer `/`: everything that waits for this person."""
    room, every = _room(request), rows(workshop)
    who, acts = room.who(workshop), room.looks(workshop) is None
    found = needs(workshop, who, every) if acts else []
    return _render(request, "needs.html", needs=found, drifted=_drifted(workshop),
                   others=len(others(who, every, acts=acts)),
                   minutes=sum(one["minutes"] for one in found))  # fmt: skip


@page
def board(request: Request, workshop: Workshop) -> Response:
    """Answer `/board`: what waits, what runs, what is queued, what landed."""
    room = _room(request)
    view = board_view(workshop, room.who(workshop), acts=room.looks(workshop) is None)
    spent = spending_view.overall(workshop, view["changes"])
    for one in view["running"]:
        one["budgets"] = spending_view.of_run(workshop, one["run"])
    return _render(request, "board.html", **view, spent=spent, undo=offered(request, workshop))


@page
def gate(request: Request, workshop: Workshop) -> Response:
    """Answer `/changes/NAME`: the gate, or the result once there is no document to decide on.

    What is released has its past alone.
    """
    if (past := _only_past(request, workshop)) is not None:
        return past
    change = _change(request, workshop)
    view = _view(request, workshop, change)
    undo = offered(request, workshop, change.name)
    if change.gate is not None and change.gate.stage in SPEC_STAGES:
        mockups = [
            one["path"] for one in view["documents"] if one["here"] and one["path"].endswith(MOCKUP)
        ]
        return _render(request, "gate.html", **view, mockups=mockups, undo=undo)
    return _result(request, workshop, change, view, undo)


@page
def result(request: Request, workshop: Workshop) -> Response:
    """Answer `/changes/NAME/result`: what was built beside what was asked for."""
    if (past := _only_past(request, workshop)) is not None:
        return past
    change = _change(request, workshop)
    view = _view(request, workshop, change)
    return _result(request, workshop, change, view, offered(request, workshop, change.name))


def offered(request: Request, workshop: Workshop, change: str = "") -> Operation | None:
    """Return the operation that the page offers to undo: the newest, if this person may.

    With `change` it is None if that is about another one.
    """
    last = undoing.offered(workshop, own=_room(request).place.team)
    return last if last and change in ("", last.change) else None


def _view(request: Request, workshop: Workshop, change: Change) -> View:
    room = _room(request)
    return gate_view(workshop, change, room.who(workshop), room.looks(workshop))


def _result(
    request: Request, workshop: Workshop, change: Change, view: View, undo: Operation | None
) -> Response:
    spent = spending_view.of_change(workshop, change.name)
    return _render(request, "result.html", **view, result=result_view(workshop, change),
                   spent=spent, undo=undo)  # fmt: skip


@page
def past(request: Request, workshop: Workshop) -> Response:
    """Answer `/changes/NAME/past`: the signed records and what was done, the newest first."""
    change = load_past(workshop, request.path_params["change"])
    done = _history(workshop, change.name)
    view = {**past_view(workshop, change), **done, "runs": runs(workshop, change.name)}
    return _render(request, "past.html", change=change.name, title=change.title, **view)


@page
def run(request: Request, workshop: Workshop) -> Response:
    """Answer `/runs/ID`: what an agent said and did, while it does."""
    view = run_view(workshop, request.path_params["run"])
    return _render(request, "run.html", **view, budgets=spending_view.of_run(workshop, view["run"]),
                   watched=view["run"] if view["alive"] else "")  # fmt: skip


@page
def document(request: Request, workshop: Workshop) -> Response:
    """Answer `/changes/NAME/document/PATH`: one document as it is now, rendered."""
    change = _change(request, workshop)
    found = change.spec.document(request.path_params["path"])
    if found is None:
        raise HTTPException(404, f"{change.name} has no such document")
    return _render(request, "document.html", change=change.name, title=change.title,
                   path=found.path, when="as it is now", body=_body(found.path, found.data),
                   source=found.data.decode(errors="backslashreplace"))  # fmt: skip


@page
def mockup(request: Request, workshop: Workshop) -> Response:
    """Answer `/changes/NAME/mockup/PATH`: a drawing, for a frame that lets nothing run."""
    change = _change(request, workshop)
    found = change.spec.document(request.path_params["path"])
    if found is None or not found.path.endswith(MOCKUP):
        raise HTTPException(404, f"{change.name} has no such mockup")
    kind = DRAWN[found.path[found.path.rindex(".") :]]
    return Response(found.data, media_type=f"{kind}; charset=utf-8", headers=DRAWING)


@page
def document_then(request: Request, workshop: Workshop) -> Response:
    """Answer `/changes/NAME/at/RECORD/PATH`: one document as it was when that was signed."""
    change = load_past(workshop, request.path_params["change"])
    digest, path = request.path_params["digest"], request.path_params["path"]
    data = document_at(workshop, change, digest, path)
    return _render(request, "document.html", change=change.name, title=change.title, path=path,
                   when=f"as it was signed in record {digest[:12]}", body=_body(path, data),
                   source=data.decode(errors="backslashreplace"))  # fmt: skip


@page
def log(request: Request, workshop: Workshop) -> Response:
    """Answer `/log`: the operation log, and what can be taken back."""
    last = undoing.newest(workshop)
    return _render(request, "log.html", **_history(workshop), last=last.number if last else 0)


@page
def patterns(request: Request, workshop: Workshop) -> Response:  # noqa: ARG001 -- every page is alike
    """Answer `/-/patterns`: every component in every state, from the real templates."""
    return _render(request, "patterns.html")


async def enter(request: Request) -> Response:
    """Answer `/enter`: the form for the code, or the way in for whoever is in already."""
    if request.state.session:
        return RedirectResponse("/", 303)
    status = getattr(request.state, "status", 200)
    lost = getattr(request.state, "lost", False)
    return _render(request, "enter.html", status, wrong=False, lost=lost)


async def static(request: Request) -> Response:
    """Answer `/static/ADDRESS` from what was read at the start; no file is looked for."""
    found = request.app.state.assets.get(request.path_params["address"])
    if found is None:
        raise HTTPException(404, "there is no such file")
    kept = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(found.data, media_type=found.kind, headers=kept)


def _history(workshop: Workshop, change: str = "") -> View:
    """Return the newest operations (about `change`), and what lists all where there are more."""
    done = workshop.journal.operations(change=change, limit=OPERATIONS + 1)
    rest = f"accord log {change}".rstrip() if len(done) > OPERATIONS else ""
    every = f"{rest} -n {done[0].number}" if rest else ""
    return {**views.history(done[:OPERATIONS]), "all_of_it": every}


def _drifted(workshop: Workshop) -> int:
    try:
        return len(check(workshop).findings)
    except ConfigurationError:  # a trace cannot be read: the page about drift says so
        return 0


def _body(path: str, data: bytes) -> Any:
    return rendered(data) if path.endswith(".md") else ""


def _change(request: Request, workshop: Workshop) -> Change:
    return load(workshop, request.path_params["change"])


def _only_past(request: Request, workshop: Workshop) -> Response | None:
    name = request.path_params["change"]
    if name not in released(workshop) or any(one.change == name for one in find(workshop)):
        return None
    return RedirectResponse(f"/changes/{quote(name, safe='')}/past", 303)


def _room(request: Request) -> Room:
    found: Room = request.app.state.room
    return found


def _render(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    answer: Response = request.app.state.render(request, template, status, **values)
    return answer
