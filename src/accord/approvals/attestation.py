"""The proof that a key was made in a FIDO device, as `ssh-keygen -O write-attestation` keeps it.

Formats: PROTOCOL.u2f of OpenSSH for the file, WebAuthn Level 2 for what is in it: authenticator
data (6.1), packed attestation (8.2) and the model in a certificate (8.2.1); COSE keys: RFC 9053.
"""

import hashlib
import warnings
from collections.abc import Sequence
from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.utils import CryptographyDeprecationWarning

from accord.approvals import sshsig, wire
from accord.errors import RefusedError

MAGIC = b"ssh-sk-attest-v01"
LIMIT = 64 * 2**10
AAGUID = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")

_PRESENT, _ATTESTED = 0x01, 0x40
_BYTES, _MAP = 2, 5
_MALFORMED = (
    CryptographyDeprecationWarning,
    UnsupportedAlgorithm,
    ValueError,
    x509.DuplicateExtension,
    x509.InvalidVersion,
)
_Cbor: TypeAlias = int | bytes | dict[int, "_Cbor"]


class AttestationError(RefusedError):
    """Raised when an attestation does not prove that a key was made in a device; says why."""


def verify(blob: bytes, challenge: bytes, line: str, roots: bytes) -> None:
    """Check that a device, whose maker `roots` vouches for, made the key `line` for `challenge`.

    `blob` is the file of `-O write-attestation`, `challenge` that of `-O challenge`, `roots` the
    certificates of makers as PEM, which the caller got from them. Dates in certificates are not
    looked at: a device that was sold is not less of a device. Raises AttestationError.
    """
    try:
        leaf, signature, data = _parse(blob)
        anchors = x509.load_pem_x509_certificates(roots)
        aaguid = _check_key(data, line)
        _check_chain(leaf, anchors, aaguid)
        public = leaf.public_key()
        if not isinstance(public, EllipticCurvePublicKey):
            raise AttestationError("The attestation is by a key that is not on an elliptic curve.")
        signed = data + hashlib.sha256(challenge).digest()
        public.verify(signature, signed, ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise AttestationError(
            "The attestation does not fit: it is of another key, or for another challenge."
        ) from error
    except _MALFORMED as error:
        raise AttestationError(f"The attestation is malformed: {error}.") from error


def _parse(blob: bytes) -> tuple[x509.Certificate, bytes, bytes]:
    """Return the device's certificate, its signature and its authenticator data."""
    if len(blob) > LIMIT:
        raise AttestationError(f"The attestation has {len(blob)} bytes, more than {LIMIT}.")
    reader = wire.Reader(blob)
    if reader.string() != MAGIC:
        raise AttestationError("The file is no attestation of ssh-keygen with authenticator data.")
    certificate, signature, wrapped = (reader.string() for _ in range(3))
    reader.uint32()
    reader.string()
    reader.end()
    inner = wire.Reader(wrapped)
    data = _cbor(inner)
    inner.end()
    if not isinstance(data, bytes):
        raise AttestationError("The attestation holds no authenticator data.")
    with warnings.catch_warnings():  # what is only put up with for now is not to be relied on
        warnings.simplefilter("error", CryptographyDeprecationWarning)
        return x509.load_der_x509_certificate(certificate), signature, data


def _check_key(data: bytes, line: str) -> bytes:
    """Refuse data about another key than `line`; return the model of the device (its AAGUID)."""
    reader = wire.Reader(data)
    application, flags = reader.take(32), reader.byte()
    reader.uint32()
    if not flags & _ATTESTED or not flags & _PRESENT:
        raise AttestationError("The attestation holds no key, or nobody touched the device.")
    aaguid = reader.take(16)
    reader.take(int.from_bytes(reader.take(2), "big"))
    found = _cbor(reader)  # extensions may follow; nothing in them is relied on
    kind, point = _point(found)
    name = sshsig.application(line)
    blob = b"".join(map(wire.string, (kind, *point, name)))
    if blob != sshsig.key_blob(line):
        raise AttestationError("The attestation is of another key.")
    if application != hashlib.sha256(name).digest():
        raise AttestationError("The attestation is of a key for another application.")
    return aaguid


def _point(key: _Cbor) -> tuple[bytes, tuple[bytes, ...]]:
    """Return the kind of SSH key that a COSE key is, and what stands for it in its blob."""
    if isinstance(key, dict):
        x, y = key.get(-2), key.get(-3)
        ed25519 = (key.get(1), key.get(3), key.get(-1)) == (1, -8, 6)
        if ed25519 and isinstance(x, bytes):
            return sshsig.SK_ED25519.encode(), (x,)
        p256 = (key.get(1), key.get(3), key.get(-1)) == (2, -7, 1)
        if p256 and isinstance(x, bytes) and isinstance(y, bytes):
            return sshsig.SK_ECDSA.encode(), (b"nistp256", b"\x04" + x + y)
    raise AttestationError("The attestation holds a key of a kind that SSH has no name for.")


def _check_chain(
    leaf: x509.Certificate, anchors: Sequence[x509.Certificate], aaguid: bytes
) -> None:
    if _is_authority(leaf):
        raise AttestationError("The attestation is by an authority itself, not by a device.")
    if not any(_issued(leaf, anchor) for anchor in anchors):
        raise AttestationError("No maker among the given certificates vouches for the device.")
    try:
        model = leaf.extensions.get_extension_for_oid(AAGUID).value
    except x509.ExtensionNotFound:
        return
    inner = b"\x04\x10" + aaguid  # an octet string of 16 bytes
    if not isinstance(model, x509.UnrecognizedExtension) or model.value != inner:
        raise AttestationError("The certificate is of another model of device.")


def _issued(leaf: x509.Certificate, anchor: x509.Certificate) -> bool:
    if not _is_authority(anchor):
        return False
    try:
        leaf.verify_directly_issued_by(anchor)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _cbor(reader: wire.Reader) -> _Cbor:
    """Return the next value of CBOR (RFC 8949) of the few kinds that are needed, not nested."""
    major, value = _head(reader)
    if major == _MAP:
        found: dict[int, _Cbor] = {}
        for _ in range(value):
            key, item = _item(reader), _item(reader)
            if not isinstance(key, int) or key in found:
                raise ValueError("a key has a field twice, or one without a number")
            found[key] = item
        return found
    return _plain(reader, major, value)


def _item(reader: wire.Reader) -> int | bytes:
    return _plain(reader, *_head(reader))


def _plain(reader: wire.Reader, major: int, value: int) -> int | bytes:
    if major == _BYTES:
        return reader.take(value)
    if major in (0, 1):
        return value if major == 0 else -1 - value
    raise ValueError(f"it holds a value of the kind {major}")


def _head(reader: wire.Reader) -> tuple[int, int]:
    first = reader.byte()
    major, short = first >> 5, first & 0x1F
    if short > 26:
        raise ValueError("it holds a length without an end")
    size = {24: 1, 25: 2, 26: 4}.get(short, 0)
    return major, int.from_bytes(reader.take(size), "big") if size else short
