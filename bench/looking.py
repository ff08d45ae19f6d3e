"""What it costs to look: `accord status` where many changes are open."""

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

BUDGET = 0.4
REQUIREMENTS = 3


def measure(place: Place, openspec: str, count: int = 200, repeats: int = 5) -> Figure:
    """Return the CPU seconds of `accord status` with `count` open changes beside its peers'."""
    spent([peers.ACCORD, "init", "--name", "robin", "--verify", "sh check.sh"], place.repo)
    workshop = open_workshop(place.repo, lambda _: "")
    assert isinstance(workshop.repo, GitRepo)
    assert isinstance(workshop.journal, SqliteJournal)
    try:
        open_many(workshop, count)
    finally:
        workshop.repo.close()
        workshop.journal.close()
    # Rows are kept between looks, so the first look is told beside the ones after it.
    first = median([peers.ACCORD, "status"], place.repo, 1)
    ours = median([peers.ACCORD, "status"], place.repo, repeats)
    plain = median(["git", "status"], place.repo, repeats)
    theirs = None
    if openspec:
        other = place.folder / "other"
        peers.open_changes(other, count)
        theirs = median([openspec, "list"], other, repeats)
    return Figure(
        f"accord status, {count} changes", ours, "CPU s", BUDGET,
        (Peer("git status", plain), Peer(f"openspec list, {count} changes", theirs)),
        note=f"the first look, with nothing kept, took {first:.3f} CPU s",
    )  # fmt: skip


def open_many(workshop: Workshop, count: int) -> None:
    """Open `count` changes at all stages."""
    for number in range(count):
        _open(workshop, number)


def _open(workshop: Workshop, number: int) -> None:
    """Open a change and bring it to the story, the design, the architecture or half built.

    Everything goes through the use cases that the commands call: what is typed is committed from
    the desk, every gate is opened by a signed record.
    """
    title = f"Keep the cart, part {number}"
    name = authoring.new(workshop, title, name=f"cart-{number:03}").change
    texts = {
        "requirements.md": documents.story(title, REQUIREMENTS, 3),
        "design.md": documents.design(title, REQUIREMENTS),
        "tasks.md": documents.tasks(title, REQUIREMENTS),
    }
    stages = number % (len(texts) + 1)
    for path, text in list(texts.items())[:stages]:
        change = load(workshop, name)
        desk.write(desk.of(workshop, name, change.found.ref).folder / path, text.encode())
        reviewing.approve(workshop, name)
    if stages == len(texts):
        _land_one(workshop, name, number)


def _land_one(workshop: Workshop, name: str, number: int) -> None:
    change = load(workshop, name)
    task = change.tasks[0]
    message = f"{task.text}\n\n{TRAILER}: {trailer(name, task.id, change.keys[task.id])}\n"
    files = {f"src/part1/cart{number}.py": b"LINES = {}\n" * 20}
    tip = change.found.tip
    commit = workshop.repo.commit(tip, files, message, workshop.author)
    workshop.move("land", name, change.found.ref, commit, tip, detail=task.id)
    desk.refresh(workshop, name, change.found.ref)
