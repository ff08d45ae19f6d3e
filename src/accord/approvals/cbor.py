"""As much of CBOR (RFC 8949) as a key in a FIDO device is told in; COSE keys: RFC 9053."""

from typing import TypeAlias

from accord.approvals import wire

Cbor: TypeAlias = int | bytes | dict[int, "Cbor"]

_BYTES, _MAP = 2, 5


def public_key(key: Cbor) -> tuple[bytes, tuple[bytes, ...]]:
    """Return the kind of SSH key that a COSE key is, and what stands for it in its blob.

    Raises ValueError for a key of a kind that is not accepted.
    """
    if isinstance(key, dict):
        x, y = key.get(-2), key.get(-3)
        ed25519 = (key.get(1), key.get(3), key.get(-1)) == (1, -8, 6)
        if ed25519 and isinstance(x, bytes):
            return b"sk-ssh-ed25519@openssh.com", (x,)
        p256 = (key.get(1), key.get(3), key.get(-1)) == (2, -7, 1)
        if p256 and isinstance(x, bytes) and isinstance(y, bytes):
            return b"sk-ecdsa-sha2-nistp256@openssh.com", (b"nistp256", b"\x04" + x + y)
        modulus = key.get(-1)
        if (key.get(1), key.get(3)) == (3, -257) and isinstance(modulus, bytes):
            if not isinstance(x, bytes):
                raise ValueError("it holds an RSA key without an exponent")
            numbers = (int.from_bytes(one, "big") for one in (x, modulus))
            return b"sk-rsa-sha2-256@accord.dev", tuple(wire.mpint(one)[4:] for one in numbers)
    raise ValueError("it holds a key of a kind that SSH has no name for")


def read(reader: wire.Reader) -> Cbor:
    """Return the next value of CBOR (RFC 8949) of the few kinds that are needed, not nested."""
    major, value = _head(reader)
    if major == _MAP:
        found: dict[int, Cbor] = {}
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
