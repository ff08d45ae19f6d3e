import base64
import importlib.util
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from accord.approvals import signers, sshsig
from accord.approvals.sshsig import SignatureError
from accord.approvals.wire import string, uint32
from accord.errors import ConfigurationError

NAMESPACE = "accord-approval-v1@accord.dev"
MESSAGE = b"what the person saw\n"


def nobody(prompt: str) -> str:
    raise AssertionError(f"nobody is there to answer {prompt!r}")


def answering(passphrase: str) -> Callable[[str], str]:
    def answer(prompt: str) -> str:
        return passphrase

    return answer


def keygen(path: Path, *options: str) -> None:
    subprocess.run(["ssh-keygen", "-q", *options, "-f", str(path)], check=True)


@pytest.fixture
def agent(
    requires: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """A real ssh-agent; its socket has a relative name because such names may not be long."""
    monkeypatch.chdir(tmp_path)
    command = [requires("ssh-agent"), "-D", "-a", "agent"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while not Path("agent").exists() and process.poll() is None:
            time.sleep(0.01)
        monkeypatch.setenv("SSH_AUTH_SOCK", "agent")
        yield
        process.terminate()


def test_a_new_key_is_for_its_owner_alone_and_signs(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "approval"
    line = signers.generate_key(path, "alice at home\n")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.with_name("approval.pub").read_text() == f"{line} alice at home\n"
    signer = signers.load_signer(path, nobody)
    assert (signer.line, signer.factor) == (line, "ssh-key")
    assert sshsig.verify(signer.sign(MESSAGE, NAMESPACE), MESSAGE, NAMESPACE) == line
    assert "sign" not in repr(signer)


def test_a_new_key_is_one_that_ssh_keygen_reads(
    requires: Callable[[str], str], tmp_path: Path
) -> None:
    path = tmp_path / "approval"
    line = signers.generate_key(path, "")
    command = [requires("ssh-keygen"), "-y", "-f", str(path)]
    assert subprocess.run(command, check=True, capture_output=True).stdout.decode().strip() == line


@pytest.mark.parametrize("taken", ["approval", "approval.pub"])
def test_an_existing_key_is_never_overwritten(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_text("precious")
    with pytest.raises(ConfigurationError, match="exists already"):
        signers.generate_key(tmp_path / "approval", "")
    assert (tmp_path / taken).read_text() == "precious"
    assert [path.name for path in tmp_path.iterdir()] == [taken]


def test_a_new_key_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "approval").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match="exists already"):
        signers.generate_key(tmp_path / "approval", "")
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_is_a_file_is_said_so(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("")
    with pytest.raises(ConfigurationError, match=f"{file} exists already"):
        signers.generate_key(file / "approval", "")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        signers.generate_key(file / "deeper" / "approval", "")


@pytest.mark.parametrize("passphrase", ["", "secret words"])
@pytest.mark.parametrize("form", ["RFC4716", "PEM"])
def test_the_public_line_needs_no_passphrase_beside_its_file(
    requires: Callable[[str], str], tmp_path: Path, passphrase: str, form: str
) -> None:
    requires("ssh-keygen")
    path = tmp_path / "id"
    keygen(path, "-t", "ecdsa", "-m", form, "-N", passphrase, "-C", "alice")
    line = signers.public_line(path)
    assert line == signers.public_line(tmp_path / "id.pub")
    assert path.with_suffix(".pub").read_text() == f"{line} alice\n"
    if form == "RFC4716" or not passphrase:
        path.with_suffix(".pub").unlink()
        assert signers.public_line(path) == line


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_an_encrypted_pem_key_signs_after_its_passphrase(
    requires: Callable[[str], str], tmp_path: Path, kind: str
) -> None:
    requires("ssh-keygen")
    path = tmp_path / "id"
    keygen(path, "-t", kind, "-m", "PKCS8", "-N", "secret wörds")
    prompts: list[str] = []

    def answer(prompt: str) -> str:
        prompts.append(prompt)
        return "secret wörds"

    signer = signers.load_signer(path, answer)
    assert prompts == [f"Passphrase for {path}: "]
    assert signer.factor == "ssh-passphrase"
    line = sshsig.verify(signer.sign(MESSAGE, NAMESPACE), MESSAGE, NAMESPACE)
    assert line == signer.line == signers.public_line(path)
    with pytest.raises(ConfigurationError, match="does not open the key"):
        signers.load_signer(path, answering("wrong"))


def test_an_encrypted_openssh_key_signs_or_points_to_the_agent(
    requires: Callable[[str], str], tmp_path: Path
) -> None:
    requires("ssh-keygen")
    path = tmp_path / "id"
    keygen(path, "-t", "ed25519", "-N", "secret words")
    if importlib.util.find_spec("bcrypt"):
        signer = signers.load_signer(path, answering("secret words"))
        assert signer.factor == "ssh-passphrase"
        sshsig.verify(signer.sign(MESSAGE, NAMESPACE), MESSAGE, NAMESPACE)
        with pytest.raises(ConfigurationError, match="does not open the key"):
            signers.load_signer(path, answering("wrong"))
    else:
        with pytest.raises(ConfigurationError, match="bcrypt") as caught:
            signers.load_signer(path, nobody)
        assert f"`ssh-add -c {path}`" in caught.value.hint


@pytest.mark.parametrize(
    ("kind", "options"), [("ed25519", ()), ("ecdsa", ("-b", "384")), ("rsa", ("-b", "2048"))]
)
@pytest.mark.usefixtures("agent")
def test_a_key_whose_private_half_is_elsewhere_signs_in_the_agent(
    tmp_path: Path, kind: str, options: tuple[str, ...]
) -> None:
    path = tmp_path / "id"
    keygen(path, "-t", kind, *options, "-N", "")
    subprocess.run(["ssh-add", "-q", str(path)], check=True)
    by_name = signers.load_signer(tmp_path / "id.pub", nobody)
    path.unlink()
    for signer in (by_name, signers.load_signer(path, nobody)):
        assert signer.factor == "ssh-agent"
        signature = signer.sign(MESSAGE, NAMESPACE)
        assert sshsig.verify(signature, MESSAGE, NAMESPACE) == signers.public_line(path)


@pytest.mark.usefixtures("agent")
def test_a_key_that_the_agent_lacks_does_not_sign(tmp_path: Path) -> None:
    path = tmp_path / "id"
    signers.generate_key(path, "")
    signer = signers.load_signer(tmp_path / "id.pub", nobody)
    with pytest.raises(ConfigurationError, match="does not hold the key") as caught:
        signer.sign(MESSAGE, NAMESPACE)
    assert f"`ssh-add -c {path}`" in caught.value.hint


def test_without_an_agent_a_public_key_does_not_sign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signers.generate_key(tmp_path / "id", "")
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with pytest.raises(ConfigurationError, match="SSH_AUTH_SOCK"):
        signers.load_signer(tmp_path / "id.pub", nobody)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "gone"))
    signer = signers.load_signer(tmp_path / "id.pub", nobody)
    with pytest.raises(ConfigurationError, match="did not sign"):
        signer.sign(MESSAGE, NAMESPACE)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", ConfigurationError),
        (b"\0\0\0", ConfigurationError),
        (b"\0\0\0\0", ConfigurationError),
        (b"\0\0\0\1\5", ConfigurationError),
        (b"\xff\xff\xff\xff\x0e", ConfigurationError),
        (string(b"\x0e" + string(b"x") + b"y"), ConfigurationError),
        (string(b"\x0e" + string(b"")), SignatureError),
        (string(b"\x0e" + string(string(b"ssh-ed25519") + string(bytes(64)))), SignatureError),
    ],
)
def test_an_agent_that_answers_garbage_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes, error: type[Exception]
) -> None:
    monkeypatch.chdir(tmp_path)
    signers.generate_key(tmp_path / "id", "")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind("agent")
        server.listen(1)

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        monkeypatch.setenv("SSH_AUTH_SOCK", "agent")
        signer = signers.load_signer(tmp_path / "id.pub", nobody)
        with pytest.raises(error):
            signer.sign(MESSAGE, NAMESPACE)
        thread.join()


def container(magic: bytes, *fields: bytes) -> bytes:
    """Return the clear part of an OpenSSH private key file, without the key itself."""
    blob = magic + b"".join(map(string, (b"none", b"none", b""))) + uint32(1)
    text = base64.b64encode(blob + b"".join(map(string, fields)))
    begin, end = b"-----BEGIN OPENSSH PRIVATE KEY-----\n", b"\n-----END OPENSSH PRIVATE KEY-----\n"
    return begin + text + end


@pytest.mark.parametrize("name", ["id", "id.pub"])
def test_a_fido_key_goes_to_the_agent_and_says_that_it_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    raw = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    blob = string(b"sk-ssh-ed25519@openssh.com") + string(raw) + string(b"ssh:")
    line = sshsig.key_from_blob(blob)
    text = container(b"openssh-key-v1\0", blob) if name == "id" else f"{line} alice\n".encode()
    (tmp_path / name).write_bytes(text)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    signer = signers.load_signer(tmp_path / "id", nobody)
    assert (signer.line, signer.factor) == (line, "fido-up")


def pem(key: dsa.DSAPrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"my diary\n",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\n",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\n\xff\n-----END OPENSSH PRIVATE KEY-----\n",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        container(b"openssh-key-v2\0", b""),
        b"PuTTY-User-Key-File-3: ssh-ed25519\n",
    ],
)
def test_a_file_that_is_no_key_is_said_so(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "id"
    path.write_bytes(data)
    for read in (signers.public_line, lambda path: signers.load_signer(path, nobody)):
        with pytest.raises(ConfigurationError, match="cannot sign approvals"):
            read(path)


def test_a_key_of_a_kind_or_size_that_is_refused_does_not_load(tmp_path: Path) -> None:
    path = tmp_path / "id"
    for size in (1024, 2047):
        path.write_bytes(pem(rsa.generate_private_key(public_exponent=65537, key_size=size)))
        with pytest.raises(ConfigurationError, match=f"{size} bits"):
            signers.load_signer(path, nobody)
    path.write_bytes(pem(ec.generate_private_key(ec.SECP256K1())))
    with pytest.raises(ConfigurationError, match="curve"):
        signers.load_signer(path, nobody)
    path.write_bytes(pem(dsa.generate_private_key(key_size=2048)))
    with pytest.raises(ConfigurationError, match="only ed25519, ecdsa and rsa"):
        signers.load_signer(path, nobody)


def test_a_key_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read") as caught:
        signers.load_signer(tmp_path / "id", nobody)
    assert "ssh-keygen" in caught.value.hint
    assert [*tmp_path.iterdir()] == []
