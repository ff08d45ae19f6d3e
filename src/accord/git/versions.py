"""What a file was in every commit that touched it, and when it came to be."""

from attrs import frozen

from accord.git.objects import Objects
from accord.git.run import Git


@frozen
class Version:
    """A file as one commit left it: who wrote that commit, its day (YYYY-MM-DD), the bytes."""

    commit: str
    author: str
    day: str
    data: bytes


@frozen
class FileHistory:
    """The history of the files of one repository, seen from the commit `head`."""

    git: Git
    objects: Objects
    head: str

    @property
    def cut(self) -> bool:
        """Tell whether the history is cut off (a shallow clone): then it tells too little."""
        return self.git.text("rev-parse", "--is-shallow-repository") == "true"

    def versions(self, path: str) -> tuple[Version, ...]:
        """Return what `path` was in each commit that touched it, the oldest first."""
        said = self.git.text(
            "log", "--topo-order", "--reverse", "--format=%H%x00%an%x00%cs", self.head, "--", path
        )
        rows = (line.split("\0") for line in said.splitlines() if line)
        found = ((row, self.objects.blob(f"{row[0]}:{path}")) for row in rows)
        return tuple(
            Version(commit, author, day, data)
            for (commit, author, day), data in found
            if data is not None
        )

    def begun(self, path: str) -> tuple[str, ...]:
        """Return the commits that show what `path` was first written on, the best one first.

        Those are the parent of the commit that added it, and that commit; none where it is in no
        commit yet.
        """
        said = self.git.text("log", "--diff-filter=A", "--format=%H %P", self.head, "--", path)
        if not said:
            return ()
        added, *parents = said.splitlines()[-1].split(" ")
        return (*filter(None, parents[:1]), added)

    def at(self, commit: str, path: str) -> bytes | None:
        """Return what `path` was in `commit`, or None."""
        return self.objects.blob(f"{commit}:{path}")
