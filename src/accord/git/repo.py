"""The repository as the rest of Accord sees it: the port `Repo`, answered by real git."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import define, field

from accord.core.cones import WHOLE, Kind, Want
from accord.core.keeping import Merge
from accord.core.ports import Entry, FileChange, Harvest
from accord.errors import ConflictError, RefusedError
from accord.git import following, merges, objects, overlays, placing, sparse, worktrees
from accord.git import harvest as harvesting
from accord.git.objects import Objects
from accord.git.reaping import Room
from accord.git.run import Git, lasting

PATHS = 500  # in one call of git, whose arguments the system limits
FOLDER = "040000"


@define
class GitRepo:
    """One repository; `state` is Accord's folder for it, outside every checkout.

    `quota` is the most bytes that the worktrees there may take; 0 sets no limit. `kind` is how
    they come to their files, and `include` the folders that a sparse one has in any case.
    """

    git: Git
    state: Path
    quota: int = 0
    kind: Kind = Kind.AUTO
    include: tuple[str, ...] = ()
    objects: Objects = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.objects = Objects(self.git)

    def refs(self, prefix: str) -> dict[str, str]:
        """Map each ref below `prefix` to the commit that it points at."""
        said = self.git.text("for-each-ref", "--format=%(refname) %(objectname)", prefix)
        return dict(line.split(" ", 1) for line in said.splitlines())

    def resolve(self, name: str) -> str:
        """Return the id of the commit called `name`, or an empty string."""
        found = self.objects.read(f"{name}^{{commit}}")
        return found[0] if found else ""

    def read(self, commit: str, path: str) -> bytes | None:
        """Return the bytes of `path` in `commit`, or None."""
        return self.objects.blob(f"{commit}:{path}")

    def blob(self, oid: str) -> bytes:
        """Return the bytes of the blob `oid`; empty when there is none."""
        return self.objects.blob(oid) or b""

    def folder(self, commit: str, path: str) -> dict[str, Entry]:
        """Return every file below the folder `path` of `commit`, as paths below it."""
        return self.objects.files(f"{commit}:{path}")

    def names(self, commit: str, path: str) -> tuple[str, ...]:
        """Return the names of what is in the folder `path` of `commit`, one level."""
        return tuple(self.objects.tree(f"{commit}:{path}"))

    def entry(self, commit: str, path: str) -> Entry | None:
        """Return the mode and id of the file `path` of `commit`, or None."""
        folder, _, name = path.rpartition("/")
        found = self.objects.tree(f"{commit}:{folder}").get(name)
        return None if found is None or found.mode == FOLDER else found

    def tree(self, commit: str) -> str:
        """Return the id of the tree of `commit`."""
        found = self.objects.read(f"{commit}^{{tree}}")
        return found[0] if found else ""

    def fork(self, one: str, other: str) -> str:
        """Return the commit where two commits parted."""
        pair = (self.resolve(one) or one, self.resolve(other) or other)
        return lasting(self.git, "merge-base", *pair, about=pair).decode().strip()

    def contains(self, commit: str, ancestor: str) -> bool:
        """Tell whether `ancestor` is part of the history of `commit`."""
        return self.git.succeeds("merge-base", "--is-ancestor", ancestor, commit)

    def changed(self, base: str, head: str) -> tuple[FileChange, ...]:
        """Return the files that differ between two commits."""
        return objects.changed(self.git, base, head)

    def trailers(self, base: str, head: str, name: str) -> tuple[str, ...]:
        """Return the values of the trailer `name` in the commits after `base` up to `head`."""
        form = f"--format=%(trailers:key={name},valueonly,unfold)"
        said = lasting(self.git, "log", form, f"{base}..{head}", "--", about=(base, head))
        lines = said.decode(errors="replace").splitlines()
        return tuple(line.strip() for line in lines if line.strip())

    def marked(self, base: str, head: str, name: str) -> tuple[tuple[str, str], ...]:
        """Return (commit, value) for each trailer `name` after `base`, the oldest first."""
        form = f"--format=%H %(trailers:key={name},valueonly,unfold,separator=%x00)"
        said = self.git.text("log", "--topo-order", "--reverse", form, f"{base}..{head}", "--")
        rows = (line.partition(" ") for line in said.splitlines())
        return tuple(
            (commit, value.strip())
            for commit, _, values in rows
            for value in values.split("\0")
            if value.strip()
        )

    def touching(self, head: str, path: str, limit: int) -> tuple[tuple[str, str], ...]:
        """Return (commit, author) of the last `limit` commits up to `head` that changed `path`."""
        said = self.git.text("log", f"-{limit}", "--no-merges", "--format=%H %an", head, "--", path)
        rows = (line.partition(" ") for line in said.splitlines())
        return tuple((commit, author) for commit, _, author in rows)

    def messages(self, head: str, limit: int) -> tuple[tuple[str, str], ...]:
        """Return (commit, message) of the last `limit` commits up to `head` that are no merges."""
        said = self.git.bytes("log", "-z", f"-{limit}", "--no-merges", "--format=%H %B", head, "--")
        rows = (one.partition(" ") for one in said.decode(errors="replace").split("\0") if one)
        return tuple((commit, message) for commit, _, message in rows)

    def tags(self, commit: str) -> tuple[str, ...]:
        """Return the names of the tags in the history of `commit`."""
        form = "--format=%(refname:lstrip=2)"
        return tuple(
            self.git.text("for-each-ref", form, f"--merged={commit}", "refs/tags/").split()
        )

    def began(self, head: str, path: str) -> str:
        """Return the commit of the first parents up to `head` that first had `path`, or ''."""
        said = self.git.text(
            "log", "--first-parent", "-m", "--diff-filter=A", "--format=%H", head, "--", path
        )
        return said.splitlines()[-1] if said else ""

    def altered(self, base: str, refs: Sequence[str], path: str) -> tuple[tuple[str, str], ...]:
        """Return (path, commit) for each file below `path` that history changed or removed.

        A merge is held against each of its parents: what one side added, it may not lose.
        """
        said = lasting(
            self.git, "log", "-z", "-m", "--full-history", "--no-renames", "--diff-filter=MDT",
            "--raw", "--format=%h", *refs, f"^{base}", "--", path, about=(base, *refs),
        )  # fmt: skip
        found, commit = [], ""
        words = iter(said.decode(errors="surrogateescape").split("\0"))
        for word in words:
            if word.lstrip("\n").startswith(":"):
                found.append((next(words), commit))
            else:
                commit = word.strip() or commit
        return tuple(found)

    def authors(self, base: str, head: str, *paths: str) -> tuple[str, ...]:
        """Return the names of those who wrote any of `paths` after `base`, each once.

        Whoever only merged wrote nothing; whoever changed a file in a merge did.
        """
        names: set[str] = set()
        for at in range(0, len(paths), PATHS):
            some = paths[at : at + PATHS]
            said = self.git.bytes(
                "log", "-c", "--name-only", "--format=%x00%an", f"{base}..{head}", "--", *some
            )
            for commit in said.decode(errors="surrogateescape").split("\0"):
                name, _, files = commit.partition("\n")
                names |= {name} if name and files.strip() else set()
        return tuple(sorted(names))

    def introduced(self, base: str, head: str, path: str) -> str:
        """Return the commit after `base` up to `head` that added `path`, or an empty string.

        Without a base the whole history of `head` is looked at.
        """
        span = f"{base}..{head}" if base else head
        said = self.git.text("log", "--diff-filter=A", "--format=%H", span, "--", path)
        return said.splitlines()[-1] if said else ""

    def commit(
        self, parent: str, files: Mapping[str, bytes | None], message: str, author: str
    ) -> str:
        """Return a new commit on `parent` with `files` written; None deletes."""
        return objects.commit_files(self.git, parent, files, message, author)

    def merge(self, ours: str, theirs: str, union: Sequence[str] = ()) -> Merge:
        """Merge two commits without touching a checkout; both sides are taken in `union` paths."""
        return merges.merge(self.git, ours, theirs, union)

    def join(self, tree: str, parents: Sequence[str], message: str, author: str) -> str:
        """Return a new commit of `tree` with `parents`."""
        return objects.commit_tree(self.git, tree, parents, message, author)

    def move(self, ref: str, new: str, old: str, reason: str) -> None:
        """Move `ref` from `old` to `new`, and the checkout where it is checked out with it.

        Raises RefusedError when that checkout has edits in the way, ConflictError when the ref
        is somewhere else by now; in both cases nothing is touched.
        """
        folder = following.checkouts(self.git).get(ref)
        if folder is None or not old:
            objects.move_ref(self.git, ref, new, old, reason)
            return
        name = ref.removeprefix("refs/heads/")
        if not new:
            raise RefusedError(f"{name} is checked out in {folder}", hint="git switch there")
        if self.resolve(ref) != old:
            raise ConflictError(
                f"{name} moved while this was being done", hint="run the command again"
            )
        following.refresh(self.git, folder)
        dirty = following.dirt(self.git, folder)
        touched = {change.path for change in self.changed(old, new)}
        in_the_way = [path for path in dirty if path in touched]
        said = following.follow(self.git, folder, old, new, rehearse=True)
        if in_the_way or said:
            what = ", ".join(in_the_way[:5]) or said
            raise RefusedError(
                f"{name} is checked out in {folder} with edits: {what}",
                hint="commit or stash them there, then run the command again",
            )
        objects.move_ref(self.git, ref, new, old, reason)
        if said := following.follow(self.git, folder, old, new):
            objects.move_ref(self.git, ref, old, new, f"{reason}, taken back")
            raise ConflictError(
                f"{folder} could not follow its branch: {said}", hint="git status there"
            )

    def settle(self, ref: str, old: str, new: str) -> None:
        """Finish a move that was cut off between the ref and the checkout; else do nothing."""
        folder = following.checkouts(self.git).get(ref)
        if folder is None or self.resolve(ref) != new:
            return
        if following.index_matches(self.git, folder, old):
            following.catch_up(self.git, folder, old, new)

    def adopt(self, ref: str, new: str, old: str, paths: Sequence[str], reason: str) -> None:
        """Move `ref` to a commit of what already lies in its checkout at `paths`."""
        objects.move_ref(self.git, ref, new, old, reason)
        folder = following.checkouts(self.git).get(ref)
        if folder is not None:
            following.forget_paths(self.git, folder, list(paths))

    def checkout_of(self, ref: str) -> str:
        """Return the folder where the branch `ref` is checked out, or an empty string."""
        return self.checkouts().get(ref, "")

    def checkouts(self) -> dict[str, str]:
        """Map each branch that is checked out somewhere to the folder where it is."""
        return {ref: str(folder) for ref, folder in following.checkouts(self.git).items()}

    def ignored(self, folder: str, paths: Sequence[str]) -> tuple[str, ...]:
        """Return those of `paths` that git ignores in the checkout at `folder`."""
        return following.ignored(self.git, Path(folder), paths)

    def sight(self) -> tuple[str, ...]:
        """Return what git reads in any worktree, as absolute paths; no configuration, no hook.

        A configuration may hold a token in the address of a remote.
        """
        names = ("HEAD", "objects", "packed-refs", "refs", "shallow", "worktrees")
        places = (self.git.directory / name for name in names)
        return tuple(str(one) for one in places if one.exists())

    def worktree(self, key: str, commit: str, want: Want = WHOLE) -> str:
        """Return the folder of the worktree called `key`, holding `commit`; see `Want`."""
        path, rules = self._worktree(key), placing.Rules(self.kind, self.include)
        tree = self.tree(commit)
        return str(placing.provide(self.git, self.room, path, commit, tree, want, rules).path)

    def reopen(self, key: str, base: str) -> None:
        """Make sure that the worktree `key` can be seen as it was left, or raise RefusedError.

        It is registered anew, as one of the commit `base`, where git forgot it.
        """
        placing.adopt(self.git, self.room, self._worktree(key), base)

    def revive(self) -> None:
        """Show the worktrees as they were left, where the start of the machine took a mount off."""
        overlays.revive_all(self.git, self.room.layers, self.room.used)

    def drop_worktree(self, key: str) -> None:
        """Take away the worktree called `key`; its folder may serve as another one."""
        placing.drop(self.git, self.room, self._worktree(key))

    def harvest(
        self, key: str, base: str, allowed: Sequence[str], *, message: str, author: str
    ) -> Harvest:
        """Take what an agent wrote in the worktree `key`, as a commit on `base`.

        A folder that git forgot is registered anew: what lies in it is nobody else's.
        """
        worktree = placing.adopt(self.git, self.room, self._worktree(key), base)
        if worktree is None:
            return Harvest("", (), (), "")
        return harvesting.harvest(
            self.git, worktree, base, allowed, message=message, author=author,
            ground=overlays.ground(self.git, self.room.layers, worktree.path),
            cone=sparse.cone(worktree.directory),
        )  # fmt: skip

    def export(self, commit: str, target: str) -> None:
        """Write the files of `commit` into the folder `target`, without a git directory."""
        worktrees.export(self.git, commit, Path(target))

    def close(self) -> None:
        """End what was started for reading."""
        self.objects.close()

    @property
    def room(self) -> Room:
        """Return where the worktrees lie, and the most that they may take."""
        state = Path(os.path.realpath(self.state))  # as git's own records name it
        return Room(state / "worktrees", state / "pool", state / "graves", state / "layers",
                    self.quota)  # fmt: skip

    def _worktree(self, key: str) -> Path:
        return self.state / "worktrees" / key
