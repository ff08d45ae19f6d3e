"""Read and make objects: blobs, trees, commits, merges. No checkout is touched here."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from attrs import define, field

from accord.core.ports import Entry, FileChange, Merge
from accord.errors import ConflictError
from accord.git.run import Git, GitError, command, environment

MISSING = "0" * 40
# A symbolic link's bytes are its target and a submodule has none, so neither is a file to approve.
REGULAR = ("100644", "100755")


@define
class Objects:
    """Reads many objects through one `git cat-file --batch`, started when first needed."""

    git: Git
    _reader: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def read(self, name: str) -> tuple[str, str, bytes] | None:
        """Return (id, type, bytes) of the object called `name` (`REV:PATH` too), or None."""
        if "\n" in name:
            return None
        if self._reader is None or self._reader.poll() is not None:
            self._reader = subprocess.Popen(
                [*command(), f"--git-dir={self.git.directory}", "cat-file", "--batch"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
            )
        pipe, source = self._reader.stdin, self._reader.stdout
        assert pipe is not None  # noqa: S101 -- both were opened above
        assert source is not None  # noqa: S101
        pipe.write(name.encode() + b"\n")
        pipe.flush()
        head = source.readline().decode(errors="replace").split()
        if len(head) != 3 or not head[2].isdigit():
            return None
        data = source.read(int(head[2]))
        source.read(1)
        return head[0], head[1], data

    def close(self) -> None:
        """End the reader."""
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
    raw = git.bytes("diff-tree", "-r", "-z", "--no-renames", "--raw", "--numstat", base, head)
    counts: dict[str, int] = {}
    entries: list[tuple[str, str, str]] = []
    parts = iter(raw.decode(errors="surrogateescape").split("\0"))
    for part in parts:
        if part.startswith(":"):
            _, mode, _, oid, _ = part[1:].split(" ")
            entries.append((next(parts), mode, oid))
        elif part.count("\t") == 2:
            added, deleted, path = part.split("\t")
            counts[path] = sum(int(one) for one in (added, deleted) if one.isdigit())
    return tuple(
        FileChange(path, mode, "" if oid.strip("0") == "" else oid, counts.get(path, 0))
        for path, mode, oid in entries
    )


def commit_files(
    git: Git, parent: str, files: Mapping[str, bytes | None], message: str, author: str
) -> str:
    """Return a new commit on `parent` with `files` written (None deletes); nothing else moves."""
    with scratch_index(git) as extra:
        git.bytes("read-tree", parent, extra=extra)
        lines = []
        for path, data in files.items():
            if data is None:
                lines.append(f"0 {MISSING}\t{path}")
            else:
                oid = git.text("hash-object", "-w", "--no-filters", "--stdin", feed=data)
                lines.append(f"100644 {oid}\t{path}")
        feed = "".join(line + "\0" for line in lines).encode(errors="surrogateescape")
        git.bytes("update-index", "-z", "--index-info", feed=feed, extra=extra)
        tree = git.text("write-tree", extra=extra)
    return commit_tree(git, tree, [parent], message, author)


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
        return Merge(git.text(*arguments).rstrip("\0"), ())
    except GitError as error:
        if error.status != 1:
            raise
    said = _conflicts(git, arguments)
    return Merge(said[0], tuple(sorted({path for path in said[1:] if path})))


def _conflicts(git: Git, arguments: Sequence[str]) -> list[str]:
    # merge-tree exits with 1 for a conflict and names the paths on stdout all the same.
    done = subprocess.run(
        [*command(), f"--git-dir={git.directory}", *arguments],
        capture_output=True,
        env=environment(),
        check=False,
    )
    return done.stdout.decode(errors="surrogateescape").split("\0")


def move_ref(git: Git, ref: str, new: str, old: str, reason: str) -> None:
    """Point `ref` at `new` if it still is `old` (empty: does not exist; `new` empty: delete).

    Raises ConflictError when it is somewhere else by now.
    """
    name = ref.removeprefix("refs/heads/")
    try:
        if new:
            git.bytes("update-ref", "-m", f"accord: {reason}", ref, new, old or MISSING)
        else:
            git.bytes("update-ref", "-d", ref, old)
    except GitError as error:
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
        yield {"GIT_INDEX_FILE": name}
    finally:
        path.unlink(missing_ok=True)
        Path(f"{name}.lock").unlink(missing_ok=True)
