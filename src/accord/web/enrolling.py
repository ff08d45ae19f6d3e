"""Passkeys: a browser makes one here, and it counts once the trust file has it by a signature."""

import json
from collections.abc import Iterable

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from accord.app import trust_words
from accord.app.workshop import Workshop
from accord.approvals import passkeys, webauthn
from accord.approvals.passkeys import Offer
from accord.core.approval import Passkey
from accord.core.model import sha256
from accord.errors import ConflictError
from accord.web.acting import action, ask, binary, room_of, text
from accord.web.asks import Ask
from accord.web.pages import page
from accord.web.room import Room


@page
def keys(request: Request, workshop: Workshop) -> Response:
    """Answer `/keys`: the keys of the person, and the form that makes a passkey."""
    room = room_of(request)
    who = room.who(workshop)
    person = workshop.trust.principal(who)
    answer: Response = request.app.state.render(
        request, "keys.html", who=who, known=person is not None,
        keys=[trust_words.shown(key, person) for key in person.keys] if person else [],
        options=creation(room, request.state.session, f"{who} ({workshop.top.name})",
                         f"{workshop.trust.project} {who}",
                         person.passkeys.values() if person else ()),
    )  # fmt: skip
    return answer


@action
def enrol(request: Request, workshop: Workshop, form: FormData) -> str:
    """Take what the browser made, and ask for the signature that makes the trust file take it."""
    room = room_of(request)
    offer = offered(room, request.state.session, form)
    who = room.who(workshop)
    words = f"{who} gets {trust_words.offered(offer)}"
    return ask(request, workshop, Ask("", "trust", "", "trust file", words, who=who, offer=offer))


def creation(
    room: Room, session: str, name: str, identity: str, known: Iterable[Passkey]
) -> str:  # fmt: skip
    """Return what the browser is asked for, as JSON: a key for this place alone, with consent."""
    return json.dumps({
        "challenge": webauthn.encode(room.sessions.dare(session)),
        "rp": {"id": room.place.host, "name": "Accord"},
        "user": {"id": webauthn.encode(bytes.fromhex(sha256(identity.encode()))), "name": name,
                 "displayName": name},
        "pubKeyCredParams": [
            {"type": "public-key", "alg": one} for one in webauthn.ALGORITHMS
        ],
        "excludeCredentials": [
            {"type": "public-key", "id": one.credential}
            for one in known
            if one.origin == room.place.entry
        ],
        "authenticatorSelection": {"userVerification": "required", "residentKey": "preferred"},
        "attestation": "none",
    })  # fmt: skip


def offered(room: Room, session: str, form: FormData) -> Offer:
    """Return the passkey that a form brings. Raises RefusedError for what the browser did not make
    just now for this session.
    """
    challenge = room.sessions.dared(session)
    if not challenge:
        raise ConflictError("this page asked for no passkey", hint="load the page again")
    return passkeys.register(
        binary(form, "authenticator"), binary(form, "client"), challenge=challenge,
        origin=room.place.origin, entry=room.place.entry, name=text(form, "name"),
    )  # fmt: skip
