"""Keys as they go into the trust file: bare, with what is known of them and asked of them."""

from attrs import frozen

from accord.approvals import attestation, sshsig
from accord.core.approval import ATTESTED, VERIFY_REQUIRED
from accord.errors import ConfigurationError


@frozen
class Device:
    """The proof that a key is in a device: two files of `ssh-keygen`, and its maker's certificates.

    The version says that it was looked at, and whoever signs the version vouches for that.
    """

    attestation: bytes
    challenge: bytes
    roots: bytes


def bare(line: str) -> str:
    """Return a key without its comment. Raises ConfigurationError for what is none."""
    try:
        return sshsig.canonical_key(line)
    except sshsig.SignatureError as error:
        raise ConfigurationError(error.message.rstrip("."), hint="name a .pub file") from error


def marks(key: str, device: Device | None, *, verify_required: bool) -> dict[str, tuple[str, ...]]:
    """Return what is to be written beside a FIDO key.

    Raises ConfigurationError for another kind of key, AttestationError for a device without proof.
    """
    if device is not None:
        attestation.verify(device.attestation, device.challenge, key, device.roots)
    if verify_required and not key.startswith("sk-"):
        raise ConfigurationError(
            "only a FIDO key can ask for a PIN or a finger", hint="leave --verify-required out"
        )
    found = {ATTESTED: device is not None, VERIFY_REQUIRED: verify_required}
    given = tuple(name for name, known in found.items() if known)
    return {key: given} if given else {}
