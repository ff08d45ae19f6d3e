"""The door of a team's room: signing in, arriving by a link, and not being known yet."""

import shlex
import sys

from starlette.requests import Request
from starlette.responses import Response

from accord.approvals import passkeys
from accord.web.acting import refuse_foreign, room_of, text
from accord.web.enrolling import creation, offered
from accord.web.oidc import COOKIE, SignIn, SignInError
from accord.web.sessions import LOOKING
from accord.web.text import plain


async def signin(request: Request) -> Response:
    """Answer `/signin`: lead the browser to the issuer."""
    try:
        return await _sign_in(request).begin(request)
    except SignInError as error:
        return _refused(request, error)


async def signed_in(request: Request) -> Response:
    """Answer `/signed-in`: begin a session for whom the issuer vouches for.

    The session is always a new one, whatever the browser had.
    """
    room = room_of(request)
    try:
        login = await _sign_in(request).finish(request)
    except SignInError as error:
        return _refused(request, error)
    sys.stderr.write(plain(f"signed in: {login}\n"))
    if request.state.session:
        room.sessions.leave(request.state.session)
    request.state.session = ""
    token = room.sessions.begin(login)
    # Not a redirect: it would count as led by the issuer, and the cookie would not be sent.
    request.state.to = "/"
    answer = await arrive(request)
    answer.set_cookie(room.place.cookie, token, path="/", secure=True, httponly=True,
                      samesite="strict")  # fmt: skip
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return answer


async def arrive(request: Request) -> Response:
    """Answer whoever was led here with a page that asks for the same path by itself."""
    answer: Response = request.app.state.render(
        request, "arrive.html", to=getattr(request.state, "to", "/")
    )
    return answer


async def join(request: Request) -> Response:
    """Answer `/join`: the passkey of somebody whom the trust file does not know yet."""
    return _joining(request, "")


async def joined(request: Request) -> Response:
    """Take the passkey that somebody made who is not known yet; nothing is kept of it here."""
    async with request.form(max_fields=10) as form:
        refuse_foreign(request, form)
        offer = offered(room_of(request), request.state.session, form)
        login = str(LOOKING.get())
        name = text(form, "who") or login.partition("@")[0]
    words = ["accord", "trust", "add", name, "--login", login, "--passkey", passkeys.told(offer)]
    return _joining(request, shlex.join(words))


def _joining(request: Request, line: str) -> Response:
    room, login = room_of(request), str(LOOKING.get())
    options = creation(room, request.state.session, login, f"{room.place.origin} {login}", ())
    answer: Response = request.app.state.render(
        request, "join.html", login=login, line=line, options=options
    )
    return answer


def _refused(request: Request, error: SignInError) -> Response:
    """Tell the person that it did not hold, and the terminal why."""
    sys.stderr.write(plain(f"sign-in refused: {error.why}\n"))
    request.state.session = ""
    answer: Response = request.app.state.render(
        request, "error.html", 403, title="Not signed in", message=error.message, hint=error.hint
    )
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return answer


def _sign_in(request: Request) -> SignIn:
    found: SignIn = request.app.state.sign_in
    return found
