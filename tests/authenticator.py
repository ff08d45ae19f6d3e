"""FIDO keys in software, as a forger would make them: they sign with any flags that they are told.

Signature format: PROTOCOL.u2f of OpenSSH; private key files: PROTOCOL.key.
"""

import base64
import hashlib
from datetime import UTC, datetime

from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from accord.approvals import records, sshsig
from accord.approvals.attestation import AAGUID
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


@frozen
class Maker:
    """Somebody who makes devices: an authority of their own, and the key in each device."""

    authority: ec.EllipticCurvePrivateKey
    device: ec.EllipticCurvePrivateKey
    name: str = "Maker"
    aaguid: bytes = b"\7" * 16

    @property
    def roots(self) -> bytes:
        """Return the certificate of the authority as PEM."""
        return self._certificate(self.authority, self.name, authority=True).public_bytes(
            serialization.Encoding.PEM
        )

    def attest(
        self, key: Authenticator, challenge: bytes, *, flags: int = 0x41, application: bytes = b"",
        model: bytes = b"", by_authority: bool = False, cose: bytes = b"",
    ) -> bytes:  # fmt: skip
        """Return the file of `ssh-keygen -O write-attestation` for a key made in a device."""
        data = (
            hashlib.sha256(application or key.application).digest()
            + bytes([flags])
            + uint32(1)
            + self.aaguid
            + b"\0\x20"
            + b"\5" * 32
            + (cose or _cose(key))
        )
        signature = self.device.sign(data + hashlib.sha256(challenge).digest(), ec.ECDSA(SHA256()))
        leaf = self._certificate(
            self.device, f"{self.name} device", authority=by_authority, model=model or self.aaguid
        )
        wrapped = b"\x58" + bytes([len(data)]) + data
        parts = (leaf.public_bytes(serialization.Encoding.DER), signature, wrapped)
        return string(b"ssh-sk-attest-v01") + b"".join(map(string, parts)) + uint32(0) + string(b"")

    def _certificate(
        self, key: ec.EllipticCurvePrivateKey, name: str, *, authority: bool, model: bytes = b""
    ) -> x509.Certificate:
        builder = x509.CertificateBuilder(
            issuer_name=_name(self.name), subject_name=_name(name), public_key=key.public_key(),
            serial_number=7, not_valid_before=datetime(2020, 1, 1, tzinfo=UTC),
            not_valid_after=datetime(2021, 1, 1, tzinfo=UTC),
        )  # fmt: skip
        builder = builder.add_extension(x509.BasicConstraints(authority, None), critical=True)
        if model:
            held = x509.UnrecognizedExtension(AAGUID, b"\x04\x10" + model)
            builder = builder.add_extension(held, critical=False)
        return builder.sign(self.authority, SHA256())


def maker(seed: int = 11, name: str = "Maker") -> Maker:
    """Return a maker of devices."""
    authority, device = (ec.derive_private_key(seed + at, ec.SECP256R1()) for at in (0, 1))
    return Maker(authority, device, name)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _cose(key: Authenticator) -> bytes:
    """Return the public key in COSE, as RFC 9053 has it."""
    if isinstance(key.private, Ed25519PrivateKey):
        raw = key.private.public_key().public_bytes_raw()
        return bytes.fromhex("a4010103272006215820") + raw
    numbers = key.private.public_key().public_numbers()
    x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
    return bytes.fromhex("a5010203262001215820") + x + bytes.fromhex("225820") + y


def ed25519(seed: int = 1, application: bytes = b"ssh:") -> Authenticator:
    """Return a key of the kind sk-ssh-ed25519."""
    return Authenticator(Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32), application)


def ecdsa(seed: int = 7, application: bytes = b"ssh:") -> Authenticator:
    """Return a key of the kind sk-ecdsa-sha2-nistp256."""
    return Authenticator(ec.derive_private_key(seed, ec.SECP256R1()), application)
