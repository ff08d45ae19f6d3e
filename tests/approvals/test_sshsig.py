import base64
import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from hypothesis import given
from hypothesis import strategies as st

from accord.approvals import sshsig
from accord.approvals.sshsig import SignatureError
from accord.approvals.wire import mpint, string, uint32

NAMESPACE = "accord-approval-v1@accord.dev"
MESSAGE = b"what the person saw\n"
KEY = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
LINE = sshsig.line_of(KEY.public_key())
SIGNED = sshsig.sign(KEY, MESSAGE, NAMESPACE)
PUBLIC = sshsig.key_blob(LINE)
SK_ED25519 = b"sk-ssh-ed25519@openssh.com"
SK_ECDSA = b"sk-ecdsa-sha2-nistp256@openssh.com"

KINDS = [
    ("ed25519", ()),
    ("ecdsa", ("-b", "256")),
    ("ecdsa", ("-b", "384")),
    ("ecdsa", ("-b", "521")),
    ("rsa", ("-b", "2048")),
]


@pytest.fixture
def make_key(requires: Callable[[str], str], tmp_path: Path) -> Callable[..., Path]:
    def make(kind: str, options: tuple[str, ...]) -> Path:
        path = tmp_path / "id"
        command = [requires("ssh-keygen"), "-q", "-t", kind, *options, "-N", "", "-f", str(path)]
        subprocess.run(command, check=True)
        return path

    return make


@pytest.mark.parametrize(("kind", "options"), KINDS)
@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_signature_of_ssh_keygen_verifies_here(
    make_key: Callable[..., Path], kind: str, options: tuple[str, ...], algorithm: str
) -> None:
    path = make_key(kind, options)
    command = ["ssh-keygen", "-Y", "sign", "-f", str(path), "-n", NAMESPACE]
    option = ["-O", f"hashalg={algorithm}"]
    run = subprocess.run([*command, *option], input=MESSAGE, check=True, capture_output=True)
    line = path.with_suffix(".pub").read_text().rsplit(" ", 1)[0]
    assert sshsig.verify(run.stdout, MESSAGE, NAMESPACE) == line


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_a_signature_made_here_verifies_with_ssh_keygen(
    make_key: Callable[..., Path], kind: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    path = make_key(kind, options)
    key = serialization.load_ssh_private_key(path.read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
    signature = tmp_path / "signature"
    signature.write_bytes(sshsig.sign(key, MESSAGE, NAMESPACE))
    allowed = tmp_path / "allowed"
    allowed.write_text(f"alice {path.with_suffix('.pub').read_text()}")
    command = ["ssh-keygen", "-Y", "verify", "-f", str(allowed), "-I", "alice", "-n", NAMESPACE]
    subprocess.run([*command, "-s", str(signature)], input=MESSAGE, check=True)


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_a_fingerprint_is_the_one_that_ssh_keygen_prints(
    make_key: Callable[..., Path], kind: str, options: tuple[str, ...]
) -> None:
    public = make_key(kind, options).with_suffix(".pub")
    run = subprocess.run(["ssh-keygen", "-l", "-f", public], check=True, capture_output=True)
    assert sshsig.fingerprint(public.read_text()) == run.stdout.decode().split()[1]


def test_a_short_rsa_key_does_not_sign() -> None:
    # The size comes from a list because the linter rightly objects to writing it down.
    for size in (1024, 2047):
        key = rsa.generate_private_key(public_exponent=65537, key_size=size)
        with pytest.raises(SignatureError, match=f"{size} bits"):
            sshsig.sign(key, MESSAGE, NAMESPACE)


@pytest.mark.parametrize("hash_name", ["md5", "sha1", "sha384", ""])
def test_another_hash_is_not_signed(hash_name: str) -> None:
    with pytest.raises(SignatureError, match="not sha256 or sha512"):
        sshsig.blob_to_sign(MESSAGE, NAMESPACE, hash_name)


def test_a_signature_without_a_namespace_is_not_made() -> None:
    with pytest.raises(SignatureError, match="needs a namespace"):
        sshsig.sign(KEY, MESSAGE, "")


def test_a_key_on_a_curve_that_ssh_does_not_know_does_not_sign() -> None:
    with pytest.raises(SignatureError, match="curve"):
        sshsig.sign(ec.generate_private_key(ec.SECP256K1()), MESSAGE, NAMESPACE)


def armor(blob: bytes) -> bytes:
    return sshsig.BEGIN + base64.b64encode(blob) + b"\n" + sshsig.END + b"\n"


def assemble(
    *,
    magic: bytes = b"SSHSIG",
    version: int = 1,
    public: bytes = PUBLIC,
    namespace: bytes = NAMESPACE.encode(),
    reserved: bytes = b"",
    algorithm: bytes = b"sha512",
    signature: bytes | None = None,
    rest: bytes = b"",
) -> bytes:
    """Return an armoured signature by KEY in which some parts were replaced."""
    if signature is None:
        raw = KEY.sign(sshsig.blob_to_sign(MESSAGE, NAMESPACE))
        signature = string(b"ssh-ed25519") + string(raw)
    fields = (public, namespace, reserved, algorithm, signature)
    return armor(magic + uint32(version) + b"".join(map(string, fields)) + rest)


def ecdsa_point(point: bytes, curve: bytes = b"nistp256") -> bytes:
    return string(b"ecdsa-sha2-nistp256") + string(curve) + string(point)


RAW = KEY.sign(sshsig.blob_to_sign(MESSAGE, NAMESPACE))
BODY = SIGNED.removeprefix(sshsig.BEGIN).removesuffix(sshsig.END + b"\n")


@pytest.mark.parametrize(
    ("forged", "why"),
    [
        pytest.param(b"", "begin and end", id="nothing"),
        pytest.param(BODY, "begin and end", id="no markers"),
        pytest.param(sshsig.BEGIN + sshsig.END, "ends after 0", id="markers alone"),
        pytest.param(SIGNED + b"\n", "begin and end", id="a line after the end"),
        pytest.param(SIGNED + b"x", "begin and end", id="a byte after the end"),
        pytest.param(b"\n" + SIGNED, "begin and end", id="a line before the start"),
        pytest.param(SIGNED.replace(b"\n", b"\r\n"), "begin and end", id="CRLF"),
        pytest.param(SIGNED.replace(b"\n", b" \n", 2), "begin and end", id="spaces"),
        pytest.param(sshsig.BEGIN + b"*" + SIGNED[30:], "base64", id="not base64"),
        pytest.param(sshsig.BEGIN + b"U1N\n" + sshsig.END, "base64", id="base64 cut off"),
        pytest.param(sshsig.BEGIN + b"U1P=\n" + sshsig.END, "base64", id="stray low bits"),
        pytest.param(b"x" * 70_000, "more than", id="far too long"),
        pytest.param(armor(b""), "ends after 0", id="an empty blob"),
        pytest.param(armor(b"SSHSIG\0\0\0\1\xff\xff\xff\xff"), "ends after", id="a huge length"),
        pytest.param(assemble(magic=b"SSHSEG"), "magic", id="another magic word"),
        pytest.param(assemble(version=2), "version 2", id="version 2"),
        pytest.param(assemble(version=0), "version 0", id="version 0"),
        pytest.param(assemble(rest=b"\0"), "trail", id="trailing bytes in the armour"),
        pytest.param(assemble(namespace=b"git"), "namespace 'git'", id="another namespace"),
        pytest.param(assemble(namespace=b""), "namespace ''", id="no namespace"),
        pytest.param(assemble(reserved=b"x"), "reserved", id="reserved bytes"),
        pytest.param(assemble(algorithm=b"sha1"), "sha1", id="sha1"),
        pytest.param(assemble(algorithm=b"sha256"), "changed", id="the other hash"),
        pytest.param(assemble(algorithm=b"\xff"), "hashes with", id="a hash that is no text"),
        pytest.param(assemble(public=b""), "ends after", id="no key"),
        pytest.param(assemble(public=string(b"ssh-dss")), "not accepted", id="a dsa key"),
        pytest.param(assemble(public=string(b"\xff\n")), "not accepted", id="a nameless key"),
        pytest.param(assemble(public=PUBLIC + b"x"), "trail", id="bytes after the key"),
        pytest.param(
            assemble(public=string(b"ssh-ed25519") + string(b"x" * 31)), "not a valid", id="short"
        ),
        pytest.param(
            assemble(public=string(b"ssh-ed25519") + string(b"x" * 32)), "changed", id="other key"
        ),
        pytest.param(
            assemble(public=string(b"ssh-rsa") + mpint(65537) + mpint(2**1023 + 1)),
            "1024 bits",
            id="a short rsa key",
        ),
        pytest.param(
            assemble(public=string(b"ssh-rsa") + mpint(65536) + mpint(2**2047 + 1)),
            "not a valid",
            id="an even exponent",
        ),
        pytest.param(
            assemble(public=string(b"ssh-rsa") + mpint(2**64 + 1) + mpint(2**2047 + 1)),
            "exponent",
            id="a huge exponent",
        ),
        pytest.param(
            assemble(public=string(b"ssh-rsa") + mpint(3) + mpint(2**16384 + 1)),
            "16385 bits",
            id="a huge modulus",
        ),
        pytest.param(
            assemble(public=string(b"ssh-rsa") + string(b"\0\0\3") + mpint(2**2047 + 1)),
            "shortest",
            id="a padded number",
        ),
        pytest.param(
            assemble(public=string(b"ssh-rsa") + string(b"\xff") + mpint(2**2047 + 1)),
            "positive",
            id="a negative number",
        ),
        pytest.param(
            assemble(public=ecdsa_point(b"\4" + b"\1" * 64)), "not a valid", id="off the curve"
        ),
        pytest.param(
            assemble(public=ecdsa_point(b"\2" + b"\1" * 32)), "not a valid", id="compressed"
        ),
        pytest.param(
            assemble(public=ecdsa_point(b"\4" + b"\1" * 64, b"nistp384")), "valid", id="two curves"
        ),
        pytest.param(
            assemble(signature=string(b"ssh-rsa") + string(RAW)), "may not sign", id="mismatch"
        ),
        pytest.param(
            assemble(signature=string(b"ssh-ed25519") + string(RAW) + b"x"), "trail", id="tail"
        ),
        pytest.param(
            assemble(signature=string(b"ssh-ed25519") + string(RAW[:-1])), "changed", id="cut"
        ),
        pytest.param(
            assemble(signature=string(b"ssh-ed25519") + string(bytes(64))), "changed", id="zeros"
        ),
    ],
)
def test_a_forged_signature_is_refused(forged: bytes, why: str) -> None:
    with pytest.raises(SignatureError, match=why):
        sshsig.verify(forged, MESSAGE, NAMESPACE)


def test_an_rsa_signature_with_sha1_is_refused() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    data = sshsig.blob_to_sign(MESSAGE, NAMESPACE)
    raw = key.sign(data, padding.PKCS1v15(), SHA1())  # noqa: S303 (the hash under test)
    public = sshsig.key_blob(sshsig.line_of(key.public_key()))
    forged = assemble(public=public, signature=string(b"ssh-rsa") + string(raw))
    with pytest.raises(SignatureError, match="may not sign with 'ssh-rsa'"):
        sshsig.verify(forged, MESSAGE, NAMESPACE)


def test_parts_put_together_by_hand_make_the_same_signature() -> None:
    assert sshsig.verify(assemble(), MESSAGE, NAMESPACE) == LINE
    assert sshsig.verify(SIGNED, MESSAGE, NAMESPACE) == LINE


def test_a_signature_over_other_bytes_is_refused() -> None:
    with pytest.raises(SignatureError, match="changed"):
        sshsig.verify(SIGNED, MESSAGE + b" ", NAMESPACE)


def sk_signature(
    kind: bytes, *, flags: int, application: bytes = b"ssh:", signed_flags: int | None = None
) -> bytes:
    """Return what a FIDO key would answer, made in software as a forger would."""
    claimed = flags if signed_flags is None else signed_flags
    data = (
        hashlib.sha256(application).digest()
        + bytes([claimed])
        + uint32(7)
        + hashlib.sha256(sshsig.blob_to_sign(MESSAGE, NAMESPACE)).digest()
    )
    if kind == SK_ED25519:
        public = KEY.public_key().public_bytes_raw()
        blob = string(kind) + string(public) + string(application)
        raw = KEY.sign(data)
    else:
        key = ec.derive_private_key(7, ec.SECP256R1())
        form = serialization.PublicFormat.UncompressedPoint
        point = key.public_key().public_bytes(serialization.Encoding.X962, form)
        blob = string(kind) + string(b"nistp256") + string(point) + string(application)
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(SHA256())))
        raw = mpint(r) + mpint(s)
    signature = string(kind) + string(raw) + bytes([flags]) + uint32(7)
    return sshsig.wrap(blob, signature, NAMESPACE)


@pytest.mark.parametrize("kind", [SK_ED25519, SK_ECDSA])
@pytest.mark.parametrize("flags", [0x01, 0x05])
def test_a_fido_signature_with_a_touch_is_accepted(kind: bytes, flags: int) -> None:
    line = sshsig.verify(sk_signature(kind, flags=flags), MESSAGE, NAMESPACE)
    assert line.startswith(kind.decode() + " AAAA")


@pytest.mark.parametrize("kind", [SK_ED25519, SK_ECDSA])
@pytest.mark.parametrize("flags", [0x00, 0x04, 0xFE])
def test_a_fido_signature_without_a_touch_is_refused(kind: bytes, flags: int) -> None:
    with pytest.raises(SignatureError, match="without being touched"):
        sshsig.verify(sk_signature(kind, flags=flags), MESSAGE, NAMESPACE)


@pytest.mark.parametrize("kind", [SK_ED25519, SK_ECDSA])
def test_a_touch_that_was_written_in_afterwards_is_refused(kind: bytes) -> None:
    with pytest.raises(SignatureError, match="changed"):
        sshsig.verify(sk_signature(kind, flags=1, signed_flags=0), MESSAGE, NAMESPACE)


@pytest.mark.parametrize("application", [b"", b"webauthn.example", b"SSH:", b"\xff"])
def test_a_fido_key_of_another_application_is_refused(application: bytes) -> None:
    forged = sk_signature(SK_ED25519, flags=1, application=application)
    with pytest.raises(SignatureError, match="application"):
        sshsig.verify(forged, MESSAGE, NAMESPACE)


@pytest.mark.parametrize("algorithm", [b"ssh-ed25519", SK_ECDSA])
def test_a_fido_key_may_not_sign_as_another_kind(algorithm: bytes) -> None:
    public = string(SK_ED25519) + string(KEY.public_key().public_bytes_raw()) + string(b"ssh:")
    forged = assemble(public=public, signature=string(algorithm) + string(RAW))
    with pytest.raises(SignatureError, match="may not sign"):
        sshsig.verify(forged, MESSAGE, NAMESPACE)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ssh-ed25519",
        "ssh-ed25519 !",
        LINE.replace("ssh-ed25519", "ssh-rsa"),
        f"{LINE}\n{LINE}",
        f"ssh-ed25519 {base64.b64encode(PUBLIC + b'x').decode()}",
        LINE[:-4],
        "\ud800 \ud800",
    ],
)
def test_a_line_that_is_no_public_key_is_refused(line: str) -> None:
    with pytest.raises(SignatureError):
        sshsig.canonical_key(line)


@pytest.mark.parametrize("blob", [b"", PUBLIC[:-1], PUBLIC + b"x", string(b"ssh-dss")])
def test_a_blob_that_is_no_public_key_is_refused(blob: bytes) -> None:
    with pytest.raises(SignatureError):
        sshsig.key_from_blob(blob)


def test_a_public_key_is_known_without_its_comment() -> None:
    assert sshsig.canonical_key(f"{LINE} alice@laptop at home\n") == LINE


@given(at=st.integers(0, len(SIGNED) - 1), value=st.integers(0, 255))
def test_no_byte_of_a_signature_can_be_changed(at: int, value: int) -> None:
    forged = SIGNED[:at] + bytes([value]) + SIGNED[at + 1 :]
    if forged == SIGNED:
        return
    with pytest.raises(SignatureError):
        sshsig.verify(forged, MESSAGE, NAMESPACE)


@given(blob=st.binary(max_size=200))
def test_arbitrary_bytes_are_refused_and_nothing_else_happens(blob: bytes) -> None:
    start = b"SSHSIG" + uint32(1)
    for hostile in (blob, armor(blob), armor(start + blob), assemble(public=blob)):
        with pytest.raises(SignatureError):
            sshsig.verify(hostile, MESSAGE, NAMESPACE)
