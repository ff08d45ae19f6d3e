"""What a browser says when a passkey is made or signs, read strictly and checked offline.

Format: WebAuthn Level 2, client data (5.8.1) and authenticator data (6.1); COSE keys: RFC 9053.
In a signature it is kept as PROTOCOL.u2f of OpenSSH has it, so the challenge is all that a key in
SSH would sign: it binds the purpose (the namespace) together with the bytes.
"""

import base64
import hashlib
import json
import re

from attrs import frozen

from accord.approvals import cbor, wire

GET, CREATE = "webauthn.get", "webauthn.create"
HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,62})?(\.[a-z0-9]([a-z0-9-]{0,62})?)+")
KINDS = {
    "sk-ecdsa-sha2-nistp256@openssh.com": "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
    "sk-ssh-ed25519@openssh.com": "webauthn-sk-ssh-ed25519@accord.dev",
    "sk-rsa-sha2-256@accord.dev": "webauthn-sk-rsa-sha2-256@accord.dev",
}
"""The kinds of key in a FIDO device, and how each calls a signature that it made on a web page."""

ALGORITHMS = (-7, -8, -257)
"""The algorithms that a passkey may have, the best known first: ES256, EdDSA, RS256."""

_PRESENT, _VERIFIED, _SYNCED, _ATTESTED, _EXTENDED = 0x01, 0x04, 0x08, 0x40, 0x80
_LIMIT = 16 * 2**10


@frozen
class Registration:
    """A passkey as a browser made it: the binary public key, how to find it, if it is copied.

    `synced` is what the device says: that the key may be kept on other devices too.
    """

    blob: bytes
    credential: str
    synced: bool


def origin_of(client: bytes, kind: str, challenge: bytes) -> str:
    """Return the page on which the browser was asked for just this.

    `client` are the bytes that the browser made, `kind` is GET or CREATE. Raises ValueError, with
    the rest of a sentence, for another kind, another challenge, a page within a page of somebody
    else's, or anything that is not an object in JSON with each name once.
    """
    if len(client) > _LIMIT:
        raise ValueError("what the browser said is too long")
    try:
        said = json.loads(client.decode(), object_pairs_hook=_once)
    except RecursionError as error:
        raise ValueError("what the browser said is nested too deeply") from error
    if not isinstance(said, dict) or said.get("type") != kind:
        raise ValueError(f"the browser did not say {kind}")
    if said.get("challenge") != encode(challenge):
        raise ValueError("it is for another text")
    if said.get("crossOrigin", False) is not False or "topOrigin" in said:
        raise ValueError("the page was inside another one")
    origin = said.get("origin")
    if not isinstance(origin, str) or not origin.isascii() or not origin.isprintable():
        raise ValueError("the browser named no page")
    return origin


def page(reader: wire.Reader, flags: int, challenge: bytes) -> tuple[str, bytes, bytes]:
    """Return the page, the extensions and what the browser said, from the rest of a signature.

    Raises ValueError where the signature was made without a PIN, a finger or a face, or for
    anything but `challenge`, or where it names another page than the browser did.
    """
    named, client, extensions = reader.string(), reader.string(), reader.string()
    if not flags & _VERIFIED:
        raise ValueError("nobody gave a PIN, a finger or a face")
    if flags & _ATTESTED or bool(flags & _EXTENDED) != bool(extensions):
        raise ValueError("its flags do not fit what follows them")
    origin = origin_of(client, GET, challenge)
    if origin.encode() != named:
        raise ValueError(f"the browser was on {origin!a}")
    return origin, extensions, client


def registered(authenticator: bytes, host: str) -> Registration:
    """Return the key that a browser made for pages of `host`, from its authenticator data.

    That the key is in a device is not proved: no attestation is asked for. Raises ValueError for
    a key of another host, one of another algorithm, or one made without a PIN or a finger.
    """
    reader = wire.Reader(authenticator)
    application, flags = reader.take(32), reader.byte()
    reader.uint32()
    if application != hashlib.sha256(host.encode()).digest():
        raise ValueError("the passkey is for another host")
    if not flags & _PRESENT or not flags & _VERIFIED:
        raise ValueError("the passkey was made without a PIN, a finger or a face")
    if not flags & _ATTESTED:
        raise ValueError("it holds no key")
    reader.take(16)
    credential = reader.take(int.from_bytes(reader.take(2), "big"))
    kind, parts = cbor.public_key(cbor.read(reader))
    blob = b"".join(map(wire.string, (kind, *parts, host.encode())))
    if not 16 <= len(credential) <= 1023:
        raise ValueError("its name is too short or too long")
    return Registration(blob, encode(credential), bool(flags & _SYNCED))


def signature(
    kind: str, made: bytes, authenticator: bytes, client: bytes, challenge: bytes
) -> bytes:  # fmt: skip
    """Return the signature of a key of `kind` in the encoding of SSH, yet unchecked.

    `made` is what the device signed with, `authenticator` its data. Raises ValueError where these
    bytes cannot be one over `challenge`.
    """
    reader = wire.Reader(authenticator)
    reader.take(32)  # the hash of the host, which the key names
    flags, counter = reader.take(1), reader.take(4)
    origin = origin_of(client, GET, challenge)
    head = wire.string(KINDS[kind].encode()) + wire.string(made)
    parts = (origin.encode(), client, authenticator[37:])
    return head + flags + counter + b"".join(map(wire.string, parts))


def encode(data: bytes) -> str:
    """Return `data` in base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """Return what `encode` was given. Raises ValueError for any other spelling."""
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(data) != text:
        raise ValueError("it is not base64url")
    return data


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("the browser said something twice")
    return found
