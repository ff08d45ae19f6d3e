"""Passkeys in software: what a browser and its device say, with every part to be chosen.

Formats: WebAuthn Level 2, client data (5.8.1) and authenticator data (6.1); COSE keys: RFC 9053.
"""

import base64
import hashlib
import json
from functools import cache
from typing import Any

from attrs import frozen
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from accord.approvals import passkeys, records, sshsig, webauthn
from accord.approvals.passkeys import Assertion, Offer
from accord.approvals.wire import mpint, string, uint32
from accord.core.approval import Passkey, Principal

HOST = "accord.localhost"
ENTRY = f"http://{HOST}"
PAGE = f"{ENTRY}:40123"
UP, UV, SYNCED, ATTESTED, EXTENDED = 1, 4, 0x18, 0x40, 0x80
Private = Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@frozen
class SoftPasskey:
    """One passkey for pages of `host`."""

    private: Private
    host: str = HOST
    identity: bytes = b"\6" * 32

    @property
    def cose(self) -> bytes:
        """Return the public key in COSE."""
        if isinstance(self.private, Ed25519PrivateKey):
            raw = self.private.public_key().public_bytes_raw()
            return bytes.fromhex("a4010103272006215820") + raw
        if isinstance(self.private, rsa.RSAPrivateKey):
            numbers = self.private.public_key().public_numbers()
            modulus = numbers.n.to_bytes(256, "big")
            return bytes.fromhex("a401030339010020590100") + modulus + bytes.fromhex("2143010001")
        point = self.private.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (point.x, point.y))
        return bytes.fromhex("a5010203262001215820") + x + bytes.fromhex("225820") + y

    @property
    def line(self) -> str:
        """Return the line of the key."""
        return self.offer().line

    def offer(self, name: str = "Laptop", entry: str = "") -> Offer:
        """Return the passkey as a page would offer it."""
        entry = entry or (ENTRY if self.host == HOST else f"https://{self.host}")
        page = PAGE if self.host == HOST else entry
        client = said(webauthn.CREATE, b"made", page)
        return passkeys.register(self.made(), client, challenge=b"made", origin=page, entry=entry,
                                 name=name)  # fmt: skip

    def person(self, name: str = "pat", *roles: str, label: str = "Laptop") -> Principal:
        """Return somebody who has this passkey alone."""
        offer = self.offer(label)
        return Principal(name, (offer.line,), roles or ("approver",),
                         passkeys={offer.line: offer.passkey})  # fmt: skip

    def made(self, *, flags: int = UP | UV | ATTESTED, host: str = "") -> bytes:
        """Return the authenticator data of a registration."""
        head = self._data(flags, 0, host)
        return head + b"\0" * 16 + len(self.identity).to_bytes(2, "big") + self.identity + self.cose

    def answer(
        self, message: bytes, namespace: str = records.NAMESPACE, *, origin: str = PAGE,
        flags: int = UP | UV, counter: int = 3, host: str = "", kind: str = webauthn.GET,
        challenge: bytes = b"", extensions: bytes = b"", **more: object,
    ) -> Assertion:  # fmt: skip
        """Return what a browser answers; each part can be another than it should be."""
        client = said(kind, challenge or sshsig.blob_to_sign(message, namespace), origin, **more)
        data = self._data(flags, counter, host) + extensions
        identity = webauthn.encode(self.identity)
        return Assertion(identity, data, client, self.raw(data + hashlib.sha256(client).digest()))

    def sign(self, message: bytes, namespace: str = records.NAMESPACE, **parts: Any) -> bytes:
        """Return the signature file as a forger writes it, who checks nothing."""
        made = self.answer(message, namespace, **parts)
        return self.file(made, namespace)

    def file(self, made: Assertion, namespace: str = records.NAMESPACE) -> bytes:
        """Return the signature file that holds an answer as it is."""
        raw = made.signature
        kind = self.line.partition(" ")[0]
        if kind == sshsig.SK_ECDSA:
            r, s = decode_dss_signature(raw)
            raw = mpint(r) + mpint(s)
        origin = json.loads(made.client)["origin"].encode()
        body = string(webauthn.KINDS[kind].encode()) + string(raw) + made.authenticator[32:37]
        body += string(origin) + string(made.client) + string(made.authenticator[37:])
        return sshsig.wrap(sshsig.key_blob(self.line), body, namespace)

    def raw(self, data: bytes) -> bytes:
        """Return the signature of the bare key."""
        if isinstance(self.private, Ed25519PrivateKey):
            return self.private.sign(data)
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(data, padding.PKCS1v15(), SHA256())
        return self.private.sign(data, ec.ECDSA(SHA256()))

    def _data(self, flags: int, counter: int, host: str) -> bytes:
        return (
            hashlib.sha256((host or self.host).encode()).digest() + bytes([flags]) + uint32(counter)
        )


def said(kind: str, challenge: bytes, origin: str, **more: object) -> bytes:
    """Return the client data as a browser writes it."""
    text = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
    value = {"type": kind, "challenge": text, "origin": origin, "crossOrigin": False, **more}
    return json.dumps(value, separators=(",", ":")).encode()


def es256(seed: int = 5, host: str = HOST) -> SoftPasskey:
    """Return a passkey of the most common kind."""
    return SoftPasskey(ec.derive_private_key(seed, ec.SECP256R1()), host, bytes([seed]) * 32)


def eddsa(seed: int = 6, host: str = HOST) -> SoftPasskey:
    """Return a passkey of the kind EdDSA."""
    return SoftPasskey(Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32), host)


@cache
def rs256() -> SoftPasskey:
    """Return a passkey of the kind RS256."""
    return SoftPasskey(rsa.generate_private_key(65537, 2048))


def entry(name: str = "Laptop", credential: bytes = b"\6" * 32, origin: str = ENTRY) -> Passkey:
    """Return what a trust file says of a passkey."""
    return Passkey(name, webauthn.encode(credential), origin)
