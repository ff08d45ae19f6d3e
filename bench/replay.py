"""Replay pairs of concurrent commits from a real history through Accord's merges and its queue.

    python -m bench.replay REPOSITORY... [--pairs N]

A pair is the two sides of a merge commit in the history. Both are joined as the queue joins them;
the tree is held against the one that `git merge` makes in a checkout of its own (not against the
recorded merge, which a person may have edited). Every conflict of git has to be reported with its
paths. It prints one line for each repository and exits with 1 where any pair differs.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from attrs import define

from accord.core import queue as queues
from accord.core.queue import Entry, Joined, Land, Queue, Refuse, Verdict, Verify, Why
from accord.git.repo import GitRepo
from accord.git.run import Git

WHO = ("-c", "user.name=R", "-c", "user.email=r@example.org", "-c", "commit.gpgsign=false",
       "-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0")  # fmt: skip


@define
class Count:
    """What came of the pairs of one history."""

    pairs: int = 0
    clean: int = 0
    conflicts: int = 0
    wrong: int = 0


def git(*words: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    """Run git and return what it said."""
    return subprocess.run(["git", *WHO, *words], check=check, capture_output=True, text=True,
                          errors="surrogateescape")  # fmt: skip


def plain(checkout: Path, ours: str, theirs: str) -> tuple[str, frozenset[str]]:
    """Merge as a person would, in a checkout; return the tree, or the paths that conflict."""
    at = ("-C", str(checkout))
    git(*at, "reset", "-q", "--hard", ours)
    git(*at, "clean", "-q", "-ffdx")
    merged = git(*at, "merge", "-q", "--no-ff", "--no-edit", theirs, check=False)
    if merged.returncode == 0:
        return git(*at, "rev-parse", "HEAD^{tree}").stdout.strip(), frozenset()
    said = git(*at, "diff", "--name-only", "--diff-filter=U", "-z").stdout
    git(*at, "merge", "--abort", check=False)
    return "", frozenset(path for path in said.split("\0") if path)


def queued(repo: GitRepo, ours: str, theirs: str) -> tuple[str, frozenset[str]]:
    """Land `theirs` on `ours` through the queue; return the landed tree, or what conflicted."""
    changed = tuple(one.path for one in repo.changed(repo.fork(ours, theirs), theirs))
    queue = Queue(ours, ours, (Entry("theirs", theirs, ("check",), changed),))
    landed = ""
    while intents := queues.plan(queue):
        for intent in intents:
            match intent:
                case queues.Join(onto, entry):
                    merge = repo.merge(onto, entry.commit)
                    commit = (
                        ""
                        if merge.conflicts
                        else repo.join(
                            merge.tree, [onto, entry.commit], "Land\n", "R <r@example.org>"
                        )
                    )
                    came = Joined(commit, merge.tree, merge.conflicts)
                    queue = queues.joined(queue, intent, came)
                case Verify(_, tree, _):
                    queue = queues.verified(queue, tree, "check", Verdict.PASS)
                case Land():
                    landed = repo.tree(intent.commit)
                    queue = queues.landed(queue, intent)
                case Refuse():
                    queue = queues.refused(queue, intent)
                case queues.Eject():
                    raise AssertionError("nothing fails here")
    refusals = [one for one in queue.refused if one.why is Why.CONFLICT]
    return landed, frozenset(path for one in refusals for path in one.paths)


def replay(history: Path, pairs: int) -> Count:
    """Replay up to `pairs` merges of the repository at `history`, the newest first."""
    count = Count()
    with tempfile.TemporaryDirectory() as folder:
        checkout = Path(folder, "checkout")
        git("clone", "-q", "--shared", "--no-checkout", str(history), str(checkout))
        repo = GitRepo(Git(checkout / ".git"), Path(folder, "state"))
        said = git("-C", str(checkout), "rev-list", "--merges", "--parents", "--all").stdout
        for line in said.splitlines():
            _, *parents = line.split()
            if len(parents) != 2 or count.pairs == pairs:
                continue
            ours, theirs = parents
            if not git("-C", str(checkout), "merge-base", ours, theirs, check=False).stdout.strip():
                continue
            if repo.contains(ours, theirs) or repo.contains(theirs, ours):
                continue  # one holds the other: they were not concurrent
            count.pairs += 1
            tree, conflicts = plain(checkout, ours, theirs)
            landed, reported = queued(repo, ours, theirs)
            count.clean += bool(tree)
            count.conflicts += not tree
            if landed != tree or not conflicts <= reported or bool(reported) == bool(tree):
                count.wrong += 1
                print(f"  differs: {ours} {theirs}: {sorted(conflicts ^ reported)}")
        repo.close()
    return count


def main() -> int:
    """Replay every named history and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("histories", nargs="+", type=Path)
    parser.add_argument("--pairs", type=int, default=150)
    options = parser.parse_args()
    counts = []
    for history in options.histories:
        one = replay(history, options.pairs)
        counts.append(one)
        print(
            f"{history.name}: {one.pairs} pairs, {one.clean} as git merges them, "
            f"{one.conflicts} conflicts reported, {one.wrong} wrong",
            flush=True,
        )
    print(f"{sum(one.pairs for one in counts)} pairs, {sum(one.wrong for one in counts)} wrong")
    return 1 if any(one.wrong for one in counts) else 0


if __name__ == "__main__":
    sys.exit(main())
