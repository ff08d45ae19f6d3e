"""A signature that was asked for: what it is, the passkey that makes it, or the terminal."""

import json
import shlex
from typing import Any

from attrs import evolve
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from accord.app import asked as beside
from accord.app.decisions_view import corrected
from accord.app.workshop import Workshop
from accord.approvals import passkeys
from accord.approvals.passkeys import Assertion
from accord.errors import ConflictError, RefusedError
from accord.web import signing
from accord.web.acting import action, binary, room_of, text
from accord.web.asks import Ask
from accord.web.pages import page


@page
def ask(request: Request, workshop: Workshop) -> Response:
    """Answer `/asks/ID`: a signature that was asked for, and what came of it."""
    found = _mine(request, workshop)
    values: dict[str, Any] = {"options": "", "line": "", "corrections": 0, "signatures": 1}
    if found.verb in beside.VERBS and found.state == "open":
        values["signatures"] = beside.signatures(found.verb, found.fields)
    if (found.verb, found.state) == ("approve", "done"):
        values["corrections"] = corrected(workshop, found.change, found.stage)
    if found.offer is not None:
        told = passkeys.told(found.offer)
        values["line"] = shlex.join(["accord", "trust", "add", found.who, "--passkey", told])
    if found.state == "open" and found.draft is not None:
        values["options"] = json.dumps({
            "challenge": signing.challenge(found.draft),
            "rpId": room_of(request).place.host,
            "allowCredentials": [
                {"type": "public-key", "id": one} for one in found.draft.credentials
            ],
            "userVerification": "required",
        })  # fmt: skip
    answer: Response = request.app.state.render(request, "ask.html", ask=found, **values)
    return answer


@action
def sign(request: Request, workshop: Workshop, form: FormData) -> str:
    """Take the answer of a passkey, and do what was asked for with it as the signature."""
    room, found = room_of(request), _mine(request, workshop)
    if found.state != "open":
        raise ConflictError("this was decided already", hint="load the page again")
    made = Assertion(text(form, "credential"), binary(form, "authenticator"),
                     binary(form, "client"), binary(form, "signature"))  # fmt: skip
    try:
        said, left = signing.sign(workshop, found, made, room.place)
    except ConflictError as error:
        room.asks.settle(found, "refused", f"{error.message} ({error.hint})")
        return f"/asks/{found.id}"
    if not left:
        room.asks.settle(found, "done", said)
        return f"/asks/{found.id}"
    room.asks.settle(found, "done", said or "the first of several signatures")
    rest = signing.prepared(workshop, evolve(found, fields=left, draft=None), room.place)
    return f"/asks/{room.asks.put(rest, terminal=room.terminal).id}"


@action
def forward(request: Request, workshop: Workshop, form: FormData) -> str:  # noqa: ARG001 -- every action is alike
    """Have the terminal decide, with the SSH key, where a passkey was asked for."""
    room, found = room_of(request), _mine(request, workshop)
    if not room.terminal:
        raise RefusedError("this server was started without a terminal",
                           hint="accord approve on the command line")  # fmt: skip
    if not room.asks.forward(found.id):
        raise ConflictError("this was decided already", hint="load the page again")
    return f"/asks/{found.id}"


def _mine(request: Request, workshop: Workshop) -> Ask:
    """Return what this person asked for under the number of the address; others have none there."""
    room = room_of(request)
    found = room.asks.get(request.path_params["ask"])
    if found is None or found.who != room.who(workshop):
        raise HTTPException(404, "nothing like it was asked for")
    return found
