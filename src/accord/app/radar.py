"""Look for collisions between what is under way, and remember them for whoever asks.

What was seen is a note in the journal for each pair, so that it is told once and looked at again
only when a side moved. It is advice: the queue refuses what does not go together all the same.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from attrs import define, field

from accord.app import changes, evidence
from accord.app.at_work import under_way
from accord.app.changes import REGULAR, TRAILER, Change, Found
from accord.app.workplaces import BUILT, WIP
from accord.app.workshop import Workshop
from accord.core import radar
from accord.core.approval import Json
from accord.core.evidence import Result
from accord.core.model import sha256
from accord.core.ports import FileChange
from accord.core.radar import Collision, Kind, Side

SEEN = "radar"
MOST_FILES = 200
"""A side that changed more files of code than this is not read for its names."""


@define
class Radar:
    """Looks around again and again; sides that did not move are not read anew.

    `elsewhere` names what is under way in other clones: (change, task, attempt).
    """

    workshop: Workshop
    elsewhere: Sequence[tuple[str, str, int]] = ()
    known: dict[tuple[str, str, str, str], Side] = field(factory=dict)

    def look(self) -> list[Collision]:
        """Return the collisions that were not known before; those that are over are forgotten."""
        found = {_key(one): one for one in self._collisions()}
        journal = self.workshop.journal
        before = {key: note for key, note in journal.noted(f"{SEEN}/").items() if note["kind"]}
        for key in before.keys() - found.keys():
            journal.note(key, {**before[key], "kind": ""})
        fresh = [one for key, one in found.items()
                 if before.get(key, {}).get("kind") != str(one.kind)]  # fmt: skip
        for one in found.values():
            journal.note(_key(one), {"one": one.one, "other": one.other, "kind": str(one.kind),
                                     "over": list(one.over)})  # fmt: skip
        return fresh

    def _collisions(self) -> Iterator[Collision]:
        open_changes = changes.find(self.workshop)
        sides: list[Side] = []
        for found in open_changes:
            fork = self.workshop.repo.fork(self.workshop.base, found.tip)
            for task, commit in _at_work(self.workshop, found, fork, self.elsewhere):
                base = self.workshop.repo.resolve(f"{commit}^")
                mine = self._side(found, task, base, commit)
                sides.append(mine)
                # What landed beside it since it began is as much in its way.
                if base != found.tip and (one := self._compared(
                    mine, self._side(found, "", base, found.tip)
                )):  # fmt: skip
                    yield one
            whole = self._side(found, "", fork, found.tip)
            if whole.paths:
                sides.append(whole)
        for left, right in radar.pairs(sides):
            if collision := self._compared(left, right):
                yield collision

    def _compared(self, one: Side, other: Side) -> Collision | None:
        return radar.compare(one, other, partial(_conflicts, self.workshop))

    def _side(self, found: Found, task: str, base: str, commit: str) -> Side:
        key = (found.change, task, base, commit)
        if key not in self.known:
            home = self.workshop.home(found.change)
            files = [one for one in self.workshop.repo.changed(base, commit)
                     if not one.path.startswith((f"{home}/", ".accord/"))]  # fmt: skip
            before, after = _read(self.workshop, base, files)
            paths = [one.path for one in files]
            self.known[key] = radar.side(found.change, task, commit, paths, before, after)
        return self.known[key]


def seen(workshop: Workshop, change: str = "") -> tuple[Collision, ...]:
    """Return the collisions that are known (of `change`), the worst first."""
    notes = workshop.journal.noted(f"{SEEN}/").values()
    found = [
        Collision(str(note["one"]), str(note["other"]), Kind(str(note["kind"])), _texts(note))
        for note in notes
        if note["kind"]
    ]
    ranks = list(Kind)
    mine = [one for one in found if not change or change in one.changes]
    return tuple(sorted(mine, key=lambda one: (ranks.index(one.kind), one.one, one.other)))


def untold(workshop: Workshop, change: str, task: str, *, anew: bool = True) -> str:
    """Return what the agent of a task was not told yet of what it collides with, or ''.

    It counts as told from then on. Work that was begun is looked at `anew`, except where there are
    other machines: one of them looks for all.
    """
    if anew and workshop.leash is None:
        Radar(workshop).look()
    name, told = f"{change} {task}", []
    for one in seen(workshop, change):
        key = f"told/{change}/{task}/{_key(one).rpartition('/')[2]}-{one.kind}"
        if name in (one.one, one.other) and not workshop.journal.noted(key):
            workshop.journal.note(key, {"words": one.words()})
            told.append(f"{one.words()}.")
    return "\n".join(told)


def together(workshop: Workshop, name: str) -> None:
    """Run the tests of a change and of each that collides with it on both of them at once.

    What came of it is kept beside the change's evidence; a pair that git cannot merge has none.
    """
    change = changes.load(workshop, name)
    found: list[Json] = []
    for beside in sorted(_beside(workshop, name)):
        other = changes.load(workshop, beside)
        merge = workshop.repo.merge(change.found.tip, other.found.tip)
        if merge.conflicts:
            continue
        parents = [change.found.tip, other.found.tip]
        union = workshop.repo.join(merge.tree, parents, "Together\n", workshop.author)
        found += [f"with {beside}: {reason}" for reason in _fails(workshop, union, change, other)]
    workshop.journal.note(f"together/{change.name}/{change.code_digest}", {"fails": found})


def apart(workshop: Workshop, change: Change) -> list[str]:
    """Return what fails of `change` together with others, as `together` found it."""
    key = f"together/{change.name}/{change.code_digest}"
    fails = workshop.journal.noted(key).get(key, {}).get("fails", [])
    return [str(one) for one in fails] if isinstance(fails, list) else []


def _fails(workshop: Workshop, union: str, change: Change, other: Change) -> Iterator[str]:
    lines = {evidence.command(workshop, task) for one in (change, other) for task in one.tasks}
    for line in sorted(filter(str.strip, lines)):
        run = evidence.verify(workshop, union, line)
        if run.result is Result.FAIL:
            yield run.reason


def _beside(workshop: Workshop, name: str) -> set[str]:
    there = {one.change for one in changes.find(workshop)}
    return {other for one in seen(workshop, name) for other in one.changes - {name}} & there


def _at_work(
    workshop: Workshop, found: Found, fork: str, elsewhere: Sequence[tuple[str, str, int]]
) -> Iterator[tuple[str, str]]:
    """Yield (task, commit) for what is built and has not landed, and for what runs."""
    landed = workshop.repo.trailers(fork, found.tip, TRAILER)
    done = {value.partition("@")[0] for value in landed}
    heads = {
        subject: _latest(workshop, change, subject, attempt)
        for change, subject, attempt in (*under_way(workshop).values(), *elsewhere)
        if change == found.change
    }
    built = f"{BUILT}/{found.change}/"
    heads |= {ref.removeprefix(built): commit for ref, commit in workshop.repo.refs(built).items()}
    yield from ((task, commit) for task, commit in sorted(heads.items())
                if commit and f"{found.change}/{task}" not in done)  # fmt: skip


def _latest(workshop: Workshop, change: str, subject: str, attempt: int) -> str:
    """Return the last snapshot of an attempt, or an empty string; a round's own is its last."""
    prefix = f"{WIP}/{change}/{subject}/{attempt}-"
    found = {}
    for ref, commit in workshop.repo.refs(f"{WIP}/{change}/{subject}/").items():
        number, _, count = ref.removeprefix(prefix).partition(".")
        if ref.startswith(prefix) and number.isdecimal():
            found[int(number), int(count) if count.isdecimal() else 10_000] = commit
    return found[max(found)] if found else ""


def _read(
    workshop: Workshop, base: str, files: Sequence[FileChange]
) -> tuple[radar.Files, radar.Files]:
    """Return the symbols of the changed files before and after; none of too many files."""
    before, after = {}, {}
    for file in files if len(files) <= MOST_FILES else ():
        old = workshop.repo.read(base, file.path)
        if old is not None:
            before[file.path] = workshop.symbols(file.path, old) or ()
        if file.id and file.mode in REGULAR:
            data = workshop.repo.blob(file.id)
            after[file.path] = workshop.symbols(file.path, data) or ()
    return before, after


def _conflicts(workshop: Workshop, one: str, other: str) -> Sequence[str]:
    return workshop.repo.merge(one, other, workshop.config.beside.union).conflicts


def _key(one: Collision) -> str:
    pair = sha256(f"{one.one}\0{one.other}".encode())[:16]
    return f"{SEEN}/{pair}"


def _texts(note: dict[str, Json]) -> tuple[str, ...]:
    over = note.get("over", [])
    return tuple(str(one) for one in over) if isinstance(over, list) else ()
