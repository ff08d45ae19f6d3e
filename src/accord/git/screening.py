"""What is looked at in files before they are committed: sizes, secrets, names, bits."""

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from accord.core import secrets
from accord.core.ports import Entry, FileChange
from accord.errors import RefusedError
from accord.git.objects import Objects
from accord.git.run import Git

# What is larger is kept in the snapshot and not committed; what was larger already may grow.
LARGEST = 20 * 2**20
IN_ALL = 200 * 2**20
EXECUTABLE, PLAIN = "100755", "100644"
_WITH_BYTES = (EXECUTABLE, PLAIN, "120000")
BIT = "its new executable bit was left out; Touches has to name the file for it"


def screened(
    git: Git, base: Mapping[str, Entry], changes: Sequence[FileChange]
) -> Mapping[str, str]:
    """Map each of `changes` that may not be committed for what is in it to the reason.

    `base` is the whole tree before. Too large is a file above LARGEST, or what is above IN_ALL
    together; a secret counts only where no changed file held it before. A reason names the kind
    and the line of a secret, never the secret. Raises RefusedError for an object in the
    repository whose bytes are not those that its name stands for: somebody put it there.
    """
    found: dict[str, str] = {}
    objects = Objects(git)
    try:
        sizes = _sizes(git, [one.id for one in changes if one.mode in _WITH_BYTES])
        before = _Before(objects, [base[one.path].id for one in changes if one.path in base])
        total = 0
        for one in changes:
            if one.id not in sizes:
                continue
            total += sizes[one.id]
            if sizes[one.id] > LARGEST and not _was_large(git, base.get(one.path)):
                found[one.path] = f"it is larger than {LARGEST // 2**20} MiB"
            elif total > IN_ALL:
                found[one.path] = f"with it the change is larger than {IN_ALL // 2**20} MiB"
            elif sizes[one.id] <= LARGEST and (said := _secret(objects, one, before)):
                found[one.path] = said
            if one.path in found:
                total -= sizes[one.id]
    finally:
        objects.close()
    return found


def alike(base: Iterable[str], changes: Sequence[FileChange]) -> Mapping[str, str]:
    """Map each new path that some file systems take for another one to the reason.

    They fold case, and the two ways of writing an accented letter. Folders count like files.
    `changes` are those that are to be kept; of two that are alike the first in order stays.
    """
    known = set(base)
    new = [one for one in changes if one.id and one.path not in known]
    if not new:
        return {}
    staying = known - {one.path for one in changes if not one.id}
    taken = {_folded(above): above for above in {step for path in staying for step in _steps(path)}}
    found = {}
    for one in new:
        other = [taken[fold] for above in _steps(one.path)
                 if taken.get(fold := _folded(above), above) != above]  # fmt: skip
        if other:
            found[one.path] = f"some machines take its name for {other[0]!a}"
            continue
        for above in _steps(one.path):
            taken.setdefault(_folded(above), above)
    return found


def newly_executable(
    base: Mapping[str, Entry], changes: Sequence[FileChange], allowed: Sequence[str]
) -> tuple[FileChange, ...]:
    """Return the changes that make executable what was not, and was not declared by its path.

    A file that was executable may move, and a pattern without wildcards declares the bit.
    """
    ran = {entry.id for entry in base.values() if entry.mode == EXECUTABLE}
    named = {pattern.strip("/") for pattern in allowed}
    return tuple(
        one
        for one in changes
        if one.mode == EXECUTABLE and one.id not in ran and one.path not in named
        and not (one.path in base and base[one.path].mode == EXECUTABLE)
    )  # fmt: skip


class _Before:
    """The bytes of the changed files as they were, read when a secret has to be compared."""

    def __init__(self, objects: Objects, ids: Sequence[str]) -> None:
        self._objects, self._ids, self._texts = objects, ids, [""]

    def holds(self, value: str) -> bool:
        if self._ids:
            self._texts = [_text(self._objects.blob(one) or b"") for one in self._ids]
            self._ids = ()
        return any(value in text for text in self._texts)


def _secret(objects: Objects, change: FileChange, before: _Before) -> str:
    for one in secrets.find(change.path):
        return f"its name holds what looks like a secret ({one.kind})"
    data = _honest(objects, change.id)
    text = _text(data)
    found = [one for one in secrets.find(text) if not before.holds(text[one.start : one.end])]
    if not found:
        return ""
    line = text.count("\n", 0, found[0].start) + 1
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    return f"its line {line} holds what looks like a secret ({found[0].kind}){more}"


def _honest(objects: Objects, oid: str) -> bytes:
    """Return the bytes of a blob. Git checks a name when it writes, not when it reads."""
    data = objects.blob(oid)
    if data is not None:
        make = hashlib.sha1 if len(oid) == 40 else hashlib.sha256
        digest = make(b"blob %d\0" % len(data), usedforsecurity=False)
        digest.update(data)
        if digest.hexdigest() == oid:
            return data
    raise RefusedError(
        f"the object {oid[:12]} in the repository is not what its name says", hint="git fsck"
    )


def _text(data: bytes) -> str:
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    return data.decode("utf-16" if wide else "utf-8", errors="replace")


def _sizes(git: Git, ids: Sequence[str]) -> dict[str, int]:
    feed = "".join(f"{one}\n" for one in ids).encode()
    said = git.bytes("cat-file", "--batch-check=%(objectname) %(objectsize)", feed=feed)
    rows = (line.split(" ") for line in said.decode().splitlines())
    return {oid: int(size) for oid, size in rows if size.isdigit()}


def _was_large(git: Git, entry: Entry | None) -> bool:
    if entry is None or entry.mode not in _WITH_BYTES:
        return False
    return _sizes(git, [entry.id]).get(entry.id, 0) > LARGEST


def _steps(path: str) -> list[str]:
    return [path, *map(str, PurePosixPath(path).parents[:-1])]


def _folded(path: str) -> str:
    if path.isascii():
        return path.lower()
    # One letter for one letter: file systems do not take `ss` for `ß`.
    plain = unicodedata.normalize("NFD", path)
    return "".join(fold if len(fold := one.casefold()) == 1 else one for one in plain)
