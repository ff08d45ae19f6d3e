"""FIDO keys in software, as a forger would make them: they sign with any flags that they are told.

Signature format: PROTOCOL.u2f of OpenSSH; private key files: PROTOCOL.key.
"""

import base64
import hashlib

from attrs import frozen
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from accord.approvals import records, sshsig
from accord.approvals.signers import Signer
from accord.approvals.wire import mpint, string, uint32

UP, UV = 1, 4


@frozen
class Authenticator:
    """A key of one kind and application; each signature has the flags and the counter given."""

    private: Ed25519PrivateKey | ec.EllipticCurvePrivateKey
    application: bytes = b"ssh:"

    @property
    def kind(self) -> bytes:
        """Return the name of the kind of key."""
        soft = isinstance(self.private, Ed25519PrivateKey)
        return (sshsig.SK_ED25519 if soft else sshsig.SK_ECDSA).encode()

    @property
    def blob(self) -> bytes:
        """Return the public key in its binary form."""
        if isinstance(self.private, Ed25519PrivateKey):
            point = string(self.private.public_key().public_bytes_raw())
        else:
            form = serialization.PublicFormat.UncompressedPoint
            raw = self.private.public_key().public_bytes(serialization.Encoding.X962, form)
            point = string(b"nistp256") + string(raw)
        return string(self.kind) + point + string(self.application)

    @property
    def line(self) -> str:
        """Return the public key as a line."""
        return f"{self.kind.decode()} {base64.b64encode(self.blob).decode()}"

    def sign(
        self, message: bytes, namespace: str = records.NAMESPACE, *, flags: int = UP,
        counter: int = 7, signed_flags: int | None = None, signed_counter: int | None = None,
    ) -> bytes:  # fmt: skip
        """Return a signature; `signed_...` says what was really signed, where that differs."""
        told = flags if signed_flags is None else signed_flags
        count = counter if signed_counter is None else signed_counter
        data = (
            hashlib.sha256(self.application).digest()
            + bytes([told])
            + uint32(count)
            + hashlib.sha256(sshsig.blob_to_sign(message, namespace)).digest()
        )
        if isinstance(self.private, Ed25519PrivateKey):
            raw = self.private.sign(data)
        else:
            r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(SHA256())))
            raw = mpint(r) + mpint(s)
        body = string(self.kind) + string(raw) + bytes([flags]) + uint32(counter)
        return sshsig.wrap(self.blob, body, namespace)

    def signer(self, flags: int = UP) -> Signer:
        """Return a signer that records `fido-up`, as one in ssh-agent does."""
        return Signer(self.line, "fido-up", lambda data, name: self.sign(data, name, flags=flags))


def ed25519(seed: int = 1, application: bytes = b"ssh:") -> Authenticator:
    """Return a key of the kind sk-ssh-ed25519."""
    return Authenticator(Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32), application)


def ecdsa(seed: int = 7, application: bytes = b"ssh:") -> Authenticator:
    """Return a key of the kind sk-ecdsa-sha2-nistp256."""
    return Authenticator(ec.derive_private_key(seed, ec.SECP256R1()), application)
