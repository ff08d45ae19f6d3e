"""The binary encoding that SSH keys, signatures and the agent share (RFC 4251, section 5)."""


class WireError(ValueError):
    """Raised when bytes end too early, go on too long, or hold a number in a loose form."""


class Reader:
    """Takes values off the front of `data`, one after the other, and never reads past its end."""

    def __init__(self, data: bytes) -> None:
        """Start at the first byte of `data`."""
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes. Raises WireError when there are fewer."""
        end = self._at + count
        if end > len(self._data):
            raise WireError(f"it ends after {len(self._data)} bytes, where {end} are needed")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def byte(self) -> int:
        """Return the next byte as a number."""
        return self.take(1)[0]

    def uint32(self) -> int:
        """Return the next four bytes as a big-endian number."""
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        """Return the next length-prefixed run of bytes."""
        return self.take(self.uint32())

    def mpint(self) -> int:
        """Return the next multiple-precision integer, which must be positive and minimal.

        Loose forms are refused because they would give one key several spellings.
        """
        digits = self.string()
        value = int.from_bytes(digits, "big", signed=True)
        if value <= 0 or string(digits) != mpint(value):
            raise WireError("it holds a number that is not positive or not in its shortest form")
        return value

    def end(self) -> None:
        """Raise WireError unless every byte has been read."""
        rest = len(self._data) - self._at
        if rest:
            raise WireError(f"{rest} bytes trail after byte {self._at}")


def uint32(value: int) -> bytes:
    """Return `value` as four big-endian bytes."""
    return value.to_bytes(4, "big")


def string(data: bytes) -> bytes:
    """Return `data` with its length in front."""
    return uint32(len(data)) + data


def mpint(value: int) -> bytes:
    """Return the positive `value` as a length-prefixed multiple-precision integer."""
    return string(value.to_bytes(value.bit_length() // 8 + 1, "big"))
