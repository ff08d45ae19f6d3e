"""Somebody with a passkey in the review room, and whoever confirms in the terminal beside it."""

import json
from html import unescape
from pathlib import Path
from typing import Any

import passkeying
from accord.approvals import webauthn
from accord.approvals.passkeys import Assertion
from accord.web import signing
from accord.web.running import Server
from accord.wiring import opening
from passkeying import SoftPasskey
from project import Project
from visiting import Answer, Visitor


def confirm(project: Project, server: Server) -> str:
    """Sign what the page asks the terminal for, as `accord serve` does after a yes."""
    return confirmed(project.top, server)


def confirmed(top: Path, server: Server) -> str:
    """Do the same in the repository at `top`."""
    asked = server.asks.next()
    assert asked, "nothing waits for the terminal"
    workshop = opening.open_workshop(top, lambda _: "")
    workshop.channel = "web"
    try:
        said = signing.perform(workshop, asked)
    finally:
        workshop.close()
    server.asks.settle(asked, "done", said)
    return said


def options(page: Answer) -> dict[str, Any]:
    """Return what a page asks the browser for."""
    text = page.text.partition('data-options="')[2].partition('"')[0]
    assert text, page.text
    found: dict[str, Any] = json.loads(unescape(text))
    return found


def registration(
    visitor: Visitor, key: SoftPasskey, name: str = "Laptop", **more: Any
) -> dict[str, str]:
    """Return the form that a browser sends when it made `key` on the page of keys."""
    page = visitor.get("/keys")
    challenge = webauthn.decode(options(page)["challenge"])
    origin = more.pop("origin", visitor.server.address)
    client = passkeying.said(webauthn.CREATE, challenge, origin, **more)
    return {"csrf": page.token(), "name": name, "client": webauthn.encode(client),
            "authenticator": webauthn.encode(key.made())}  # fmt: skip


def enrol(project: Project, visitor: Visitor, key: SoftPasskey) -> None:
    """Make `key` a passkey of the person's, with the signature of the terminal."""
    answer = visitor.post("/keys", registration(visitor, key))
    assert answer.status == 303, answer.text
    confirm(project, visitor.server)


def asked(visitor: Visitor, path: str = "/changes/guest") -> str:
    """Ask for an approval and return the address of the page that asks for a signature."""
    page = visitor.get(path)
    fields = {"csrf": page.token(), "seen": page.hidden("seen")}
    answer = visitor.post(f"{path}/approve", fields)
    assert answer.status == 303, answer.text
    return answer.headers["location"]


def answer(visitor: Visitor, address: str, key: SoftPasskey, **parts: Any) -> Assertion:
    """Return what a device answers to the page at `address`; parts can be others."""
    challenge = webauthn.decode(options(visitor.get(address))["challenge"])
    parts = {"origin": visitor.server.address, "challenge": challenge, **parts}
    return key.answer(b"", **parts)


def send(visitor: Visitor, address: str, made: Assertion) -> Answer:
    """Send the answer of a device, and return the page that follows."""
    page = visitor.get(address)
    fields = {"credential": made.credential, "client": webauthn.encode(made.client),
              "authenticator": webauthn.encode(made.authenticator),
              "signature": webauthn.encode(made.signature)}  # fmt: skip
    sent = visitor.post(f"{address}/sign", {"csrf": page.token(), **fields})
    return visitor.get(sent.headers["location"]) if sent.status == 303 else sent
