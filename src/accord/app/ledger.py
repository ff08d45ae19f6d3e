"""The decisions as they lie in git: on the base, on a change's branch, on those of others."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from attrs import frozen

from accord.app.workshop import Workshop
from accord.approvals.log import read_log
from accord.core import decision_record
from accord.core.approval import Log, Trust
from accord.core.decision_record import FOLDER, Rule
from accord.core.decisions import LOG, SIGNED, Register, register
from accord.core.ports import Entry, FileChange

SHOWN = f"{FOLDER}/shown"
KEPT = 2000
"""As many folders are kept at once."""
_REGULAR = ("100644", "100755")


@frozen
class Ledger:
    """The decisions that hold in one place; `born` are those that the base does not have so."""

    register: Register
    log: Log
    born: frozenset[str] = frozenset()

    @property
    def own(self) -> tuple[Rule, ...]:
        """Return the rules in force that the branch brings."""
        return tuple(one for one in self.register.in_force if one.slug in self.born)


def on_base(workshop: Workshop) -> Ledger:
    """Return the decisions on the base branch, which are shared by everybody."""
    return _shared(workshop, workshop.repo.resolve(workshop.base))


def on_branch(workshop: Workshop, tip: str) -> Ledger:
    """Return the decisions that hold on a branch at `tip`: its own, with those of the base."""
    base = workshop.repo.resolve(workshop.base)
    above = _entries(workshop, tip)
    if above.items() <= _entries(workshop, base).items():
        return _shared(workshop, base)  # it has none of its own, as most branches
    return _read(workshop, base, tip, above)


def _read(workshop: Workshop, base: str, tip: str, above: Mapping[str, Entry]) -> Ledger:
    below = _entries(workshop, base)
    if not below and not above:
        return Ledger(Register({}, ()), Log())
    altered: tuple[tuple[str, str], ...] = ()
    if any(path.startswith("signed/") and below.get(path) != one for path, one in above.items()):
        altered = workshop.repo.altered(base, [tip], SIGNED)
    said = tuple(f"{path} was changed or removed in commit {commit}" for path, commit in altered)
    born = frozenset(
        path.removesuffix(".md") for path, one in above.items()
        if path.endswith(".md") and "/" not in path and below.get(path) != one
    )  # fmt: skip
    # The branch comes first: what it says of its own decisions is newer than what it left.
    files: dict[str, list[bytes]] = {}
    signed: dict[str, bytes] = {}
    for entries in (above, below):
        for path, entry in entries.items():
            if path.startswith("signed/"):
                signed[path.removeprefix("signed/")] = _bytes(workshop, entry)
            elif path.endswith(".md") and "/" not in path:
                files.setdefault(path.removesuffix(".md"), []).append(_bytes(workshop, entry))
    texts = tuple((slug, tuple(found)) for slug, found in sorted(files.items()))
    found, log = _judged(texts, tuple(sorted(signed.items())), _Trusted(workshop.trust), said)
    return Ledger(found, log, born)


class _Trusted:
    """A trust file as a key: it is the same when its bytes and its people are."""

    def __init__(self, trust: Trust) -> None:
        self.trust = trust
        self._key = (trust.digest, trust.project, trust.version, repr(trust))

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Trusted) and self._key == other._key


@lru_cache(maxsize=8)
def _judged(
    texts: tuple[tuple[str, tuple[bytes, ...]], ...], signed: tuple[tuple[str, bytes], ...],
    trusted: _Trusted, altered: tuple[str, ...],
) -> tuple[Register, Log]:  # fmt: skip
    """Return the register for these bytes; kept while the process lives, since many ask for it."""
    log = read_log(LOG, dict(signed), trusted.trust)
    return register(dict(texts), log, trusted.trust, altered=altered), log


_FOLDERS: dict[tuple[str, str], Mapping[str, Entry]] = {}
_SHARED: dict[tuple[str, str, _Trusted], Ledger] = {}


def _shared(workshop: Workshop, base: str) -> Ledger:
    """Return the decisions in the base's commit. One base is kept at a time."""
    key = (str(workshop.state), base, _Trusted(workshop.trust))
    if key not in _SHARED:
        _SHARED.clear()
        _SHARED[key] = _read(workshop, base, "", {})
    return _SHARED[key]


def _entries(workshop: Workshop, commit: str) -> Mapping[str, Entry]:
    """Return the folder in a commit; a commit stays as it is, and a board asks for hundreds."""
    if not commit:
        return {}
    key = (str(workshop.state), commit)
    if key not in _FOLDERS:
        if len(_FOLDERS) >= KEPT:
            _FOLDERS.clear()
        _FOLDERS[key] = workshop.repo.folder(commit, FOLDER)
    return _FOLDERS[key]


def _bytes(workshop: Workshop, entry: Entry) -> bytes:
    # A link would show another text on another machine, so it is none.
    return workshop.repo.blob(entry.id) if entry.mode in _REGULAR else b"a link is no decision"


def staged(workshop: Workshop, branches: Iterable[tuple[str, str]]) -> dict[str, list[Rule]]:
    """Map each change to the rules in force on its branch alone; `branches` are (name, tip)."""
    found = {}
    below = _entries(workshop, workshop.repo.resolve(workshop.base))
    for name, tip in branches:
        above = _entries(workshop, tip)
        own = any(path.endswith(".md") and below.get(path) != one for path, one in above.items())
        if own and (rules := on_branch(workshop, tip).own):
            found[name] = list(rules)
    return found


def slugs(workshop: Workshop, tip: str) -> frozenset[str]:
    """Return the names of the decisions that lie on a branch, in force or not."""
    return frozenset(path.removesuffix(".md") for path in _entries(workshop, tip)
                     if path.endswith(".md") and "/" not in path)  # fmt: skip


def is_signed(workshop: Workshop, held: Ledger, fork: str, one: FileChange) -> bool:
    """Tell whether a change to the folder of decisions stands by itself, so that no gate covers it.

    That is a new file, a note of what was shown, and a text whose signed part is the one that the
    records are about. Whatever else differs since `fork`, a record or a rule that was taken away
    above all, is for the people who review the change.
    """
    inside = one.path.removeprefix(f"{FOLDER}/")
    if inside == one.path or not one.id:
        return False
    if inside.startswith("shown/") or workshop.repo.read(fork, one.path) is None:
        return True
    entry = held.register.entries.get(inside.removesuffix(".md"))
    rule, faults = decision_record.read(inside.removesuffix(".md"), workshop.repo.blob(one.id))
    return bool(entry and rule and not faults and rule.digest == entry.rule.digest)
