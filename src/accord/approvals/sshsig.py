"""SSH signatures over files, as `ssh-keygen -Y` makes them, checked more strictly than it does.

Format: PROTOCOL.sshsig of OpenSSH; keys: RFC 4253, 5656, 8332 and 8709; FIDO keys and the
signatures that they make on web pages: PROTOCOL.u2f.
The check is our own because `ssh-keygen -Y verify` takes a FIDO signature whose flags say that
nobody touched the key.
"""

import base64
import binascii
import hashlib
from collections.abc import Collection
from typing import TypeAlias

from attrs import frozen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    SECP384R1,
    SECP521R1,
    EllipticCurve,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    RSAPublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from accord.approvals import webauthn, wire
from accord.errors import RefusedError

PrivateKey: TypeAlias = Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey
PublicKey: TypeAlias = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey

MAGIC = b"SSHSIG"
VERSION = 1
BEGIN = b"-----BEGIN SSH SIGNATURE-----\n"
END = b"-----END SSH SIGNATURE-----"
LIMIT = 64 * 2**10
USER_PRESENT = 1
USER_VERIFIED = 4

ED25519 = "ssh-ed25519"
RSA = "ssh-rsa"
SK_ED25519 = "sk-ssh-ed25519@openssh.com"
SK_ECDSA = "sk-ecdsa-sha2-nistp256@openssh.com"
SK_RSA = "sk-rsa-sha2-256@accord.dev"
"""An RSA key that signs on web pages, which OpenSSH has no name for."""

_SSH = b"ssh:"
_Curve: TypeAlias = tuple[str, EllipticCurve, hashes.HashAlgorithm]
_P256: _Curve = ("nistp256", SECP256R1(), hashes.SHA256())
_CURVES: dict[str, _Curve] = {
    SK_ECDSA: _P256,
    "ecdsa-sha2-nistp256": _P256,
    "ecdsa-sha2-nistp384": ("nistp384", SECP384R1(), hashes.SHA384()),
    "ecdsa-sha2-nistp521": ("nistp521", SECP521R1(), hashes.SHA512()),
}
_RSA_HASHES: dict[str, hashes.HashAlgorithm] = {
    "rsa-sha2-256": hashes.SHA256(),
    "rsa-sha2-512": hashes.SHA512(),
}


class SignatureError(RefusedError):
    """Raised when a signature or a key is not what it should be; the message says why."""


@frozen
class _Key:
    """A public key read from its SSH blob; `application` is set for FIDO keys alone."""

    kind: str
    public: PublicKey
    application: bytes = b""

    @property
    def web(self) -> bool:
        """Tell whether it is a passkey: its application is the host of a web page."""
        return bool(self.application) and not self.application.startswith(_SSH)


@frozen
class _Use:
    """How a FIDO key was used: the flags of the device and, on a web page, which page it was."""

    flags: int = 0
    origin: str = ""


@frozen
class Proof:
    """What a signature proves: the key that made it and, of a FIDO key, what its owner did.

    `fido` is empty for other keys, `up` after a touch, `uv` where the key asked for its PIN or a
    finger too. A program that claims to be a FIDO key can say either: only an attestation made
    with the key tells them apart, and a signature holds none. `origin` is the web page on which a
    passkey signed, as the browser says, and empty for every other key.
    """

    key: str
    fido: str = ""
    origin: str = ""

    @property
    def factor(self) -> str:
        """Return `fido-up` or `fido-uv`; empty for a key of whose use nothing is proved."""
        return f"fido-{self.fido}" if self.fido else ""


def verify(armored: bytes, message: bytes, namespace: str) -> str:
    """Return the key that made the signature `armored` over `message`, as `ssh-ed25519 AAAA...`.

    Whose key it is remains to be looked up. Raises SignatureError when anything is off: armour,
    bytes that trail, version, namespace, hash, kind of key, a FIDO key that nobody touched, or
    the signature itself.
    """
    return prove(armored, message, namespace).key


def prove(armored: bytes, message: bytes, namespace: str) -> Proof:
    """Return what `verify` does, with what the signature says of the touch. Raises as it does."""
    try:
        public, signature, algorithm = _parse(_dearmor(armored), namespace)
        key = _read_key(public)
        use = _check(key, signature, blob_to_sign(message, namespace, algorithm))
    except wire.WireError as error:
        raise SignatureError(f"The signature is malformed: {error}.") from error
    if not key.application:
        return Proof(_line(key.kind, public))
    return Proof(_line(key.kind, public), "uv" if use.flags & USER_VERIFIED else "up", use.origin)


def sign(private_key: PrivateKey, message: bytes, namespace: str) -> bytes:
    """Return the armoured signature of `private_key` over `message`, as `ssh-keygen -Y sign` does.

    Raises SignatureError for a key that `verify` would refuse, such as RSA under 2048 bits.
    """
    kind, public = _split_line(line_of(private_key.public_key()))
    _read_key(public)
    data = blob_to_sign(message, namespace)
    if isinstance(private_key, Ed25519PrivateKey):
        name, body = kind, private_key.sign(data)
    elif isinstance(private_key, RSAPrivateKey):
        name = "rsa-sha2-512"
        body = private_key.sign(data, padding.PKCS1v15(), _RSA_HASHES[name])
    else:
        r, s = decode_dss_signature(private_key.sign(data, ECDSA(_CURVES[kind][2])))
        name, body = kind, wire.mpint(r) + wire.mpint(s)
    return wrap(public, wire.string(name.encode()) + wire.string(body), namespace)


def blob_to_sign(message: bytes, namespace: str, algorithm: str = "sha512") -> bytes:
    """Return the bytes that a key (or an agent) signs for `message` in `namespace`.

    `algorithm` is `sha256` or `sha512`. Raises SignatureError for another or for no namespace.
    """
    if algorithm not in ("sha256", "sha512"):
        raise SignatureError(f"The signature hashes with {algorithm!a}, not sha256 or sha512.")
    if not namespace:
        raise SignatureError("A signature needs a namespace, and this one is empty.")
    fields = (namespace.encode(), b"", algorithm.encode(), hashlib.new(algorithm, message).digest())
    return MAGIC + b"".join(map(wire.string, fields))


def wrap(
    public_blob: bytes, signature_blob: bytes, namespace: str, algorithm: str = "sha512"
) -> bytes:
    """Return the armoured signature file for a signature that was made over `blob_to_sign`."""
    fields = (public_blob, namespace.encode(), b"", algorithm.encode(), signature_blob)
    blob = MAGIC + wire.uint32(VERSION) + b"".join(map(wire.string, fields))
    text = base64.b64encode(blob)
    lines = [text[at : at + 70] + b"\n" for at in range(0, len(text), 70)]
    return BEGIN + b"".join(lines) + END + b"\n"


def canonical_key(line: str) -> str:
    """Return the public key `line` without its comment. Raises SignatureError if it is no key."""
    kind, blob = _split_line(line)
    try:
        key = _read_key(blob)
    except wire.WireError as error:
        raise SignatureError(f"The public key is malformed: {error}.") from error
    if key.kind != kind:
        raise SignatureError(f"The public key says {kind!a} but holds a key of kind {key.kind}.")
    return _line(kind, blob)


def key_blob(line: str) -> bytes:
    """Return the binary form of the public key `line`. Raises SignatureError if it is no key."""
    return _split_line(canonical_key(line))[1]


def application(line: str) -> bytes:
    """Return the application of a FIDO key, empty for another. Raises SignatureError."""
    return _read_key(key_blob(line)).application


def key_from_blob(blob: bytes) -> str:
    """Return the public key line for a binary public key. Raises SignatureError if it is none."""
    try:
        return _line(_read_key(blob).kind, blob)
    except wire.WireError as error:
        raise SignatureError(f"The public key is malformed: {error}.") from error


def line_of(public: PublicKey) -> str:
    """Return the OpenSSH line of a public key of `cryptography`, without a comment.

    Raises SignatureError for an elliptic curve that SSH has no name for.
    """
    encoding, form = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    try:
        return public.public_bytes(encoding, form).decode("ascii")
    except ValueError as error:
        raise SignatureError("SSH has no keys on this elliptic curve.") from error


def fingerprint(line: str) -> str:
    """Return the key's `SHA256:...` as `ssh-keygen -l` prints it."""
    digest = hashlib.sha256(key_blob(line)).digest()
    return "SHA256:" + base64.b64encode(digest).decode("ascii").rstrip("=")


def _dearmor(armored: bytes) -> bytes:
    if len(armored) > LIMIT:
        raise SignatureError(f"The signature has {len(armored)} bytes, more than {LIMIT}.")
    body = armored.removesuffix(b"\n")
    if not body.startswith(BEGIN) or not body.endswith(b"\n" + END):
        raise SignatureError("The signature does not begin and end as an SSH signature does.")
    text = body[len(BEGIN) : -len(END)].replace(b"\n", b"")
    blob = _unbase64(text)
    if blob is None:
        raise SignatureError("The signature is not valid base64 between its two marker lines.")
    return blob


def _unbase64(text: bytes) -> bytes | None:
    try:
        blob = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    # The decoder ignores stray low bits in the last letter; one blob must have one spelling.
    return blob if base64.b64encode(blob) == text else None


def _parse(blob: bytes, namespace: str) -> tuple[bytes, bytes, str]:
    reader = wire.Reader(blob)
    if reader.take(len(MAGIC)) != MAGIC:
        raise SignatureError("The signature does not start with the magic word SSHSIG.")
    version = reader.uint32()
    if version != VERSION:
        raise SignatureError(f"The signature has version {version}; only {VERSION} is known.")
    public, found, reserved, algorithm, signature = (reader.string() for _ in range(5))
    reader.end()
    if found != namespace.encode():
        raise SignatureError(
            f"The signature was made for the namespace {_show(found)}, not {namespace!a}."
        )
    if reserved:
        raise SignatureError("The signature has bytes in its reserved field, which nobody signed.")
    return public, signature, algorithm.decode("ascii", "backslashreplace")


def _split_line(line: str) -> tuple[str, bytes]:
    kind, _, rest = line.strip().partition(" ")
    text, _, _ = rest.partition(" ")
    blob = _unbase64(text.encode("utf-8", "replace"))
    if not blob or "\n" in line.strip():
        raise SignatureError("A public key is one line such as 'ssh-ed25519 AAAA...'.")
    return kind, blob


def _line(kind: str, blob: bytes) -> str:
    return f"{kind} {base64.b64encode(blob).decode('ascii')}"


def _show(name: bytes) -> str:
    return ascii(name[:64].decode("ascii", "backslashreplace"))


def _read_key(blob: bytes) -> _Key:
    reader = wire.Reader(blob)
    name = reader.string()
    kind = name.decode("ascii", "replace")
    try:
        public = _read_public(kind, reader)
    except ValueError as error:
        if isinstance(error, wire.WireError):
            raise
        raise SignatureError(f"The {kind} key is not a valid key of its kind.") from error
    if public is None:
        raise SignatureError(f"Keys of kind {_show(name)} are not accepted.")
    key = _Key(kind, public, reader.string() if kind in webauthn.KINDS else b"")
    reader.end()
    if key.web and not webauthn.HOST.fullmatch(key.application.decode("latin-1")):
        raise SignatureError(
            f"The FIDO key belongs to the application {_show(key.application)}, which is neither "
            "'ssh:' nor a host."
        )
    if kind in webauthn.KINDS and not key.application:
        raise SignatureError("The FIDO key belongs to no application, where 'ssh:' is needed.")
    if kind == SK_RSA and not key.web:
        raise SignatureError("A FIDO key of RSA signs on web pages alone, so it needs a host.")
    return key


def _read_public(kind: str, reader: wire.Reader) -> PublicKey | None:
    if kind in (ED25519, SK_ED25519):
        return Ed25519PublicKey.from_public_bytes(reader.string())
    if kind in _CURVES:
        curve_name, curve, _ = _CURVES[kind]
        named, point = reader.string(), reader.string()
        if named != curve_name.encode() or not point.startswith(b"\x04"):
            raise ValueError("another curve, or a compressed point")
        return EllipticCurvePublicKey.from_encoded_point(curve, point)
    if kind in (RSA, SK_RSA):
        exponent, modulus = reader.mpint(), reader.mpint()
        if not 2048 <= modulus.bit_length() <= 16384:
            raise SignatureError(
                f"The RSA key has {modulus.bit_length()} bits; 2048 to 16384 are accepted."
            )
        if exponent.bit_length() > 64:
            raise SignatureError("The RSA key has an exponent of more than 64 bits.")
        return RSAPublicNumbers(exponent, modulus).public_key()
    return None


def _check(key: _Key, signature: bytes, data: bytes) -> _Use:
    """Return how the key was used, if the signature is good. Raises SignatureError."""
    reader = wire.Reader(signature)
    use = _Use()
    name = reader.string()
    kind = name.decode("ascii", "replace")
    if kind not in _signs_as(key):
        whose = f" of the application {_show(key.application)}" if key.web else ""
        raise SignatureError(f"A {key.kind} key{whose} may not sign with {_show(name)}.")
    body = reader.string()
    if key.application:
        flags, counter = reader.byte(), reader.uint32()
        if not flags & USER_PRESENT:
            raise SignatureError("The FIDO key signed without being touched.")
        use, extensions, client = _Use(flags), b"", data
        if key.web:
            try:
                origin, extensions, client = webauthn.page(reader, flags, data)
            except ValueError as error:
                raise SignatureError(f"The passkey did not sign this: {error}.") from error
            use = _Use(flags, origin)
        data = b"".join(
            (
                hashlib.sha256(key.application).digest(),
                bytes([flags]),
                wire.uint32(counter),
                extensions,
                hashlib.sha256(client).digest(),
            )
        )
    reader.end()
    try:
        _check_raw(key, kind, body, data)
    except InvalidSignature as error:
        raise SignatureError(
            "The signature does not fit the signed bytes: they or it were changed."
        ) from error
    return use


def _signs_as(key: _Key) -> Collection[str]:
    """Return the kinds of signature that a key may make: a passkey only those of web pages."""
    if key.web:
        return (webauthn.KINDS[key.kind],)
    return _RSA_HASHES if key.kind == RSA else (key.kind,)


def _check_raw(key: _Key, kind: str, body: bytes, data: bytes) -> None:
    if isinstance(key.public, Ed25519PublicKey):
        key.public.verify(body, data)
    elif isinstance(key.public, RSAPublicKey):
        key.public.verify(body, data, padding.PKCS1v15(), _RSA_HASHES.get(kind, hashes.SHA256()))
    else:
        reader = wire.Reader(body)
        r, s = reader.mpint(), reader.mpint()
        reader.end()
        key.public.verify(encode_dss_signature(r, s), data, ECDSA(_CURVES[key.kind][2]))
