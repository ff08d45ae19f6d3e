"""The proof that a key was made in a FIDO device, as `ssh-keygen -O write-attestation` keeps it.

Formats: PROTOCOL.u2f of OpenSSH for the file, WebAuthn Level 2 for what is in it: authenticator
data (6.1), packed attestation (8.2) and the model in a certificate (8.2.1).
"""

import hashlib
import warnings
from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.utils import CryptographyDeprecationWarning

from accord.approvals import cbor, sshsig, wire
from accord.errors import RefusedError

MAGIC = b"ssh-sk-attest-v01"
LIMIT = 64 * 2**10
AAGUID = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")

_PRESENT, _ATTESTED = 0x01, 0x40
_MALFORMED = (
    CryptographyDeprecationWarning,
    UnsupportedAlgorithm,
    ValueError,
    x509.DuplicateExtension,
    x509.InvalidVersion,
)


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
    data = cbor.read(inner)
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
    found = cbor.read(reader)  # extensions may follow; nothing in them is relied on
    kind, point = cbor.public_key(found)
    name = sshsig.application(line)
    blob = b"".join(map(wire.string, (kind, *point, name)))
    if blob != sshsig.key_blob(line):
        raise AttestationError("The attestation is of another key.")
    if application != hashlib.sha256(name).digest():
        raise AttestationError("The attestation is of a key for another application.")
    return aaguid


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
