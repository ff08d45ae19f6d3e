"""Every action of a room, as its own routes name them, and what is there before and after one."""

import re
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route

import keyring
import passkeying
from accord.engine.journal import SqliteJournal
from accord.web.guard import Guard
from accord.web.running import Server
from accord.web.server import make_app
from project import STORY, Project
from visiting import Visitor

DOORS = ("/enter", "/leave", "/join")
"""What begins and ends a session; none of them reads or writes the repository."""
ASKING = STORY.replace("## Questions\n", "## Questions\n\n- Q1 (open) How long?\n")
OWN = re.compile(r'name="item" value="([\w.]+)"><input type="hidden" name="own" value="(\w+)"')


def routes(server: Server, method: str) -> list[str]:
    """Return the paths of the room that answer `method`, as they are written in its routes."""
    guard = make_app(server.room)
    assert isinstance(guard, Guard)
    assert isinstance(guard.app, Starlette)
    found = [one for one in guard.app.routes if isinstance(one, Route)]
    assert len(found) == len(guard.app.routes)
    return [one.path for one in found if method in (one.methods or ())]


def address(route: str, **named: str) -> str:
    """Return an address of `route`. Raises KeyError for a part of it that is not among `named`."""
    known = {"change": "guest", "ask": "1", "decision": "D-1", "digest": "0" * 16, "run": "x/1",
             "path": "requirements.md", "address": "room.css", **named}  # fmt: skip
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda part: known[part[1]], route)


def ready(project: Project) -> None:
    """Begin a change that can be approved, and what `beside` does."""
    project.new()
    project.write("requirements.md", STORY)
    beside(project)


def beside(project: Project) -> None:
    """Begin a change that asks something, and propose a rule."""
    project.ok("decisions", "new", "Carts are kept in Redis.", "--base")
    project.new("full", "asks")
    project.write("requirements.md", ASKING, "asks")


def forms(visitor: Visitor, server: Server) -> dict[str, tuple[str, dict[str, str]]]:
    """Map each route to an address and the form that does it there, the token left out.

    It asks for an approval of what `ready` began, for the two forms that go on with it.
    """
    gate, asks = visitor.get("/changes/guest"), visitor.get("/changes/asks")
    own = dict(OWN.findall(asks.text))
    approve = {"csrf": gate.token(), "seen": gate.hidden("seen")}
    asked = visitor.post("/changes/guest/approve", approve).headers.get("location", "/asks/1")
    made = keyring.registration(visitor, passkeying.es256(9, server.place.host))
    rule = {"act": "reject", "reason": "no", "digest": "0" * 64}
    verdict = {"criterion": "R1.1", "about": "R1.1", "state": "0" * 64, "answer": "code-wrong"}
    told: dict[str, dict[str, str]] = {
        "/enter": {"code": "x"},
        "/leave": {},
        "/join": made,
        "/stop": {"run": "build/guest/T1/0/1/1", "how": "stop"},
        "/undo": {"number": visitor.get("/log").hidden("number"), "from": "asks"},
        "/keys": made,
        "/pause": {"change": "asks", "subject": "story", "how": "pause"},
        "/asks/{ask}/sign": {"credential": "x", "client": "x", "authenticator": "x"},
        "/asks/{ask}/terminal": {},
        "/changes/{change}/answer": {"item": "Q1", "own": own["Q1"], "words": "an hour"},
        "/changes/{change}/correct": {"item": "R1.1", "own": own["R1.1"], "words": "It SHALL."},
        "/changes/{change}/hunk": {"hunk": "a", "said": "drop"},
        "/changes/{change}/approve": {"seen": approve["seen"]},
        "/changes/{change}/reject": {"reason": "too long"},
        "/changes/{change}/verdict": verdict,
        "/changes/{change}/corrections": {"answer-story/1": "skip"},
        "/decisions/{decision}": rule,
    }
    given: dict[str, tuple[str, dict[str, str]]] = {}
    for route in routes(server, "POST"):
        change = "asks" if route.endswith(("/answer", "/correct")) else "guest"
        at = address(route, change=change, ask=asked.rpartition("/")[2])
        fields = {name: value for name, value in told[route].items() if name != "csrf"}
        given[route] = at, fields
    return given


def standing(project: Project, server: Server) -> dict[str, Any]:
    """Return all that a form could change: refs, files, the operation log, what is to be signed.

    What was found when drift was looked for is a cache, which a page may write.
    """
    journal = SqliteJournal(project.state / "journal.sqlite")
    try:
        operations = journal.operations(limit=1000)
    finally:
        journal.close()
    asks = {name: one.state for name, one in server.asks._held.items()}
    files = {name: data for name, data in project.contents().items() if "/checked/" not in name}
    return {"refs": project.refs(), "files": files, "operations": operations, "asks": asks}
