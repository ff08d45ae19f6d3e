"""The rule for a range of commits: code changes only where it was agreed before, in the parent.

Everything is decided from facts that were read out of git and judged by the trust file and the
configuration of the base. Nothing in the range can change how the range is judged.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from attrs import field, frozen

from accord.core import paths
from accord.core.decision_record import FOLDER as DECISIONS
from accord.core.hidden import find as find_hidden
from accord.core.model import Track
from accord.core.protected import is_protected

ABSENT, PLAIN, LINK, SUBMODULE = "000000", "100644", "120000", "160000"
TRAILER = "Spec-Task"

# What a program could run or collect is code wherever it lies: these are read, and no more.
_TEXTS = "md|markdown|txt|html|css|svg|png|jpg|jpeg|gif|webp|json|yaml|yml|csv|puml|mmd"
_SPECS = r"(?:specs|\.kiro/specs|openspec/(?:specs|changes)|\.specify/specs|kitty-specs)/"
_DOCUMENT = re.compile(rf"{_SPECS}([^/]+/.+\.(?:{_TEXTS}))", re.DOTALL)
_RECORD = re.compile(
    r"\.accord/approvals/([A-Za-z0-9][A-Za-z0-9._-]{0,127})/[0-9a-f]{32}\.(?:json|sig)"
)
# It says what to look at again, and opens nothing.
_IDS = re.compile(r"\.accord/ids/[^/]{1,200}\.toml")
_TRACE = re.compile(r"\.accord/trace/[A-Za-z0-9][A-Za-z0-9._-]{0,127}\.toml")
_CLAIM = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,127})/([^/@\s]+)@([0-9a-f]{64})")
_MENTION = re.compile(rf"^[^\S\n]*{TRAILER}[^\S\n]*:", re.IGNORECASE | re.MULTILINE)


class Kind(StrEnum):
    """What a file is to the rule."""

    CODE = "code"
    DOCUMENT = "document"
    RECORD = "record"
    TRUST = "trust"
    STEERING = "steering"
    TRACE = "trace"


@frozen
class Touch:
    """One file that a commit changed: its modes before and after, its new blob, its lines moved.

    `target` is where it points at when it is a link.
    """

    path: str
    was: str
    mode: str
    id: str
    lines: int = 0
    target: str = ""

    @property
    def kind(self) -> Kind:
        """Return what the file is to the rule."""
        plain = {self.was, self.mode} <= {ABSENT, PLAIN}
        if self.path.casefold() == ".accord" or self.path.casefold().startswith(".accord/"):
            if _RECORD.fullmatch(self.path):
                return Kind.RECORD
            if plain and self.path.startswith(f"{DECISIONS}/"):
                return Kind.DOCUMENT  # it is nothing until its text is signed
            if plain and _IDS.fullmatch(self.path):
                return Kind.DOCUMENT  # it says which item is which, and opens nothing
            if plain and _TRACE.fullmatch(self.path):
                return Kind.TRACE
            return Kind.TRUST if self.path.startswith(".accord/trust/") else Kind.STEERING
        # What agents read in any folder (CLAUDE.md) steers them from this one as well.
        found = _DOCUMENT.fullmatch(self.path)
        read = plain and found and not is_protected(found[1], ())
        return Kind.DOCUMENT if read else Kind.CODE

    @property
    def change(self) -> str:
        """Return the change that a record belongs to, or an empty string."""
        found = _RECORD.fullmatch(self.path)
        return found[1] if found else ""


@frozen
class Commit:
    """One commit as git has it; `said` are the values of its trailers Spec-Task.

    `changed` is the difference to the only parent, or for a merge the difference to what git
    makes of its two parents by itself.
    """

    id: str
    parents: tuple[str, ...]
    message: str
    said: tuple[str, ...]
    changed: tuple[Touch, ...]

    def of(self, *kinds: Kind) -> tuple[Touch, ...]:
        """Return what it changed of these kinds."""
        return tuple(one for one in self.changed if one.kind in kinds)

    @property
    def is_merge(self) -> bool:
        """Tell whether it joins two histories or more."""
        return len(self.parents) > 1


@frozen
class Claim:
    """What a trailer says: this commit is that task of that change, built from that agreement."""

    change: str
    task: str
    key: str


@frozen
class Work:
    """One task as it was agreed: the digest of what it is built from, and its paths."""

    key: str
    touches: tuple[str, ...]


@frozen
class Agreed:
    """What was agreed about one change in one commit; `shut` is why it may not be built, or ''."""

    change: str
    shut: str
    track: Track = Track.FULL
    tasks: Mapping[str, Work] = field(factory=dict)


@frozen
class Reviewed:
    """What people reviewed of one change, in one commit: the files, byte for byte as they are.

    `shut` is the reason why not every gate is open on just these bytes, or an empty string.
    """

    agreed: Agreed
    shut: str
    files: frozenset[str]


@frozen
class Facts:
    """What is known around one commit.

    `agreed` is the claimed change as each parent has it. `brought` is each change whose records
    came with the code, as the commit has it. `trust` is what is wrong with the trust file that the
    commit leaves. `reviewed` holds the files that open reviews cover at the end of the range.
    `offer` is the trailer that would cover a merge made by hand.
    """

    agreed: tuple[Agreed, ...] = ()
    brought: tuple[Reviewed, ...] = ()
    trust: str = ""
    reviewed: frozenset[str] = frozenset()
    offer: str = ""


@frozen
class Refusal:
    """Why a commit may not land: the rule's name, the fact in one sentence, what helps."""

    commit: str
    subject: str
    rule: str
    message: str
    hint: str


def claim(commit: Commit) -> Claim | None:
    """Return what the commit says that it is, or None where it does not say just one thing.

    The words must stand once in the whole message: what git takes for no trailer, a person who
    reads the message would take for one.
    """
    if len(commit.said) != 1 or len(_MENTION.findall(commit.message)) != 1:
        return None
    found = _CLAIM.fullmatch(commit.said[0])
    return Claim(*found.groups()) if found else None


def judge(commit: Commit, facts: Facts) -> tuple[Refusal, ...]:
    """Return why `commit` may not land; empty when everything in it was agreed."""
    if len(commit.parents) > 2:
        words = f"it merges {len(commit.parents)} histories at once, which nothing can check"
        return (refusal(commit, "octopus", words, "merge them one after the other"),)
    found = [*_records(commit), *_trust(commit, facts), *_steering(commit, facts)]
    code = commit.of(Kind.CODE)
    if not code:
        return tuple(found)
    if facts.brought and not commit.is_merge:
        return (*found, *_squashed(commit, code, facts))
    other = [one for one in commit.changed if one.kind is not Kind.CODE]
    if other:
        words = f"it changes code ({code[0].path}) together with {_listed(other)}"
        hint = "put the documents and records in a commit before the code"
        return (*found, refusal(commit, "mixed", words, hint))
    return (*found, *_task(commit, code, facts))


def refusal(commit: Commit, rule: str, message: str, hint: str) -> Refusal:
    """Return a refusal of `commit`."""
    subject = next((line for line in commit.message.splitlines() if line.strip()), "")
    return Refusal(commit.id, subject.strip(), rule, message, hint)


def shown(path: str) -> str:
    """Return `path` as it may stand in a sentence: a line end in it must not begin a new one."""
    return path if path.isprintable() else ascii(path)


def _records(commit: Commit) -> Iterable[Refusal]:
    for one in commit.of(Kind.RECORD):
        if one.was != ABSENT or one.mode != PLAIN:
            act = "removes" if one.mode == ABSENT else "changes"
            if one.was == ABSENT:
                act = "adds as something else than a plain file"
            words = f"it {act} the record {one.path}; records are only ever added"
            yield refusal(commit, "records", words, "take it back: git revert, or rebase without")


def _trust(commit: Commit, facts: Facts) -> Iterable[Refusal]:
    older = next((one.path for one in commit.of(Kind.TRUST) if one.was != ABSENT), "")
    fault = f"{older} was there before, and versions are only ever added" if older else facts.trust
    if fault:
        hint = "add a version that the people of the one before signed"
        yield refusal(commit, "trust", f"the trust file does not hold: {fault}", hint)


def _steering(commit: Commit, facts: Facts) -> Iterable[Refusal]:
    bare = [one for one in commit.of(Kind.STEERING) if one.path not in facts.reviewed]
    if bare:
        words = f"no open review covers {_listed(bare)} as it is at the end"
        hint = "accord approve the review of the change that holds it"
        yield refusal(commit, "steering", words, hint)


def _squashed(commit: Commit, code: tuple[Touch, ...], facts: Facts) -> Iterable[Refusal]:
    """A commit that brings the records of changes with their code: the review binds each byte."""
    hint = "merge or rebase instead of squashing, or have it reviewed as it is now"
    shut = [one for one in facts.brought if one.shut]
    for one in shut:
        words = f"it brings {one.agreed.change} with its code, but {one.shut}"
        yield refusal(commit, "squash", words, hint)
    if shut:
        return
    covered = frozenset[str]().union(*(one.files for one in facts.brought))
    bare = [one for one in code if one.path not in covered]
    if bare:
        words = f"nobody reviewed {_listed(bare)}, which it brings as well"
        yield refusal(commit, "squash", words, hint)
    touches = tuple(
        pattern
        for one in facts.brought
        for task in one.agreed.tasks.values()
        for pattern in task.touches
    )
    yield from _within(
        commit, code, touches, " and ".join(one.agreed.change for one in facts.brought)
    )


def _task(commit: Commit, code: tuple[Touch, ...], facts: Facts) -> tuple[Refusal, ...]:
    named = claim(commit)
    if named is None:
        return (_unclaimed(commit, code, facts),)
    tried = [tuple(_covered(commit, code, named, agreed)) for agreed in facts.agreed]
    if not tried:
        words = f"nothing was agreed before it: {named.change} is not in any parent"
        return (refusal(commit, "not-agreed", words, f"accord show {named.change}"),)
    return min(tried, key=len)


def _unclaimed(commit: Commit, code: tuple[Touch, ...], facts: Facts) -> Refusal:
    mentions = max(len(commit.said), len(_MENTION.findall(commit.message)))
    if mentions > 1:
        words = f"it names {mentions} tasks; a commit is the work of one"
        return refusal(commit, "no-task", words, "make a commit for each task")
    if mentions:
        words = f"its message names a task, but not as a trailer {TRAILER}: CHANGE/TASK@KEY"
        return refusal(commit, "no-task", words, "write it in the last paragraph, on one line")
    if commit.is_merge:
        words = f"{_listed(code)} is not what git makes of the two sides by itself"
        hint = "merge again without edits"
        if facts.offer:
            hint = f"git commit --amend --trailer '{TRAILER}: {facts.offer}' if it is part of that"
        return refusal(commit, "merge", words, hint)
    words = f"it changes {_listed(code)} and names no task"
    return refusal(commit, "no-task", words, "accord new begins a change, accord run builds it")


def _covered(
    commit: Commit, code: tuple[Touch, ...], named: Claim, agreed: Agreed
) -> Iterable[Refusal]:
    show = f"accord show {named.change}"
    work = agreed.tasks.get(named.task)
    if agreed.shut:
        words = f"{named.change} was not agreed before it: {agreed.shut}"
        yield refusal(commit, "not-agreed", words, show)
    elif work is None:
        words = f"{named.change} had no task {named.task} before it"
        yield refusal(commit, "no-task", words, show)
    elif work.key != named.key:
        words = f"it was built from another {named.task} than the one agreed before it"
        yield refusal(commit, "other-key", words, f"accord run {named.change} builds it anew")
    else:
        yield from _within(commit, code, work.touches, f"{named.change}/{named.task}")


def _within(
    commit: Commit, code: tuple[Touch, ...], touches: tuple[str, ...], name: str
) -> Iterable[Refusal]:
    guarded = [one for one in code if is_protected(one.path, touches)]
    if guarded:
        words = f"{_listed(guarded)} steers Accord, an agent, an editor or the CI"
        hint = f"name the path itself under Touches in {name}"
        yield refusal(commit, "protected", words, hint)
    outside = paths.outside((one.path for one in code if one not in guarded), touches)
    if outside:
        words = f"{shown(outside[0])}{_more(len(outside))} is outside the paths of {name}"
        yield refusal(commit, "outside", words, "agree on the path, under Touches, or leave it out")
    for one in code:
        if reason := _fault(one):
            yield refusal(commit, "file", f"{shown(one.path)}: {reason}", "leave it out")


def _fault(touch: Touch) -> str:
    """Return why no task may leave such a file, or an empty string."""
    if SUBMODULE in (touch.was, touch.mode):
        return "it is a submodule, whose code nobody sees here"
    if touch.mode == ABSENT:
        return ""
    if not touch.path.isprintable() or any(True for _ in find_hidden(touch.path)):
        return "its name holds what cannot be seen"
    if touch.mode == LINK and not _stays_inside(touch.path, touch.target):
        return "it is a link that may leave the repository"
    return ""


def _stays_inside(path: str, target: str) -> bool:
    """Tell whether a link stays in the repository, whatever other links are on its way.

    All `..` must come first, where they count real folders; after a name they might step out of
    a folder that is a link itself.
    """
    parts = [part for part in target.split("/") if part not in ("", ".")]
    up = next((at for at, part in enumerate(parts) if part != ".."), len(parts))
    steps_back = ".." in parts[up:] or up > path.count("/")
    in_git = any(part.casefold() == ".git" for part in parts)
    return bool(target) and not (target.startswith("/") or steps_back or in_git)


def _listed(touches: Iterable[Touch]) -> str:
    names = [one.path for one in touches]
    return f"{shown(names[0])}{_more(len(names))}"


def _more(count: int) -> str:
    return f" (and {count - 1} more)" if count > 1 else ""
