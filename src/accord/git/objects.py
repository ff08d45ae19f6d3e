"""Read and make objects: blobs, trees, commits, merges. No checkout is touched here."""

import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from attrs import define, field

from accord.core.keeping import Merge
from accord.core.ports import Entry, FileChange
from accord.errors import ConfigurationError, ConflictError, RefusedError
from accord.git.run import WHOLE, Git, GitError, command, environment, group, lasting
from accord.git.stale import outwaited

MISSING = "0" * 40
# A symbolic link's bytes are its target and a submodule has none, so neither is a file to approve.
REGULAR = ("100644", "100755")


@define
class Objects:
    """Reads many objects through one `git cat-file --batch`, started when first needed."""

    git: Git
    _reader: subprocess.Popen[bytes] | None = field(default=None, init=False)
    # Questions and answers share one pipe, so threads take turns.
    _turn: threading.Lock = field(factory=threading.Lock, init=False, eq=False, repr=False)

    def read(self, name: str) -> tuple[str, str, bytes] | None:
        """Return (id, type, bytes) of the object called `name` (`REV:PATH` too), or None.

        Raises GitError when the reader died; that is not the same as None.
        """
        if "\n" in name:
            return None
        with self._turn:
            return self._read(name)

    def _read(self, name: str) -> tuple[str, str, bytes] | None:
        if self._reader is not None and self._reader.poll() is not None:
            self._end()
        if self._reader is None:
            self._reader = subprocess.Popen(
                [*command(), f"--git-dir={self.git.directory}", "cat-file", "--batch"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
                process_group=0,  # it is everybody's, also after Ctrl-C
            )
        pipe, source = self._reader.stdin, self._reader.stdout
        assert pipe is not None  # noqa: S101 -- both were opened above
        assert source is not None  # noqa: S101
        try:
            pipe.write(name.encode(errors="surrogateescape") + b"\n")
            pipe.flush()
        except BrokenPipeError as error:
            raise GitError(("cat-file",), 1, "it ended before it was asked") from error
        line = source.readline()
        head = line.decode(errors="replace").split()
        if line and (len(head) != 3 or not head[2].isdigit()):
            return None
        data = source.read(int(head[2]) + 1) if line else b""
        if not line or len(data) != int(head[2]) + 1:
            raise GitError(("cat-file",), 1, "it ended in the middle of an answer")
        data = data[:-1]
        return head[0], head[1], data

    def close(self) -> None:
        """End the reader."""
        with self._turn:
            self._end()

    def _end(self) -> None:
        if self._reader is not None:
            self._reader.communicate()
            self._reader = None

    def blob(self, name: str) -> bytes | None:
        """Return the bytes of the file called `name`, or None when it is no file."""
        found = self.read(name)
        return found[2] if found and found[1] == "blob" else None

    def tree(self, name: str) -> dict[str, Entry]:
        """Return the entries of the folder called `name`, one level; empty when there is none."""
        found = self.read(name)
        if not found or found[1] != "tree":
            return {}
        entries, data, at = {}, found[2], 0
        width = len(found[0]) // 2
        while at < len(data):
            space, end = data.index(b" ", at), data.index(b"\0", at)
            mode = data[at:space].decode().zfill(6)
            path = data[space + 1 : end].decode(errors="surrogateescape")
            at = end + 1 + width
            entries[path] = Entry(mode, data[end + 1 : at].hex())
        return entries

    def files(self, name: str, prefix: str = "") -> dict[str, Entry]:
        """Return every regular file below the folder called `name`, as paths below it."""
        found: dict[str, Entry] = {}
        for path, entry in self.tree(name).items():
            if entry.mode == "040000":
                found |= self.files(entry.id, f"{prefix}{path}/")
            else:
                found[prefix + path] = entry
        return found


def changed(git: Git, base: str, head: str) -> tuple[FileChange, ...]:
    """Return the files that differ between two commits or trees, with the lines that moved."""
    words = ("diff-tree", "-r", "-z", "--no-renames", "--raw", "--numstat", base, head)
    raw = lasting(git, *words, about=(base, head))
    counts: dict[str, int] = {}
    entries: list[tuple[str, str, str]] = []
    parts = iter(raw.decode(errors="surrogateescape").split("\0"))
    for part in parts:
        if part.startswith(":"):
            _, mode, _, oid, _ = part[1:].split(" ")
            entries.append((next(parts), mode, oid))
        elif part:
            added, deleted, path = part.split("\t", 2)
            counts[path] = sum(int(one) for one in (added, deleted) if one.isdigit())
    return tuple(
        FileChange(path, mode, "" if oid.strip("0") == "" else oid, counts.get(path, 0))
        for path, mode, oid in entries
    )


def commit_files(
    git: Git, parent: str, files: Mapping[str, bytes | None], message: str, author: str
) -> str:
    """Return a new commit on `parent` with `files` written (None deletes); nothing else moves.

    A file that is executable stays so. Raises ConfigurationError where a path is, or lies below,
    what is a folder or a file in `parent`: git would drop the one for the other in silence.
    """
    there = listing(git, parent)
    staying = {path for path in there if files.get(path, b"") is not None}
    written = {path for path, data in files.items() if data is not None}
    for path in written:
        above = {str(one) for one in PurePosixPath(path).parents}
        if above & (staying | written) or any(one.startswith(f"{path}/") for one in staying):
            raise ConfigurationError(f"{path} cannot be both a file and a folder", hint="move one")
    entries: dict[str, Entry | None] = {}
    for path, data in files.items():
        mode = there[path].mode if path in there and there[path].mode in REGULAR else REGULAR[0]
        entries[path] = None if data is None else Entry(mode, store(git, data))
    with scratch_index(git) as extra:
        git.bytes("read-tree", parent, extra=extra)
        write_entries(git, entries, extra)
        tree = git.text("write-tree", extra=extra)
    for path in written - set(listing(git, tree)):  # git leaves out what it takes for no path
        raise ConfigurationError(f"{path!r} is not a path that git keeps", hint="rename it")
    return commit_tree(git, tree, [parent], message, author)


def listing(git: Git, commit: str) -> dict[str, Entry]:
    """Map every path of `commit`, links and submodules too, to its mode and id."""
    said = git.bytes("ls-tree", "-r", "-z", "--full-tree", commit)
    found = {}
    for line in said.decode(errors="surrogateescape").split("\0"):
        if line:
            facts, _, path = line.partition("\t")
            mode, _, oid = facts.split(" ")
            found[path] = Entry(mode, oid)
    return found


def store(git: Git, data: bytes) -> str:
    """Keep `data` as a blob, byte for byte, and return its id."""
    return git.text("hash-object", "-w", "--no-filters", "--stdin", feed=data)


def write_entries(git: Git, entries: Mapping[str, Entry | None], extra: Mapping[str, str]) -> None:
    """Write `entries` into the index of `extra`; None removes. All removals come first."""
    lines = [f"0 {MISSING}\t{path}\0" for path, entry in entries.items() if entry is None]
    lines += [f"{one.mode} {one.id}\t{path}\0" for path, one in entries.items() if one]
    feed = "".join(lines).encode(errors="surrogateescape")
    git.bytes("update-index", "-z", "--index-info", feed=feed, extra=extra)


def commit_tree(git: Git, tree: str, parents: Sequence[str], message: str, author: str) -> str:
    """Return a new commit of `tree`; `author` is `Name <email>`."""
    name, _, email = author.rstrip(">").partition(" <")
    who = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", name), ("EMAIL", email or "accord@localhost"))
    }
    arguments = [word for parent in parents for word in ("-p", parent)]
    return git.text("commit-tree", tree, *arguments, feed=message.encode(), extra=who)


def merge(git: Git, ours: str, theirs: str) -> Merge:
    """Merge two commits in the object store. Conflicting paths are named; nothing is dropped."""
    arguments = ("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs)
    try:
        return Merge(git.text(*arguments).rstrip("\0"))
    except GitError as error:
        if error.status != 1:
            raise
    said = _conflicts(git, arguments)
    if not said[0]:  # nor does it tell a conflict from what is no commit
        raise GitError(arguments, 1, f"{ours} or {theirs} is not a commit")
    return Merge(said[0], tuple(sorted({path for path in said[1:] if path})))


def _conflicts(git: Git, arguments: Sequence[str]) -> list[str]:
    # merge-tree exits with 1 for a conflict and names the paths on stdout all the same.
    done = subprocess.run(
        [*command(), f"--git-dir={git.directory}", *arguments],
        capture_output=True,
        env=environment(),
        process_group=group(),
        check=False,
    )
    return done.stdout.decode(errors="surrogateescape").split("\0")


def move_ref(git: Git, ref: str, new: str, old: str, reason: str) -> None:
    """Point `ref` at `new` if it still is `old` (empty: does not exist; `new` empty: delete).

    Raises ConflictError when it is somewhere else by now, and RefusedError when git could not
    write it (a full disk, missing rights).
    """
    name = ref.removeprefix("refs/heads/")
    words = ("-m", f"accord: {reason}", ref, new, old or MISSING) if new else ("-d", ref, old)
    try:
        try:
            git.bytes("update-ref", *words)
        except GitError as error:
            if not outwaited(git, error.said):
                raise
            git.bytes("update-ref", *words)
    except GitError as error:
        if git.text("for-each-ref", "--format=%(objectname)", ref) == old:
            raise RefusedError(
                f"{name} could not be written: {error.first}",
                hint="free space or rights, then retry",
            ) from error
        raise ConflictError(
            f"{name} moved while this was being done", hint="run the command again"
        ) from error


@contextmanager
def scratch_index(git: Git) -> Iterator[dict[str, str]]:
    """Yield the environment for an index of its own, gone afterwards."""
    folder = git.directory / "accord"
    folder.mkdir(exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix="index-")
    os.close(handle)
    path = Path(name)
    path.unlink()  # git wants to make it itself
    try:
        yield {**WHOLE, "GIT_INDEX_FILE": name}
    finally:
        path.unlink(missing_ok=True)
        Path(f"{name}.lock").unlink(missing_ok=True)
