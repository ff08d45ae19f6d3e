"""What a worktree costs beside `git worktree add`: one from the pool, and one as an overlay."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from accord.core.cones import Kind
from accord.git import mounting, overlays, reaping
from accord.git.repo import GitRepo
from accord.git.run import Git
from bench.place import Place, git
from bench.table import Figure, Peer

POOLED, LAID = 0.1, 0.02
AT_ONCE = 8


def measure(place: Place, files: int = 5000, repeats: int = 5) -> Iterator[Figure]:
    """Yield the wall time of each kind as a part of that of a new one, both the best.

    Where nothing can be mounted there is no figure for overlays.
    """
    _fill(place.repo, files)
    repo = GitRepo(Git(place.repo / ".git"), place.folder / "state-of-pool", kind=Kind.POOL)
    try:
        theirs = _best(repeats, lambda number: _plainly(place, number))
        ours = _best(repeats, lambda number: _made(repo, number), _kept(repo))
        yield _figure(f"a worktree of {files:,} files from the pool", ours, theirs, POOLED)
        repo.kind = Kind.OVERLAY
        if not overlays.possible(repo.git, repo.room.layers):
            return
        repo.worktree("first", repo.resolve("main"))
        ours = _best(repeats, lambda number: _made(repo, number * 2), _dropped(repo))
        size = reaping.size(repo.room.layers.upper(Path("first")))
        told = f"; {size / 1000:.0f} kB each on the disk"
        yield _figure(f"a worktree of {files:,} files as an overlay", ours, theirs, LAID, told)
        yield _together(repo)
    finally:
        repo.close()
        mounting.clear(place.folder)


def _figure(name: str, ours: float, theirs: float, budget: float, more: str = "") -> Figure:
    return Figure(
        name, ours / theirs, "of a new one", budget, (Peer("git worktree add", 1.0),),
        note=f"{ours:.3f} s beside {theirs:.3f} s{more}",
    )  # fmt: skip


def _best(
    repeats: int, make: Callable[[int], None], after: Callable[[int], None] | None = None
) -> float:
    times = []
    for number in range(repeats):
        began = time.perf_counter()
        make(number)
        times.append(time.perf_counter() - began)
        if after is not None:
            after(number)
    return min(times)


def _made(repo: GitRepo, number: int) -> None:
    repo.worktree("task", repo.resolve("main" if number % 2 == 0 else "main~1"))


def _kept(repo: GitRepo) -> Callable[[int], None]:
    def drop(number: int) -> None:
        (repo.room.used / "task/left.txt").write_text(f"left {number}\n")
        repo.drop_worktree("task")

    repo.worktree("task", repo.resolve("main~1"))
    drop(0)
    # Of a file as young as its index git cannot tell whether it changed, and reads it: within a
    # second all of them are. One from a pool was made long ago.
    time.sleep(1.1)
    repo.worktree("task", repo.resolve("main~1"))
    drop(0)
    time.sleep(1.1)
    return drop


def _dropped(repo: GitRepo) -> Callable[[int], None]:
    return lambda _: repo.drop_worktree("task")


def _plainly(place: Place, number: int) -> None:
    git(place.repo, "worktree", "add", "-q", "--detach", str(place.folder / f"plain{number}"))


def _together(repo: GitRepo) -> Figure:
    """Return how many of eight that are made at once fail, beside those of plain git."""
    tip = repo.resolve("main")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        made = [pool.submit(repo.worktree, f"one{n}", tip) for n in range(AT_ONCE)]
        ours = sum(one.exception() is not None for one in made)
        folder = repo.state / "plainly"
        added = [pool.submit(_tracking, repo, folder / str(n), n) for n in range(AT_ONCE)]
        theirs = sum(one.exception() is not None for one in added)
    return Figure(f"of {AT_ONCE} overlays made at once", float(ours), "fail", 0.0,
                  (Peer("git worktree add -b", float(theirs)),))  # fmt: skip


def _tracking(repo: GitRepo, folder: Path, number: int) -> None:
    git(repo.git.directory.parent, "worktree", "add", "-q", "--no-checkout", "--track", "-b",
        f"side{number}", str(folder), "main")  # fmt: skip


def _fill(repo: Path, files: int) -> None:
    for number in range(files):
        path = repo / "big" / f"part{number % 97}" / f"file{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"line {number}\n" * 1100)  # 11 kB, as a file of source has on average
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "Many files")
    for number in range(30):
        (repo / "big" / f"part{number}" / f"file{number}.txt").write_text("newer\n")
    git(repo, "commit", "-q", "-a", "-m", "A few changes")
