"""Keys that people sign with: files, and ssh-agent for those that Accord must not hold.

Agent protocol: draft-miller-ssh-agent; private key files: PROTOCOL.key of OpenSSH.
"""

import base64
import importlib.util
import os
import socket
from collections.abc import Callable
from pathlib import Path

from attrs import field, frozen
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from accord.approvals import sshsig, wire
from accord.errors import ConfigurationError

AGENT_SECONDS = 120.0  # a person may have to confirm, or to touch a key
AGENT_ANSWER = 256 * 2**10

_BEGIN = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_END = b"-----END OPENSSH PRIVATE KEY-----"
_MAGIC = b"openssh-key-v1\0"
_SIGN_REQUEST = b"\x0d"
_SIGN_RESPONSE = 14
_RSA_SHA2_512 = 4


@frozen
class Signer:
    """Something that signs: its public key, how it is guarded, and the act itself.

    `factor` is `ssh-key` (a file that anybody who can read it can use), `ssh-passphrase`,
    `ssh-agent`, or `fido-up` (a FIDO key in the agent, touched for each signature).
    """

    line: str
    factor: str
    _sign: Callable[[bytes, str], bytes] = field(repr=False)

    def sign(self, message: bytes, namespace: str) -> bytes:
        """Return the armoured signature. Raises ConfigurationError when the agent declines."""
        return self._sign(message, namespace)


def generate_key(path: Path, comment: str) -> str:
    """Write a new Ed25519 key to `path` and `path`.pub and return its public line.

    The file has mode 0600 and no passphrase. Raises ConfigurationError when one of the two files
    is there already or cannot be written.
    """
    public_path = _public_path(path)
    if public_path.exists():
        raise _exists(public_path)
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    line = sshsig.line_of(key.public_key())
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_new(path, private, 0o600)
        _write_new(public_path, " ".join([line, *comment.split()]).encode() + b"\n", 0o644)
    except FileExistsError as error:
        raise _exists(Path(error.filename)) from error
    except OSError as error:
        raise ConfigurationError(f"The key {path} cannot be written: {error.strerror}.") from error
    return line


def public_line(path: Path) -> str:
    """Return the public key of the pair at `path` (with or without `.pub`), without its comment.

    Read from `.pub` or, without that file, from the private one. Raises ConfigurationError.
    """
    private_path, public_path = _pair(path)
    if public_path.exists() or not private_path.exists():
        try:
            return sshsig.canonical_key(_read(public_path).decode("utf-8", "replace"))
        except sshsig.SignatureError as error:
            raise _unusable(public_path, error.message) from error
    data = _read(private_path)
    container = _container(private_path, data)
    return container.line if container else _load(private_path, data, None)[1]


def load_signer(path: Path, ask_passphrase: Callable[[str], str]) -> Signer:
    """Return the signer for the key at `path`.

    A private key file signs here; `ask_passphrase` is called with a prompt if it is encrypted. A
    `.pub` file, a public key whose private half is elsewhere, and FIDO keys sign in ssh-agent.
    Raises ConfigurationError for a key that is missing, unreadable, encrypted with another
    passphrase or of a kind that cannot sign approvals.
    """
    private_path, _ = _pair(path)
    if path.suffix == ".pub" or not private_path.exists():
        return _agent_signer(path)
    data = _read(private_path)
    container = _container(private_path, data)
    if container and container.line.startswith("sk-"):
        return _agent_signer(path)
    passphrase, factor = None, "ssh-key"
    if container.encrypted if container else b"ENCRYPTED" in data:
        if container and importlib.util.find_spec("bcrypt") is None:
            raise ConfigurationError(
                f"The encrypted key {private_path} cannot be opened without the package bcrypt.",
                hint=f"add it to ssh-agent with `ssh-add -c {private_path}` and name "
                f"{_public_path(private_path)} as the key",
            )
        passphrase = ask_passphrase(f"Passphrase for {private_path}: ").encode()
        factor = "ssh-passphrase"
    key, line = _load(private_path, data, passphrase)
    return Signer(line, factor, lambda message, namespace: sshsig.sign(key, message, namespace))


@frozen
class _Container:
    """What an OpenSSH private key file says in clear: its public key, and if it is encrypted."""

    line: str
    encrypted: bool


def _container(path: Path, data: bytes) -> _Container | None:
    """Return the clear part of an OpenSSH private key file, None for another kind of file."""
    if not data.startswith(_BEGIN):
        return None
    try:
        text = data.strip().removeprefix(_BEGIN).removesuffix(_END)
        reader = wire.Reader(base64.b64decode(text))
        if reader.take(len(_MAGIC)) != _MAGIC:
            raise wire.WireError("it has another magic word")
        cipher, _, _ = reader.string(), reader.string(), reader.string()
        reader.uint32()
        return _Container(sshsig.key_from_blob(reader.string()), cipher != b"none")
    except (sshsig.SignatureError, ValueError) as error:
        raise _unusable(path, str(error)) from error


def _load(path: Path, data: bytes, passphrase: bytes | None) -> tuple[sshsig.PrivateKey, str]:
    """Return the private key in `data` and its public line."""
    openssh = data.startswith(_BEGIN)
    load = serialization.load_ssh_private_key if openssh else serialization.load_pem_private_key
    try:
        key = load(data, passphrase)
    except (TypeError, ValueError) as error:
        if passphrase is not None:
            raise ConfigurationError(
                f"The passphrase does not open the key {path}.",
                hint=f"try again, or check the key with `ssh-keygen -y -f {path}`",
            ) from error
        raise _unusable(path, "it cannot be read without a passphrase") from error
    except UnsupportedAlgorithm as error:
        raise _unusable(path, str(error)) from error
    if not isinstance(key, Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey):
        raise _unusable(path, "only ed25519, ecdsa and rsa keys can")
    try:
        return key, sshsig.canonical_key(sshsig.line_of(key.public_key()))
    except sshsig.SignatureError as error:
        raise _unusable(path, error.message) from error


def _agent_signer(path: Path) -> Signer:
    line = public_line(path)
    address = os.environ.get("SSH_AUTH_SOCK", "")
    hint = f"start ssh-agent and add the key with `ssh-add -c {_pair(path)[0]}`"
    if not address:
        raise ConfigurationError(
            f"The key {path} signs in ssh-agent, and SSH_AUTH_SOCK names none.", hint=hint
        )

    def sign(message: bytes, namespace: str) -> bytes:
        data = sshsig.blob_to_sign(message, namespace)
        try:
            signature = _agent_sign(address, sshsig.key_blob(line), data)
        except (OSError, wire.WireError) as error:
            raise ConfigurationError(f"ssh-agent did not sign: {error}.", hint=hint) from error
        armored = sshsig.wrap(sshsig.key_blob(line), signature, namespace)
        # The agent is another program: what it made must stand before anybody relies on it.
        sshsig.verify(armored, message, namespace)
        return armored

    return Signer(line, "fido-up" if line.startswith("sk-") else "ssh-agent", sign)


def _agent_sign(address: str, public: bytes, data: bytes) -> bytes:
    flags = _RSA_SHA2_512 if public.startswith(wire.string(sshsig.RSA.encode())) else 0
    request = _SIGN_REQUEST + wire.string(public) + wire.string(data) + wire.uint32(flags)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as agent:
        agent.settimeout(AGENT_SECONDS)
        agent.connect(address)
        agent.sendall(wire.string(request))
        with agent.makefile("rb") as stream:
            length = wire.Reader(stream.read(4)).uint32()
            reader = wire.Reader(stream.read(min(length, AGENT_ANSWER)))
    if reader.byte() != _SIGN_RESPONSE:
        raise wire.WireError("it does not hold the key, or the request was declined")
    signature = reader.string()
    reader.end()
    return signature


def _pair(path: Path) -> tuple[Path, Path]:
    private = path.with_suffix("") if path.suffix == ".pub" else path
    return private, _public_path(private)


def _public_path(private: Path) -> Path:
    return private.with_name(f"{private.name}.pub")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"The key {path} cannot be read: {error.strerror}.",
            hint="name another key, or make one with `ssh-keygen -t ed25519`",
        ) from error


def _write_new(path: Path, data: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _exists(path: Path) -> ConfigurationError:
    return ConfigurationError(f"{path} exists already and is left alone.", hint="use another name")


def _unusable(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"The key {path} cannot sign approvals: {why.rstrip('.')}.",
        hint="use an ed25519 key: `ssh-keygen -t ed25519`",
    )
