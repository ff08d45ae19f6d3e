"""The app: its addresses, how a template becomes an answer, how an error is told."""

import sys
import traceback
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from accord import __version__
from accord.errors import AccordError, ConfigurationError
from accord.web import acting, agreed, beside, confirming, enrolling, pages
from accord.web.assets import assets
from accord.web.guard import Guard, own
from accord.web.live import stream
from accord.web.room import Room, StrangerError
from accord.web.sessions import form_token
from accord.web.team import Team
from accord.web.text import chips, harmless, plain

if TYPE_CHECKING:
    from accord.web.oidc import SignIn

_PAGES = (
    Route("/", pages.needs_you),
    Route("/board", pages.board),
    Route("/log", pages.log),
    Route("/specs", agreed.specs),
    Route("/drift", agreed.drift),
    Route("/decisions", agreed.decisions),
    Route("/decisions/{decision}", agreed.decision),
    Route("/figures", agreed.figures),
    Route("/changes/{change}", pages.gate),
    Route("/changes/{change}/corrections", agreed.corrections),
    Route("/changes/{change}/result", pages.result),
    Route("/changes/{change}/past", pages.past),
    Route("/changes/{change}/document/{path:path}", pages.document),
    Route("/changes/{change}/mockup/{path:path}", pages.mockup),
    Route("/changes/{change}/at/{digest}/{path:path}", pages.document_then),
    Route("/runs/{run:path}", pages.run),
    Route("/asks/{ask}", confirming.ask),
    Route("/keys", enrolling.keys),
    Route("/-/patterns", pages.patterns),
    Route("/events", stream),
    Route("/enter", pages.enter),
    Route("/static/{address}", pages.static),
)
_ACTS = (
    ("/enter", acting.enter),
    ("/leave", acting.leave),
    ("/stop", acting.stop),
    ("/undo", acting.undo),
    ("/keys", enrolling.enrol),
    ("/pause", acting.pause),
    ("/asks/{ask}/sign", confirming.sign),
    ("/asks/{ask}/terminal", confirming.forward),
    ("/changes/{change}/answer", acting.answer),
    ("/changes/{change}/correct", acting.correct),
    ("/changes/{change}/hunk", acting.hunk),
    ("/changes/{change}/approve", acting.approve),
    ("/changes/{change}/reject", acting.reject),
    ("/changes/{change}/verdict", beside.verdict),
    ("/changes/{change}/corrections", beside.capture),
    ("/decisions/{decision}", beside.rule),
)


def make_app(room: Room) -> ASGIApp:
    """Return the guarded app over `room`; nothing is read from the repository yet.

    Raises ConfigurationError for the room of a team without what signing in takes.
    """
    sign_in, routes = _of_a_team(room.team) if room.team else (None, ())
    app = Starlette(
        routes=[
            *routes,
            *_PAGES,
            *(Route(path, act, methods=["POST"]) for path, act in _ACTS),
        ],
        exception_handlers={
            StrangerError: _strange,
            AccordError: _told,
            HTTPException: _missing,
            Exception: _bug,
        },
    )
    app.router.redirect_slashes = False  # no answer is made of an address that is not one
    held, named = assets()
    app.state.room, app.state.assets = room, held
    app.state.templates = _environment(named)
    app.state.render = _render
    app.state.sign_in = sign_in
    return Guard(app, room.sessions, room.place)


def _of_a_team(team: Team) -> "tuple[SignIn, Iterable[Route]]":
    """Return how people sign in to a team's room, and its door; what it takes is an extra."""
    try:
        from accord.web import joining
        from accord.web.oidc import SignIn
    except ImportError as error:
        raise ConfigurationError(
            "the server of a team needs authlib, which is not installed",
            hint="pip install 'accord[team]'",
        ) from error
    return SignIn(team), (
        Route("/signin", joining.signin),
        Route("/signed-in", joining.signed_in),
        Route("/arrive", joining.arrive),
        Route("/join", joining.join),
        Route("/join", joining.joined, methods=["POST"]),
    )


def _environment(named: Mapping[str, str]) -> Environment:
    """Return the templates: all is escaped, what is hidden is made visible."""
    environment = Environment(
        loader=PackageLoader("accord.web"), autoescape=True, finalize=harmless,
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["chips"] = chips
    environment.filters["count"] = _count
    environment.filters["day"] = lambda at: str(at)[:10]
    environment.filters["minute"] = lambda at: str(at)[:16].replace("T", " ")
    environment.globals["static"] = named
    environment.globals["version"] = __version__
    return environment


def _count(number: int, word: str, words: str = "") -> str:
    """Return `1 word` or `2 words`."""
    return f"{number} {word if number == 1 else words or word + 's'}"


def _render(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """Return the page that `template` makes of `values`."""
    room: Room = request.app.state.room
    token: str = request.state.session
    page = request.app.state.templates.get_template(template)
    here = own(request.scope["raw_path"].decode("ascii", "replace"))
    sent = request.method == "POST"
    news = request.headers.get("hx-source", "") == "main#main"
    html = page.render(
        form=form_token(token) if token else "",
        said=room.sessions.hear(token, here, news=news) if token and not sent else "",
        here=here, terminal=room.terminal,
        since=getattr(request.state, "since", 0), mark=getattr(request.state, "mark", ""),
        team=room.team is not None, sent=sent, looks=getattr(request.state, "looks", ""), **values,
    )  # fmt: skip
    return HTMLResponse(html, status)


def _told(request: Request, error: Exception) -> Response:
    """Tell the person what an AccordError says; its kind chooses the status."""
    assert isinstance(error, AccordError)  # noqa: S101 -- registered for just these
    status = 404 if isinstance(error, ConfigurationError) else 409
    return _render(request, "error.html", status, title="That did not work",
                   message=error.message, hint=error.hint)  # fmt: skip


def _strange(request: Request, error: Exception) -> Response:
    """Tell somebody who is not known who they are here, and nothing of the repository."""
    assert isinstance(error, StrangerError)  # noqa: S101 -- registered for just these
    return _render(request, "stranger.html", 403, message=error.message)


def _bug(request: Request, error: Exception) -> Response:
    """Tell the page that something went wrong, and the terminal what."""
    sys.stderr.write(plain("".join(traceback.format_exception(error))))
    return _render(request, "error.html", 500, title="This is a bug in Accord",
                   message="nothing was left half-written",
                   hint="what went wrong is in the terminal where accord serve runs")  # fmt: skip


def _missing(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 -- registered for just these
    return _render(request, "error.html", error.status_code, title="Nothing here",
                   message=str(error.detail), hint="")  # fmt: skip
