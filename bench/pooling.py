"""What a worktree costs: one from the pool, moved over a few commits, beside `git worktree add`."""

import shutil
import time
from pathlib import Path

from accord.git.repo import GitRepo
from accord.git.run import Git
from bench.place import Place, git
from bench.table import Figure, Peer

BUDGET = 0.1


def measure(place: Place, files: int = 5000, repeats: int = 5) -> Figure:
    """Return the wall time of a pooled worktree as a part of that of a new one, both the best."""
    _fill(place.repo, files)
    repo = GitRepo(Git(place.repo / ".git"), place.folder / "state-of-pool")
    tips = [repo.resolve("main"), repo.resolve("main~1")]
    ours, theirs = [], []
    try:
        repo.worktree("first", tips[0])
        repo.drop_worktree("first")
        for number in range(repeats):
            began = time.perf_counter()
            folder = repo.worktree(f"task{number}", tips[number % 2])
            ours.append(time.perf_counter() - began)
            Path(folder, "left.txt").write_text("left\n")
            repo.drop_worktree(f"task{number}")
            plain = place.folder / f"plain{number}"
            began = time.perf_counter()
            git(place.repo, "worktree", "add", "-q", "--detach", str(plain), tips[number % 2])
            theirs.append(time.perf_counter() - began)
            shutil.rmtree(plain)
            git(place.repo, "worktree", "prune")
    finally:
        repo.close()
    return Figure(
        f"a worktree of {files:,} files from the pool", min(ours) / min(theirs), "of a new one",
        BUDGET, (Peer("git worktree add", 1.0),),
        note=f"{min(ours):.3f} s beside {min(theirs):.3f} s",
    )  # fmt: skip


def _fill(repo: Path, files: int) -> None:
    for number in range(files):
        path = repo / "big" / f"part{number % 97}" / f"file{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"line {number}\n" * 200)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "Many files")
    for number in range(30):
        (repo / "big" / f"part{number}" / f"file{number}.txt").write_text("newer\n")
    git(repo, "commit", "-q", "-a", "-m", "A few changes")
