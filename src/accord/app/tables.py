"""Reading the tables of the configuration; every fault names the key that it is in."""

import re
from collections.abc import Mapping
from typing import Any, TypeGuard

from accord.errors import ConfigurationError

PATH = ".accord/config.toml"
_UNITS = {"MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?) ?(MB|GB|TB)")


def known(table: Mapping[str, object], keys: tuple[str, ...], prefix: str) -> None:
    """Raise ConfigurationError for a key of `table` that is not among `keys`."""
    for key in table:
        if key not in keys:
            raise ConfigurationError(
                f"{PATH}: there is no key {prefix}{key}", hint=f"known here: {', '.join(keys)}"
            )


def is_table(value: object) -> TypeGuard[dict[str, Any]]:
    """Tell whether `value` is a table."""
    return isinstance(value, dict)


def table(raw: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return the table `key`, empty where there is none. Raises ConfigurationError."""
    value = raw.get(key, {})
    if not is_table(value):
        raise ConfigurationError(f"{PATH}: {key} must be a table")
    return value


def text(table: Mapping[str, object], key: str, default: str) -> str:
    """Return the text at `key`. Raises ConfigurationError."""
    value = table.get(key, default)
    if not isinstance(value, str):
        raise ConfigurationError(f"{PATH}: {key} must be text in quotes")
    return value


def number(table: Mapping[str, object], key: str, default: int) -> int:
    """Return the whole number above 0 at `key`. Raises ConfigurationError."""
    value = table.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigurationError(f"{PATH}: {key} must be a whole number above 0")
    return value


def flag(table: Mapping[str, object], key: str) -> bool:
    """Return the truth at `key`, false without one. Raises ConfigurationError."""
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise ConfigurationError(f"{PATH}: {key} must be true or false")
    return value


def dollars(table: Mapping[str, object], key: str) -> int:
    """Return the amount at `key` in millionths of a dollar, 0 without one.

    Raises ConfigurationError for anything but a number above 0.
    """
    value = table.get(key)
    if value is None:
        return 0
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 1e9:
        raise ConfigurationError(f"{PATH}: {key} must be an amount of dollars above 0")
    return max(1, round(value * 1_000_000))


def size(table: Mapping[str, object], key: str) -> int:
    """Return the bytes at `key`, written as `"20 GB"`; 0 without one. Raises ConfigurationError."""
    value = table.get(key)
    if value is None:
        return 0
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if found is None or not (count := round(float(found[1]) * _UNITS[found[2]])):
        raise ConfigurationError(f"{PATH}: {key} must be a size", hint='such as "20 GB"')
    return count


def texts(table: Mapping[str, object], key: str, default: tuple[str, ...]) -> tuple[str, ...]:
    """Return the list of texts at `key`. Raises ConfigurationError."""
    value = table.get(key, list(default))
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ConfigurationError(f"{PATH}: {key} must be a list of texts")
    return tuple(value)
