"""The version of a project, as its files say it, and whether it has come to another one.

Only what all of PEP 440 (https://peps.python.org/pep-0440/) and Semantic Versioning
(https://semver.org) agree on is looked at: numbers, and that what comes before a release
(`2.0rc1`, `2.0.0-beta.1`) is earlier than it.
"""

import json
import re
import tomllib

FILES = ("pyproject.toml", "package.json", "Cargo.toml")

_VERSION = re.compile(r"[vV]?(\d{1,9}(?:\.\d{1,9}){0,5})((?:[-+._]?[0-9A-Za-z]+)*)")
_LATER = re.compile(r"[-._]?post|\+", re.IGNORECASE)
_PLACES = (("project",), ("tool", "poetry"), ("package",))

Key = tuple[tuple[int, ...], bool, tuple[tuple[int, str], ...]]


def key(text: str) -> Key | None:
    """Return what versions are ordered by, or None for a text that is none."""
    found = _VERSION.fullmatch(text.strip())
    if found is None:
        return None
    numbers = [int(one) for one in found[1].split(".")]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    rest = found[2]
    released = not rest or _LATER.match(rest) is not None
    parts = re.findall(r"\d+|[a-z]+", "" if released else rest.lower())
    return tuple(numbers), released, tuple(
        (int(one), "") if one.isdigit() else (-1, one) for one in parts
    )  # fmt: skip


def reached(now: str, until: str) -> bool:
    """Tell whether the version `now` is `until` or later; of a text that is none it is not."""
    one, other = key(now), key(until)
    return one is not None and other is not None and one >= other


def declared(path: str, data: bytes) -> str:
    """Return the version that one of FILES says, or '' where it says none."""
    try:
        text = data.decode()
        found = json.loads(text) if path.endswith(".json") else tomllib.loads(text)
    except (ValueError, RecursionError):
        return ""
    if path.endswith(".json"):
        return _version(found)
    for place in _PLACES:
        table = found
        for name in place:
            table = table.get(name) if isinstance(table, dict) else None
        if said := _version(table):
            return said
    return ""


def _version(table: object) -> str:
    said = table.get("version") if isinstance(table, dict) else None
    return said if isinstance(said, str) and key(said) else ""


def newest(names: list[str]) -> str:
    """Return the latest of the tags `names` that is a version, without its `v`; '' for none."""
    known = [(found, one) for one in names if (found := key(one.rpartition("/")[2]))]
    return max(known)[1].rpartition("/")[2].lstrip("vV") if known else ""
