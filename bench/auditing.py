"""What it costs to check a range of commits: `accord check --base` over a thousand of them."""

from pathlib import Path

from attrs import frozen

from accord.app import authoring, desk, reviewing
from accord.app.changes import TRAILER, load, trailer
from accord.app.workshop import Workshop
from accord.engine.journal import SqliteJournal
from accord.git.repo import GitRepo
from accord.wiring.opening import open_workshop
from bench import documents, peers
from bench.meter import median, spent
from bench.place import Place
from bench.table import Figure, Peer

BUDGET = 5.0
TASKS = 10


@frozen
class _Made:
    """A change as it is made here: its branch's tip, and how many commits it has."""

    tip: str
    commits: int


def measure(place: Place, count: int = 1000, repeats: int = 3) -> Figure:
    """Return the CPU seconds of `accord check --base` over at least `count` commits.

    A change has one commit that opens it, six for its documents and their approvals, two for each
    task, and the merge that lands it; a third of the tasks were built beside the others, so each
    of those has a merge of its own.
    """
    spent([peers.ACCORD, "init", "--name", "robin", "--verify", "sh check.sh"], place.repo)
    workshop = open_workshop(place.repo, lambda _: "")
    assert isinstance(workshop.repo, GitRepo)
    assert isinstance(workshop.journal, SqliteJournal)
    base = workshop.repo.resolve("refs/heads/main")
    head, commits, number = base, 0, 0
    try:
        while commits < count:
            made = _change(workshop, number)
            merged = workshop.repo.merge(head, made.tip)
            assert not merged.conflicts
            message = f"Land {number}\n"
            head = workshop.repo.join(merged.tree, [head, made.tip], message, workshop.author)
            commits += made.commits + 1
            number += 1
        workshop.repo.move("refs/heads/landed", head, "", "bench")
    finally:
        workshop.repo.close()
        workshop.journal.close()
    clone = place.folder / "clone"
    spent(["git", "clone", "-q", "-b", "landed", str(place.repo), str(clone)], place.folder)
    ours = median([peers.ACCORD, "check", "--base", base], clone, repeats)
    return Figure(
        f"accord check --base, {commits} commits", ours, "CPU s", BUDGET,
        tuple(_peers(clone, base, repeats)),
        note=f"{number} changes, {TASKS * number} tasks; approvals and merges are verified",
    )  # fmt: skip


def _peers(clone: Path, base: str, repeats: int) -> list[Peer]:
    span = f"{base}..HEAD"
    patches = median(["git", "log", "-p", span], clone, repeats)
    merges = median(["git", "log", "-p", "--remerge-diff", span], clone, repeats)
    return [Peer("git log -p of the same", patches), Peer("git log -p --remerge-diff", merges)]


def _change(workshop: Workshop, number: int) -> _Made:
    """Write, approve and build a change whose tasks each have two commits."""
    title = f"Keep the cart, part {number}"
    name = authoring.new(workshop, title, name=f"cart-{number:03}").change
    texts = {
        "requirements.md": documents.story(title, TASKS, 3),
        "design.md": documents.design(title, TASKS),
        "tasks.md": documents.tasks(title, TASKS),
    }
    for path, text in texts.items():
        change = load(workshop, name)
        desk.write(desk.of(workshop, name, change.found.ref).folder / path, text.encode())
        reviewing.approve(workshop, name)
    change = load(workshop, name)
    start = tip = change.found.tip
    commits = 1 + 2 * len(texts)
    for at, task in enumerate(change.tasks):
        value = trailer(name, task.id, change.keys[task.id])
        message = f"{task.text}\n\n{TRAILER}: {value}\nSandbox-Level: 1\n"
        built = start if at % 3 == 2 else tip
        for step in range(2):
            path = task.touches[0].replace("**", f"change{number}/step{step}.py")
            files = {path: b"VALUE = 1\n" * 20}
            built = workshop.repo.commit(built, dict(files), message, workshop.author)
            commits += 1
        if at % 3 == 2:
            merged = workshop.repo.merge(tip, built)
            assert not merged.conflicts
            tip = workshop.repo.join(merged.tree, [tip, built], "Land\n", workshop.author)
            commits += 1
        else:
            tip = built
    return _Made(tip, commits)
