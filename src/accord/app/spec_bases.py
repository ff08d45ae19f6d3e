"""What each requirement was when an OpenSpec change was written on it.

The ledger of bases tells it, which was written when the change was approved or noted. Without one
the history is asked: the commit that added the delta tells it. Where commits were squashed or
rebased that commit is too late, so the day on which the change says that it was created counts
too; without one, an edit that shows nothing of the last step of the spec was written before it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from attrs import frozen

from accord.core import bases, merging
from accord.core.bases import Base, Key
from accord.core.merging import Part
from accord.core.ports import Repo
from accord.errors import ConfigurationError
from accord.formats import openspec_grammar as grammar
from accord.formats import openspec_merging

CHANGES, SPECS = "openspec/changes", "openspec/specs"
_CREATED = re.compile(r"(?m)^created[ \t]*:[ \t]*['\"]?(\d{4}-\d{2}-\d{2})")
_DELTA = re.compile(r"specs/(.+)/spec\.md")


class Version(Protocol):
    """A file as one commit left it; `day` is YYYY-MM-DD."""

    @property
    def author(self) -> str:
        """Return who wrote the commit."""

    @property
    def day(self) -> str:
        """Return the day on which it was committed."""

    @property
    def data(self) -> bytes:
        """Return the bytes of the file."""


class History(Protocol):
    """What the repository knows of its files, as `git.versions.FileHistory` tells it."""

    @property
    def cut(self) -> bool:
        """Tell whether the history is cut off."""

    def versions(self, path: str) -> Sequence[Version]:
        """Return what a file was, the oldest first."""

    def begun(self, path: str) -> Sequence[str]:
        """Return the commits that show what a file was first written on, the best first."""

    def at(self, commit: str, path: str) -> bytes | None:
        """Return what a file was in a commit, or None."""


def ledger(change: str) -> str:
    """Return the path of the ledger of bases of a change, from the repository's root."""
    return f".accord/ids/{change}.bases.toml"


def noted(root: Path, change: str) -> tuple[bytes | None, Mapping[Key, Base]]:
    """Return the bytes of the ledger of a change and what it says; None where there is none.

    Raises ConfigurationError when it cannot be read.
    """
    path = root / ledger(change)
    data = path.read_bytes() if path.is_file() else None
    return data, read(data)


def read(data: bytes | None) -> Mapping[Key, Base]:
    """Return what the bytes of a ledger say. Raises ConfigurationError when they are none."""
    try:
        return bases.from_toml(data.decode()) if data is not None else {}
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            "the ledger of bases is not UTF-8", hint="git checkout it as it was"
        ) from error


def deltas(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the path of each delta among the files of a change, with its capability."""
    for name in names:
        if match := _DELTA.fullmatch(name):
            yield name, match[1]


def touched(source: grammar.Lines) -> Iterator[tuple[str, Part | None]]:
    """Yield each requirement that a delta edits, by the name it had, and what becomes of it."""
    plan = grammar.plan(source)
    former = {pair.new: pair.old for pair in plan.renamed}
    edited = {former.get(one.name, one.name): one
              for one in openspec_merging.tree(source, plan.modified)}  # fmt: skip
    yield from edited.items()
    for entry in plan.removed:
        yield former.get(entry.name, entry.name), None


@frozen
class Asked:
    """The spec of one capability, as a change that has a delta for it is held against it.

    `now` holds its requirements as they are, `over` those whose present text does not count.
    """

    root: Path
    change: str
    capability: str
    history: History
    noted: Mapping[Key, Base]
    now: Mapping[str, Part]
    over: Sequence[str] = ()

    @property
    def spec(self) -> str:
        return f"{SPECS}/{self.capability}/spec.md"

    @property
    def delta(self) -> str:
        return f"{CHANGES}/{self.change}/specs/{self.capability}/spec.md"


class Bases:
    """What each requirement of one spec was when the change was written."""

    def __init__(self, asked: Asked) -> None:
        """Read the history of the spec and of the delta."""
        self.asked = asked
        self.found = asked.history.versions(asked.spec)
        begun = asked.history.begun(asked.delta)
        shown = (asked.history.at(commit, asked.spec) for commit in begun)
        base = next((one for one in shown if one is not None), None)
        known = [one.data for one in self.found]
        last = len(known) - 1 if not begun else _last(known, base)
        self.versions = [
            openspec_merging.requirements(one.decode(errors="replace")) for one in known
        ]
        self.last = last
        meta = asked.root / CHANGES / asked.change / ".openspec.yaml"
        created = _CREATED.search(meta.read_text(errors="replace")) if meta.is_file() else None
        self.first = 0
        self.dated = created is not None
        if created is not None:
            earlier = [at for at, one in enumerate(self.found) if one.day < created[1]]
            self.first = min(earlier[-1] if earlier else 0, max(last, 0))

    def of(self, name: str, part: Part | None) -> Part | None:
        """Return the requirement `name` as it was when the change made `part` of it."""
        if name in self.asked.over:
            return self.asked.now.get(name)
        row = self.asked.noted.get((self.asked.capability, name))
        every = [one.get(name) for one in self.versions]
        if row is not None:
            return _since(row, part, every, self.last)
        chain = every[self.first : self.last + 1]
        if not chain:
            return None
        if part is None:
            return chain[0] if self.dated else chain[-1]
        return chain[merging.written_on(part, chain)]

    def author(self, name: str, inner: str, text: str | None) -> str:
        """Return who brought a requirement, or the scenario `inner` of it, to say `text`."""
        wanted = None if text is None else merging.fingerprint(text)
        who = ""
        for version, parts in zip(reversed(self.found), reversed(self.versions), strict=True):
            if _said(parts.get(name), inner) != wanted:
                break
            who = version.author
        return who or (self.found[-1].author if self.found else "")


def _said(part: Part | None, inner: str) -> str | None:
    if part is not None and inner:
        part = next((one for one in part.parts if one.name == inner), None)
    return None if part is None else part.fingerprint


def _since(row: Base, part: Part | None, every: Sequence[Part | None], last: int) -> Part | None:
    """Return the base that was noted, or what came after it where an edit since then shows that."""
    at = max((at for at, one in enumerate(every) if merging.same(one, row.part)), default=-1)
    base = every[at] if at >= 0 else row.part
    if part is None or merging.whole(part) == row.made:
        return base
    chain = [base, *(every[at + 1 : last + 1] if at >= 0 else ())]
    return chain[merging.written_on(part, chain)]


def _last(known: Sequence[bytes], base: bytes | None) -> int:
    return max((at for at, one in enumerate(known) if one == base), default=-1)


def note(root: Path, change: str, history: History) -> tuple[bytes | None, bytes, int]:
    """Return the ledger of bases of a change as it was, as it is to be, and how much it holds.

    Raises ConfigurationError where it cannot be read.
    """
    data, known = noted(root, change)
    folder = root / CHANGES / change
    names = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.md"))]
    rows = []
    for name, capability in deltas(names):
        source = grammar.lines((folder / name).read_text(errors="replace"))
        main = root / SPECS / capability / "spec.md"
        text = main.read_text(errors="replace") if main.is_file() else None
        now = openspec_merging.requirements(text)
        found = Bases(Asked(root, change, capability, history, known, now))
        for title, part in touched(source):
            base = found.of(title, part)
            rows.append(_row(capability, title, base, part))
    return data, bases.to_toml(rows).encode(), len(rows)


def on_branch(repo: Repo, fork: str, tip: str, folder: str, change: str) -> dict[str, bytes]:
    """Return the ledger of bases to keep with an approval of the change in `folder` at `tip`.

    A delta was written on the spec of the commit that added it, on the change's own branch; an
    edit of it since then was written on the spec that the branch has now, where it shows that.
    """
    known = read(repo.read(tip, ledger(change)))
    rows = []
    for name, capability in deltas(sorted(repo.folder(tip, folder))):
        path = f"{folder}/{name}"
        begun = repo.introduced(fork, tip, path) or repo.began(tip, path) or tip
        source = grammar.lines((repo.read(tip, path) or b"").decode(errors="replace"))
        then, now = (_requirements(repo, at, folder, capability) for at in (begun, tip))
        for title, part in touched(source):
            row = known.get((capability, title))
            chain = [then.get(title) if row is None else row.part, now.get(title)]
            settled = part is None or (row is not None and merging.whole(part) == row.made)
            at = 0 if settled or part is None else merging.written_on(part, chain)
            rows.append(_row(capability, title, chain[at], part))
    return {ledger(change): bases.to_toml(rows).encode()} if rows or known else {}


def _requirements(repo: Repo, at: str, folder: str, capability: str) -> Mapping[str, Part]:
    home = folder.rpartition("/changes/")[0]
    data = repo.read(at, f"{home}/specs/{capability}/spec.md")
    return openspec_merging.requirements(None if data is None else data.decode(errors="replace"))


def _row(capability: str, title: str, base: Part | None, part: Part | None) -> Base:
    bare = None if base is None else bases.bare(base)
    return Base(capability, title, bare, merging.whole(part))
