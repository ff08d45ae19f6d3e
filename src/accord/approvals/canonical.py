"""The one spelling of a JSON document: what is signed must have no second reading.

ASCII, keys sorted, no spaces, no floats, no key twice, one line feed at the end.
"""

import json
import re
from collections.abc import Collection

from accord.core.approval import Json

LIMIT = 2**20
DEPTH = 32
INTEGER = 2**53  # other readers of JSON hold numbers as doubles
SHA256 = re.compile(r"[0-9a-f]{64}")
WORD = re.compile(r".+", re.DOTALL)
PROJECT = re.compile(r"[0-9a-f]{32}")  # it names files on the machines of the people


class CanonicalError(ValueError):
    """Raised when bytes are not the canonical form of what is asked; the message says where."""


def dump(value: Json) -> bytes:
    """Return the canonical bytes of `value`. Raises CanonicalError when it has none."""
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (RecursionError, TypeError, ValueError) as error:
        raise CanonicalError("it cannot be written as JSON") from error
    return text.encode("ascii") + b"\n"


def load(data: bytes) -> Json:
    """Return the value of canonical bytes. Raises CanonicalError for any other spelling."""
    if len(data) > LIMIT:
        raise CanonicalError(f"it has {len(data)} bytes, more than {LIMIT}")
    if (at := data.find(b"\r")) >= 0:
        raise CanonicalError(f"byte {at} is a carriage return")
    try:
        text = data.decode("ascii")
        value: Json = json.loads(
            text, object_pairs_hook=_object, parse_float=_no_float, parse_constant=_no_float
        )
        _check(value)
        json.dumps(value, ensure_ascii=False).encode()
    except CanonicalError:
        raise
    except UnicodeDecodeError as error:
        raise CanonicalError(f"byte {error.start} is not ASCII") from error
    except UnicodeEncodeError as error:
        raise CanonicalError("it holds half of a surrogate pair") from error
    except json.JSONDecodeError as error:
        raise CanonicalError(f"it is not JSON from byte {error.pos} on") from error
    except (RecursionError, ValueError) as error:
        raise CanonicalError("it is nested too deeply or holds too large a number") from error
    expected = dump(value)
    if expected != data:
        pairs = enumerate(zip(data, expected, strict=False))
        at = next((at for at, (a, b) in pairs if a != b), min(len(data), len(expected)))
        raise CanonicalError(f"byte {at} is not as the canonical form has it")
    return value


def shown(text: str) -> str:
    """Return hostile `text` quoted, in ASCII and cut, so that it can stand in a message."""
    return ascii(text if len(text) <= 64 else text[:64] + "...")


class Fields:
    """One JSON object with exactly the fields that it should have, read by their types.

    Every method raises CanonicalError, naming the field, when the value is of another type.
    """

    def __init__(
        self, value: Json, where: str, names: Collection[str], optional: Collection[str] = ()
    ) -> None:
        """Take `value`, which must be an object with the fields `names` and may have `optional`."""
        if not isinstance(value, dict):
            raise CanonicalError(f"{shown(where) if where else 'it'} is not an object")
        self._value = value
        self._prefix = f"{where}." if where else ""
        for name in sorted(names):
            if name not in value:
                raise self.error(name, "there")
        for name in sorted(value):
            if name not in names and name not in optional:
                raise self.error(name, "known")

    def has(self, name: str) -> bool:
        """Tell whether the object has the optional field `name`."""
        return name in self._value

    def yes(self, name: str) -> bool:
        """Return whether the optional field is there; it can only be true."""
        if self.has(name) and self._value[name] is not True:
            raise self.error(name, "true")
        return self.has(name)

    def error(self, name: str, what: str) -> CanonicalError:
        """Return the error that says that the field `name` is not `what`."""
        return CanonicalError(f"the field {shown(self._prefix + name)} is not {what}")

    def json(self, name: str) -> Json:
        """Return the field as it is."""
        return self._value[name]

    def text(self, name: str, pattern: re.Pattern[str] | None = None) -> str:
        """Return the field as a string that `pattern` matches as a whole."""
        value = self._value[name]
        if not isinstance(value, str):
            raise self.error(name, "a string")
        if pattern and not pattern.fullmatch(value):
            raise self.error(name, "of the right form")
        return value

    def optional(self, name: str, pattern: re.Pattern[str] | None = None) -> str | None:
        """Return the field as a string, or None where it is null."""
        return None if self._value[name] is None else self.text(name, pattern)

    def integer(self, name: str, least: int) -> int:
        """Return the field as a whole number that is not under `least`."""
        value = self._value[name]
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.error(name, f"a whole number from {least} on")
        return value

    def constant(self, name: str, expected: str) -> None:
        """Refuse the field unless it is the string `expected`."""
        if self._value[name] != expected:
            raise self.error(name, shown(expected))

    def array(self, name: str) -> list[Json]:
        """Return the field as a list."""
        value = self._value[name]
        if not isinstance(value, list):
            raise self.error(name, "a list")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the field as strings, none of them empty or there twice."""
        found = tuple(item for item in self.array(name) if isinstance(item, str) and item)
        if len(set(found)) != len(self.array(name)):
            raise self.error(name, "a list of different, non-empty strings")
        return found

    def table(self, name: str) -> dict[str, Json]:
        """Return the field as an object with free keys, none of them empty."""
        value = self._value[name]
        if not isinstance(value, dict) or "" in value:
            raise self.error(name, "an object with names")
        return value


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    seen: dict[str, Json] = {}
    for key, value in pairs:
        if key in seen:
            raise CanonicalError(f"the key {shown(key)} is there twice")
        seen[key] = value
    return seen


def _no_float(text: str) -> Json:
    raise CanonicalError(f"the number {shown(text)} is not a whole one")


def _check(value: Json) -> None:
    """Refuse deep nesting and large numbers, without recursion so that depth does no harm."""
    level, depth = [value], 0
    while level:
        if depth > DEPTH:
            raise CanonicalError(f"it is nested deeper than {DEPTH} levels")
        if any(isinstance(item, int) and abs(item) >= INTEGER for item in level):
            raise CanonicalError(f"it holds a number of {INTEGER} or more")
        level = [child for item in level for child in _children(item)]
        depth += 1


def _children(value: Json) -> list[Json]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
