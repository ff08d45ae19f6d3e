"""What Accord asks of the world, as protocols; the adapters that answer are chosen in `wiring`."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from attrs import field, frozen

from accord.core.approval import Json
from accord.core.breakage import Breakage
from accord.core.cones import WHOLE, Want
from accord.core.fingerprint import Symbol
from accord.core.keeping import Merge
from accord.core.orders import AgentEvent, AgentOrder, AgentReport, Question


class Agent(Protocol):
    """Runs agents outside this process, so that a run outlives whoever asked for it."""

    def start(self, order: AgentOrder) -> None:
        """Start the run, or do nothing when it runs or ran already. Raises AgentError."""

    def report(self, run_id: str) -> AgentReport | None:
        """Return the report of a finished run, None while it is under way or was never started."""

    def order(self, run_id: str) -> AgentOrder | None:
        """Return what a run was given, None when there is no record of it."""

    def is_running(self, run_id: str) -> bool:
        """Tell whether the run's process is alive."""

    def transcript(self, run_id: str) -> list[AgentEvent]:
        """Return what is known so far of what the run said and did."""

    def trail(self, run_id: str) -> tuple[str, ...]:
        """Return the files that change as a run goes on and when it ends, for who watches it."""

    def door(self, run_id: str) -> str:
        """Return the folder in which the gateway of a run listens, on the socket DOOR in it."""

    def home(self, run_id: str) -> str:
        """Return the folder that is the agent's home in its box while its run lasts."""

    def questions(self) -> tuple[Question, ...]:
        """Return what agents asked and nobody has answered, the oldest first."""

    def reply(self, question: Question, words: str) -> None:
        """Give the agent that asked its answer. Raises AgentError where it cannot be kept."""

    def go_on(self, run_id: str, beside: str = "") -> bool:
        """Let a run that asked go on where all is answered; tell whether it does.

        Its agent is told `beside` with the answers. Raises AgentError when it cannot be started.
        """

    def let_go(self, prefix: str, but: str = "") -> None:
        """End the runs that asked and wait, of those whose ids begin with `prefix`; not with `but`.

        Their questions are withdrawn, and what was kept to go on with is deleted.
        """

    def proposals(self, run_id: str) -> tuple[tuple[str, str], ...]:
        """Return the decisions that a run's agent proposed: statements and reasons, its claims."""

    def stop(self, run_id: str) -> None:
        """End a run that is not over, with all it started. Raises AgentError if it cannot."""


@frozen
class CommandRun:
    """One command that Accord itself ran: how it ended and what it printed (the tail, cleaned).

    `reports` are the JUnit reports that were written, `coverage` is the data of coverage.py.
    `unready` tells that it is the set-up of a checkout, which failed, and that nothing else ran.
    """

    command: tuple[str, ...]
    exit_status: int | None
    output: str
    reports: tuple[bytes, ...] = field(default=(), repr=False)
    coverage: bytes | None = field(default=None, repr=False)
    timed_out: bool = False
    missing: bool = False
    unready: bool = False


@frozen
class Walls:
    """What a process in a box can reach: the system's programs, this, and nothing else.

    `writable` and `protected` name folders or files by their paths in `workdir` (`.` is all of
    it): the first may be written, the second may not even where they lie in a writable one and
    even where they are absent. All of `workdir` and each absolute path in `visible` can be read.
    `door` is the folder of the gateway's socket; without one there is no network at all, unless
    `network` gives the machine's own, which a level may refuse to do. `home` is the folder outside
    that is the home inside; without one the home is empty and is forgotten. `shared` are absolute
    paths of folders that can be written as well, `variables` what `Sandbox.run` adds to the
    environment, `reports` patterns of the JUnit reports that it looks for in `workdir`.
    """

    workdir: str
    writable: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    visible: tuple[str, ...] = ()
    door: str = ""
    network: bool = False
    home: str = ""
    shared: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    reports: tuple[str, ...] = ()


class Sandbox(Protocol):
    """Puts walls around a command. Level 1 is none at all, and says so."""

    level: int
    gaps: tuple[str, ...]

    def prefix(self, walls: Walls) -> tuple[str, ...]:
        """Return the words to put before the command of an agent."""

    def run(self, command: Sequence[str], walls: Walls, timeout_s: float) -> CommandRun:
        """Run a command that a person approved, with a cleaned environment; never raises for it."""


class Breaks(Protocol):
    """Breaks symbols on purpose."""

    def __call__(self, path: str, data: bytes, name: str, most: int) -> tuple[Breakage, ...]:
        """Return up to `most` ways to break the symbol `name` of a file, the plainest first."""


@frozen
class Executed:
    """The lines of one file that ran while a test did; `context` names the test.

    Where it is empty they ran while none did: as modules were loaded and fixtures made.
    """

    path: str
    context: str
    lines: frozenset[int]


class Coverage(Protocol):
    """Reads what a run under coverage.py left; whoever ran could have written anything there."""

    def __call__(self, data: bytes) -> tuple[Executed, ...]:
        """Return which lines each test ran. Raises ValueError for bytes that are no such data."""


class Symbols(Protocol):
    """Takes files of code apart into their symbols."""

    def __call__(self, path: str, data: bytes) -> tuple[Symbol, ...] | None:
        """Return the symbols of a file; None where its language is not known."""


class Clock(Protocol):
    """The time, so that the rules never ask for it themselves."""

    def now(self) -> str:
        """Return the present moment in UTC as `2026-06-01T10:00:00Z`."""


@frozen
class Entry:
    """One file in a tree: its mode as six octal digits and the id of its blob."""

    mode: str
    id: str


@frozen
class FileChange:
    """One path that differs: its new mode, its new blob (empty: deleted), lines added or taken."""

    path: str
    mode: str
    id: str
    lines: int


@frozen
class Harvest:
    """What was taken from a worktree: a commit on top of `base`, or none when nothing changed.

    `parked` names what was left out and why; the whole worktree, parked files included, is kept
    under `snapshot`.
    """

    commit: str
    changed: tuple[str, ...]
    parked: tuple[tuple[str, str], ...]
    snapshot: str


class Repo(Protocol):
    """The person's repository. Commits are named by their ids, paths are relative to its root."""

    def refs(self, prefix: str) -> dict[str, str]:
        """Map each ref below `prefix` to the commit that it points at."""

    def resolve(self, name: str) -> str:
        """Return the id of the commit called `name`, or an empty string."""

    def read(self, commit: str, path: str) -> bytes | None:
        """Return the bytes of `path` in `commit`, or None."""

    def blob(self, oid: str) -> bytes:
        """Return the bytes of the blob `oid`; empty when there is none."""

    def folder(self, commit: str, path: str) -> dict[str, Entry]:
        """Return every file below the folder `path` of `commit`, as paths below it."""

    def names(self, commit: str, path: str) -> tuple[str, ...]:
        """Return the names of what is in the folder `path` of `commit`, one level."""

    def entry(self, commit: str, path: str) -> Entry | None:
        """Return the mode and id of the file `path` of `commit`, or None."""

    def tree(self, commit: str) -> str:
        """Return the id of the tree of `commit`."""

    def fork(self, one: str, other: str) -> str:
        """Return the commit where two commits parted."""

    def contains(self, commit: str, ancestor: str) -> bool:
        """Tell whether `ancestor` is part of the history of `commit`."""

    def changed(self, base: str, head: str) -> tuple[FileChange, ...]:
        """Return the files that differ between two commits."""

    def trailers(self, base: str, head: str, name: str) -> tuple[str, ...]:
        """Return the values of the trailer `name` in the commits after `base` up to `head`."""

    def marked(self, base: str, head: str, name: str) -> tuple[tuple[str, str], ...]:
        """Return (commit, value) for each trailer `name` after `base`, the oldest first."""

    def touching(self, head: str, path: str, limit: int) -> tuple[tuple[str, str], ...]:
        """Return (commit, author) of the last `limit` commits up to `head` that changed `path`."""

    def messages(self, head: str, limit: int) -> tuple[tuple[str, str], ...]:
        """Return (commit, message) of the last `limit` commits up to `head` that are no merges."""

    def tags(self, commit: str) -> tuple[str, ...]:
        """Return the names of the tags in the history of `commit`."""

    def began(self, head: str, path: str) -> str:
        """Return the commit of the first parents up to `head` that first had `path`, or ''."""

    def altered(self, base: str, refs: Sequence[str], path: str) -> tuple[tuple[str, str], ...]:
        """Return (path, commit) for each file below `path` that history changed or removed."""

    def authors(self, base: str, head: str, *paths: str) -> tuple[str, ...]:
        """Return the names of those who wrote any of `paths` after `base`, each once."""

    def introduced(self, base: str, head: str, path: str) -> str:
        """Return the commit after `base` up to `head` that added `path`, or an empty string.

        Without a base the whole history of `head` is looked at.
        """

    def commit(
        self, parent: str, files: Mapping[str, bytes | None], message: str, author: str
    ) -> str:
        """Return a new commit on `parent` with `files` written; None deletes."""

    def merge(self, ours: str, theirs: str, union: Sequence[str] = ()) -> Merge:
        """Merge two commits without touching a checkout.

        Where files that match a pattern of `union` conflict, the lines of both sides are taken.
        """

    def join(self, tree: str, parents: Sequence[str], message: str, author: str) -> str:
        """Return a new commit of `tree` with `parents`."""

    def move(self, ref: str, new: str, old: str, reason: str) -> None:
        """Move `ref` from `old` (empty: absent) to `new` (empty: delete), checkout included.

        Raises RefusedError when edits in that checkout are in the way, ConflictError when the
        ref is somewhere else by now; in both cases nothing is touched.
        """

    def adopt(self, ref: str, new: str, old: str, paths: Sequence[str], reason: str) -> None:
        """Move `ref` to a commit of what already lies in its checkout at `paths`."""

    def settle(self, ref: str, old: str, new: str) -> None:
        """Finish a move that was cut off between the ref and the checkout; else do nothing."""

    def checkout_of(self, ref: str) -> str:
        """Return the folder where the branch `ref` is checked out, or an empty string."""

    def checkouts(self) -> Mapping[str, str]:
        """Map each branch that is checked out somewhere to the folder where it is."""

    def sight(self) -> tuple[str, ...]:
        """Return what git reads in any worktree, as absolute paths; no configuration, no hook."""

    def ignored(self, folder: str, paths: Sequence[str]) -> tuple[str, ...]:
        """Return those of `paths` that git ignores in the checkout at `folder`."""

    def worktree(self, key: str, commit: str, want: Want = WHOLE) -> str:
        """Return the folder of the worktree `key`, at `commit`; RefusedError where no room is."""

    def reopen(self, key: str, base: str) -> None:
        """Make sure that the worktree `key`, made at `base`, can be seen as it was left.

        Raises RefusedError where it cannot.
        """

    def drop_worktree(self, key: str) -> None:
        """Delete the agents' worktree called `key`."""

    def harvest(
        self, key: str, base: str, allowed: Sequence[str], *, message: str, author: str
    ) -> Harvest:
        """Take what an agent wrote in the worktree `key`, as a commit on `base`."""

    def export(self, commit: str, target: str) -> None:
        """Write the files of `commit` into the folder `target`, without a git directory."""

    def close(self) -> None:
        """End what was started for reading."""


class Remote(Protocol):
    """The repository by which branches travel between clones; `name` is what git calls it."""

    @property
    def name(self) -> str:
        """Return its name."""

    def fetch(self) -> None:
        """Learn where the refs of the remote are. Raises ConfigurationError where it is no use."""

    def far(self) -> dict[str, str]:
        """Map each ref of the remote that matters to its commit, by its name there."""

    def push(self, moves: Mapping[str, tuple[str, str]]) -> bool:
        """Move all of these refs from old to new (empty: absent) or none; tell whether they did."""

    def fetch_snapshots(self, prefixes: Sequence[str]) -> None:
        """Fetch the snapshots whose names begin with any of `prefixes`."""

    def push_snapshots(self) -> None:
        """Bring every snapshot of this clone to the remote."""


@frozen
class Operation:
    """One mutation: who did what to which change, and each ref it moved, before and after.

    A file of a checkout that it changed stands there by its absolute path, with its mode in octal
    digits and the sha256 of its bytes; empty for one that is not there.
    """

    actor: str
    verb: str
    change: str
    detail: str
    refs: Mapping[str, tuple[str, str]]
    at: str = ""
    number: int = 0
    undoes: int = 0


class Journal(Protocol):
    """The operation log, and the notes of finished work; it decides nothing, it can be deleted."""

    def begin(self, operation: Operation) -> int:
        """Write down an operation that is about to happen; return its number."""

    def finish(self, number: int) -> None:
        """Mark it as done."""

    def void(self, number: int) -> None:
        """Mark it as one that did not happen."""

    def operations(
        self, *, change: str = "", pending: bool = False, limit: int = 0
    ) -> tuple[Operation, ...]:
        """Return the operations done (or pending), the newest first; `limit` at most (0: all)."""

    def note(self, key: str, value: Mapping[str, Json]) -> None:
        """Keep a small fact under `key`, in place of an earlier one."""

    def noted(self, prefix: str) -> dict[str, dict[str, Json]]:
        """Return the facts whose keys begin with `prefix`."""

    def at_once(self) -> AbstractContextManager[None]:
        """Let all that is read until this is left be read as it is now, and be asked for once."""

    def close(self) -> None:
        """Close the file."""
