"""Passkeys: keys that sign on web pages, as lines of the trust file and as signatures in git.

The line of a passkey is that of an SSH key in a FIDO device whose application is the host of the
page. A signature of the most common kind is one that `ssh-keygen -Y verify` reads as well.
"""

import hashlib
import json

from attrs import frozen
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from accord.approvals import sshsig, webauthn, wire
from accord.core.approval import Passkey
from accord.errors import RefusedError

NAMED = 60


class PasskeyError(RefusedError):
    """Raised when what a browser sent is no passkey, or no signature of one; says why."""


@frozen
class Offer:
    """A passkey that nobody trusts yet: the line of its key and what is to be known of it."""

    line: str
    passkey: Passkey
    synced: bool = False


@frozen
class Assertion:
    """What a browser answers when a passkey signed: which one, and the three parts of it."""

    credential: str
    authenticator: bytes
    client: bytes
    signature: bytes


def register(
    authenticator: bytes, client: bytes, *, challenge: bytes, origin: str, entry: str, name: str
) -> Offer:
    """Return the passkey that a browser made on a page of `origin` when asked with `challenge`.

    `entry` is the origin to be written into the trust file. Raises PasskeyError.
    """
    passkey = Passkey(_name(name), "", entry)
    try:
        if webauthn.origin_of(client, webauthn.CREATE, challenge) != origin:
            raise PasskeyError("the passkey was made on another page")
        made = webauthn.registered(authenticator, passkey.host)
        line = sshsig.key_from_blob(made.blob)
    except ValueError as error:
        raise PasskeyError(f"the browser made no passkey that can be used: {error}") from error
    return Offer(line, Passkey(passkey.name, made.credential, entry), made.synced)


def signed(line: str, made: Assertion, message: bytes, namespace: str, origin: str) -> bytes:
    """Return the armoured signature of the passkey `line` over `message`, made on `origin`.

    Raises PasskeyError where the browser signed something else, or somewhere else, and
    SignatureError where the signature does not hold.
    """
    kind = line.partition(" ")[0]
    challenge = sshsig.blob_to_sign(message, namespace)
    try:
        raw = made.signature
        if kind == sshsig.SK_ECDSA:
            raw = b"".join(map(wire.mpint, decode_dss_signature(raw)))
        if made.authenticator[:32] != hashlib.sha256(sshsig.application(line)).digest():
            raise PasskeyError("the passkey signed for another host")
        blob = webauthn.signature(kind, raw, made.authenticator, made.client, challenge)
    except ValueError as error:
        raise PasskeyError(f"the passkey did not sign this: {error}") from error
    armored = sshsig.wrap(sshsig.key_blob(line), blob, namespace)
    if sshsig.prove(armored, message, namespace).origin != origin:
        raise PasskeyError("the passkey signed on another page")
    return armored


def told(offer: Offer) -> str:
    """Return an offer as one line, which whoever changes the trust file can be sent."""
    value = {"credential": offer.passkey.credential, "key": offer.line,
             "name": offer.passkey.name, "origin": offer.passkey.origin}  # fmt: skip
    return "passkey:" + webauthn.encode(json.dumps(value, separators=(",", ":")).encode())


def read(text: str) -> Offer:
    """Return the offer that `told` wrote. Raises PasskeyError for any other text.

    That the parts fit one another is checked where the trust file is made.
    """
    try:
        value = json.loads(webauthn.decode(text.strip().removeprefix("passkey:")))
        parts = [value[name] for name in ("key", "name", "credential", "origin")]
        if len(value) != len(parts) or not all(isinstance(one, str) for one in parts):
            raise ValueError("it has other parts")
        line = sshsig.canonical_key(parts[0])
    except (KeyError, RecursionError, TypeError, ValueError, sshsig.SignatureError) as error:
        raise PasskeyError(
            "this is no passkey", hint="copy the whole line that the page shows"
        ) from error
    return Offer(line, Passkey(_name(parts[1]), parts[2], parts[3]))


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > NAMED or not name.isprintable():
        raise PasskeyError(f"a passkey needs a name of at most {NAMED} letters",
                           hint="name the device that it is in")  # fmt: skip
    return name
