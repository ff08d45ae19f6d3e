"""The guard before every page: whose request it is, from which page, and how large.

A server on 127.0.0.1 is within reach of every page that the person's browser shows and of every
process on the machine. Each rule here answers one way in: see `docs/web.md`.
"""

import re
from http.cookies import CookieError, SimpleCookie

from attrs import define
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from accord.web.place import Place
from accord.web.sessions import LOOKING, NOBODY, Sessions

HEADER_BYTES = 16 * 2**10
BODY_BYTES = 256 * 2**10
HEARD_BYTES = 16 * BODY_BYTES
"""A browser that is refused while it sends tells its page that it was cut off, and not why."""

OPEN_PATHS = ("/enter", "/static/")
TEAM_PATHS = ("/enter", "/static/", "/signin", "/signed-in", "/arrive")
RETURN = "/signed-in"
"""Where the issuer sends a browser back to; the one page that another site may lead to."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# A picture that an agent drew in HTML: it may look as it likes, and do nothing at all.
DRAWING = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
}
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # With no-referrer a browser says of a form only that it comes from "null".
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


TEAM_HEADERS = {**HEADERS, "Strict-Transport-Security": "max-age=31536000"}
_OWN_PATH = re.compile(r"/(?![/\\])[!-~]*")


class RefusalError(Exception):
    """Raised for a request that is not answered: the status and the reason in words."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@define
class Guard:
    """Wraps the app that is reached at `place`; puts the session's token into `scope["state"]`."""

    app: ASGIApp
    sessions: Sessions
    place: Place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it before the app sees anything of it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # there is no WebSocket here
            return
        try:
            self._check(scope)
            body = await _body(scope, receive)
        except RefusalError as refusal:
            await _answer(send, refusal.status, refusal.reason)
            return
        LOOKING.set(scope["state"]["login"])

        async def replay() -> Message:
            nonlocal body
            if body is not None:
                data, body = body, None
                return {"type": "http.request", "body": data, "more_body": False}
            return await receive()

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in (TEAM_HEADERS if self.place.team else HEADERS).items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, replay, guarded)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        _check_framing(scope, headers)
        led = self._check_sender(scope, headers)
        if headers.get("upgrade", "").strip().lower() == "websocket":
            raise RefusalError(400, "no WebSocket is opened here")
        token = _cookie(headers.get("cookie", ""), self.place.cookie)
        known = self.sessions.knows(token)
        state = scope.setdefault("state", {})
        state["session"] = token if known else ""
        state["login"] = self.sessions.login(token) if known else NOBODY
        if led and scope["path"] != RETURN:
            # Such a request comes without the cookie; the page that answers asks again by itself.
            path, query = scope["raw_path"].decode("latin-1"), scope["query_string"]
            state["to"] = own(f"{path}?{query.decode('latin-1')}" if query else path)
            scope["path"], scope["raw_path"] = "/arrive", b"/arrive"
            return
        if known or _is_open(scope["path"], TEAM_PATHS if self.place.team else OPEN_PATHS):
            return
        sent = scope["method"] == "POST"
        shown = headers.get("sec-fetch-mode") == "navigate" if sent else scope["path"] != "/events"
        if not shown or "hx-request" in headers:  # a script of the page asks; the page stays
            raise RefusalError(401, self._door)
        if sent:  # the answer takes the place of the page
            scope["method"] = "GET"
        scope["path"], scope["raw_path"] = "/enter", b"/enter"  # the page that asks for the code
        state["status"], state["lost"] = 401, sent

    def _check_sender(self, scope: Scope, headers: Headers) -> bool:
        """Refuse what no page of the room sent; tell whether another site led a browser here."""
        if headers.get("host") != self.place.authority:
            raise RefusalError(421, f"this is {self.place.authority}")
        if scope["method"] not in ("GET", "HEAD", "POST"):
            raise RefusalError(405, "only GET and POST are answered")
        origin = headers.get("origin")
        if origin is not None and origin != self.place.origin:
            raise RefusalError(403, "another page asked")
        foreign = headers.get("sec-fetch-site", "none") not in ("same-origin", "none")
        led = foreign and self._led_here(scope, headers)
        if foreign and not led:
            raise RefusalError(403, "another site asked")
        if scope["method"] == "POST":
            if origin is None:
                raise RefusalError(403, "a form says which page sent it")
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != "application/x-www-form-urlencoded":
                raise RefusalError(415, "only forms are taken")
        return led

    @property
    def _door(self) -> str:
        if self.place.team:
            return "this session is over; sign in again, at /enter"
        return (
            "this session is over; press Enter where accord serve runs, or start it again, "
            "and open the link that it prints"
        )

    def _led_here(self, scope: Scope, headers: Headers) -> bool:
        """Tell whether a link or an issuer led a browser to the room of a team."""
        return (
            self.place.team
            and scope["method"] == "GET"
            and headers.get("sec-fetch-mode") == "navigate"
            and headers.get("sec-fetch-dest") == "document"
        )


def own(address: str) -> str:
    """Return an address of the room as it is; `/` for one that leads a browser elsewhere."""
    return address if _OWN_PATH.fullmatch(address) else "/"


def _is_open(path: str, doors: tuple[str, ...]) -> bool:
    """Tell whether `path` is one of `doors`, or lies below one that ends with a slash."""
    return any(path.startswith(one) if one.endswith("/") else path == one for one in doors)


def _check_framing(scope: Scope, headers: Headers) -> None:
    raw = [(name.lower(), value) for name, value in scope["headers"]]
    if len(scope["raw_path"]) + len(scope["query_string"]) > HEADER_BYTES:
        raise RefusalError(414, "the address is too long")
    if sum(len(name) + len(value) + 4 for name, value in raw) > HEADER_BYTES:
        raise RefusalError(431, "the headers are too large")
    for single in (b"host", b"origin", b"content-length"):
        if sum(name == single for name, _ in raw) > 1:
            raise RefusalError(400, f"there is more than one {single.decode()}")
    if "transfer-encoding" in headers and "content-length" in headers:
        raise RefusalError(400, "the length of the body is said twice")


async def _body(scope: Scope, receive: Receive) -> bytes | None:
    """Return the whole body of a POST; None for a request whose body nobody reads."""
    if scope["method"] != "POST":
        return None
    said = Headers(scope=scope).get("content-length", "0")
    if not said.isdigit() or int(said) > HEARD_BYTES:
        raise RefusalError(413, "the form is too large")
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RefusalError(400, "the form was cut off")
        size += len(message.get("body", b""))
        if size <= BODY_BYTES:
            parts.append(message.get("body", b""))
        if size <= HEARD_BYTES and message.get("more_body"):
            continue
        if size > BODY_BYTES:
            raise RefusalError(413, "the form is too large")
        return b"".join(parts)


def _cookie(header: str, name: str) -> str:
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(header)
    except CookieError:
        return ""
    return jar[name].value if name in jar else ""


async def _answer(send: Send, status: int, reason: str) -> None:
    body = f"{reason}\n".encode()
    headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
    headers += [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store"),
                (b"content-length", str(len(body)).encode()),
                (b"connection", b"close")]  # fmt: skip
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
