"""Check a range of commits as a third party would: with the rules of its base, and git alone.

No state of Accord's is needed. What the range says about the rules themselves (other people in
the trust file, another configuration) has no say in how the range is judged.
"""

from collections.abc import Iterable, Sequence

from attrs import define, evolve, field, frozen

from accord.app import config as configuration
from accord.app import waivers
from accord.app.reading import form_of, spec_of
from accord.approvals.log import read_log
from accord.approvals.records import FOLDER
from accord.approvals.trust import FOLDER as TRUST
from accord.approvals.trust import TrustError, read_trust
from accord.core import assignments, gates, policy
from accord.core.approval import Log, Trust
from accord.core.lifecycle import (
    PLAIN,
    SUBMODULE,
    Agreed,
    Commit,
    Facts,
    Kind,
    Refusal,
    Reviewed,
    Work,
    claim,
    judge,
    refusal,
    shown,
)
from accord.core.model import SPEC_STAGES, Spec, Stage, Track, sha256
from accord.core.paths import outside
from accord.core.policy import Policy
from accord.core.ports import Entry, Repo
from accord.errors import ConfigurationError, RefusedError
from accord.formats.registry import Format

DELETED = sha256(b"deleted")


@frozen
class Audit:
    """What was found in a range: how many commits it has, what may not land, what to know."""

    base: str
    head: str
    commits: int
    trust: str
    refused: tuple[Refusal, ...]
    notes: tuple[str, ...]


@frozen
class Basis:
    """What the base says: who may approve, what holds, which changes it has already.

    `policies` are those that the range may have been approved under: that of the base, and those
    of the older commits of the base that the range grew from. `first` is the sha256 of version 1
    of the trust file.
    """

    commit: str
    trust: Trust
    first: str
    policies: tuple[Policy, ...]
    released: frozenset[str]


@frozen
class _State:
    """One change in one commit: its documents, its records, and what follows from them."""

    spec: Spec
    log: Log
    agreed: Agreed
    policy: Policy


@define
class _Reader:
    """Reads changes out of commits; what was read once is kept, by the ids of its files."""

    repo: Repo
    basis: Basis
    _states: dict[tuple[object, ...], _State] = field(factory=dict, init=False)
    _logs: dict[tuple[object, ...], Log] = field(factory=dict, init=False)

    def state(self, commit: str, change: str) -> _State:
        """Return how `change` stands in `commit`."""
        records = self.repo.folder(commit, f"{FOLDER}/{change}")
        log = self._log(change, records)
        form = form_of(log)
        documents = self.repo.folder(commit, form.home(change))
        key = (change, frozenset(documents.items()), frozenset(records.items()))
        if key not in self._states:
            self._states[key] = self._read(change, documents, log, form)
        return self._states[key]

    def reviewed(self, commit: str, change: str) -> Reviewed:
        """Return what people reviewed of `change`, held against the files of `commit`."""
        state = self.state(commit, change)
        last = [one.approval for one in state.log.signed if one.approval.gate == Stage.REVIEW]
        newest = max((one.round for one in last), default=0)
        names = {name for one in last if one.round == newest for name in one.items}
        files = {name: self._digest(commit, name) for name in names}
        # That every task was built is what the person saw who approved the review.
        facts = evolve(_facts(state, self.basis.trust), files=files, built=True)
        gate = gates.current(gates.standings(facts))
        shut = f"its {gate.stage} is not open: {gate.reason}" if gate else ""
        return Reviewed(state.agreed, shut, frozenset(names))

    def _log(self, change: str, records: dict[str, Entry]) -> Log:
        key = (change, frozenset(records.items()))
        if key not in self._logs:
            files = {path: self.repo.blob(entry.id) for path, entry in records.items()}
            self._logs[key] = read_log(change, files, self.basis.trust)
        return self._logs[key]

    def _read(self, change: str, documents: dict[str, Entry], log: Log, form: Format) -> _State:
        texts = {path: self.repo.blob(entry.id) for path, entry in documents.items()}
        links = {
            path: f"{entry.mode} {entry.id}\n".encode()
            for path, entry in documents.items()
            if entry.mode not in (PLAIN, "100755")
        }
        spec, _ = spec_of(texts, links, form)
        found = [_agreed(change, spec, log, self.basis, each) for each in self.basis.policies]
        return next((one for one in found if not one.agreed.shut), found[0])

    def _digest(self, commit: str, path: str) -> str:
        """Return what a review binds of `path`: the sha256 of its mode and bytes."""
        entry = self.repo.entry(commit, path)
        if entry is None:
            return DELETED
        data = entry.id.encode() if entry.mode == SUBMODULE else self.repo.blob(entry.id)
        return sha256(f"{entry.mode}\n".encode() + data)


def basis(repo: Repo, base: str, commits: Sequence[Commit], *, root: str = "") -> Basis:
    """Return what the commit `base` says, for judging `commits`.

    `root` is the sha256 that version 1 of the trust file must have. Raises ConfigurationError
    where the base has no Accord, and RefusedError where its trust file does not hold or is
    another than `root`.
    """
    settings = repo.read(base, configuration.PATH)
    files = _trust_files(repo, base)
    if settings is None or "v1.json" not in files:
        raise ConfigurationError(
            "Accord is not set up on the base, so there are no rules to check by",
            hint="commit what accord init makes there first",
        )
    first = sha256(files["v1.json"])
    if root and root != first:
        raise RefusedError(
            f"the trust file of the base begins with {first[:12]}, and {root[:12]} is pinned",
            hint="compare .accord/trust/v1.json with what the people who approve know",
        )
    current = configuration.read(settings).policy
    return Basis(base, read_trust(files), first, (current, *_older(repo, commits, settings)),
                 frozenset(repo.names(base, FOLDER)))  # fmt: skip


def audit(repo: Repo, base: Basis, head: str, commits: Sequence[Commit]) -> Audit:
    """Return what may not land of `commits`, which lead from the base to `head`, parents first."""
    reader = _Reader(repo, base)
    touched = {one.change for each in commits for one in each.of(Kind.RECORD)} - {""}
    own = sorted(touched - base.released)
    reviewed: frozenset[str] = frozenset()
    if any(each.of(Kind.STEERING) for each in commits):
        found = [reader.reviewed(head, change) for change in own]
        reviewed = reviewed.union(*(one.files for one in found if not one.shut))
    refused: list[Refusal] = []
    spent: dict[str, _Spent] = {}
    for commit in commits:
        facts = _around(reader, commit, reviewed)
        refused += judge(commit, facts)
        _count(spent, commit, facts)
    refused += _unsound(reader, head, commits, sorted(touched))
    refused += _oversized(reader, head, spent)
    if any(each.of(Kind.TRUST) for each in commits):
        # Two commits may each hold while what they were merged into does not.
        fault = _trust_fault(repo, base, head)
        if fault and not any(one.rule == "trust" for one in refused):
            words = f"the trust file does not hold at the end: {fault}"
            refused.append(refusal(commits[-1], "trust", words, "keep the versions of the base"))
    return Audit(base.commit, head, len(commits), base.first, tuple(refused),
                 tuple(_notes(commits)))  # fmt: skip


def _around(reader: _Reader, commit: Commit, reviewed: frozenset[str]) -> Facts:
    """Gather what the rule has to know around one commit, and no more."""
    base, repo = reader.basis, reader.repo
    trust = _trust_fault(repo, base, commit.id) if commit.of(Kind.TRUST) else ""
    facts = Facts(trust=trust, reviewed=reviewed)
    if not commit.of(Kind.CODE):
        return facts
    brought = {one.change for one in commit.of(Kind.RECORD)} - base.released
    if brought and not commit.is_merge:
        found = tuple(reader.reviewed(commit.id, change) for change in sorted(brought))
        return evolve(facts, brought=found)
    named = claim(commit)
    if named is not None:
        agreed = (_before(reader, parent, named.change) for parent in commit.parents)
        return evolve(facts, agreed=tuple(agreed))
    return evolve(facts, offer=_offer(reader, commit)) if commit.is_merge else facts


def _before(reader: _Reader, parent: str, change: str) -> Agreed:
    """Return what was agreed about `change`. One that is released is over: it allows no more."""
    if change in reader.basis.released:
        return Agreed(change, "it is on the base already, and what was agreed there is done")
    return reader.state(parent, change).agreed


def _offer(reader: _Reader, commit: Commit) -> str:
    """Return the trailer of a task that a merge made by hand could be part of, or ''."""
    code = [one.path for one in commit.of(Kind.CODE)]
    for parent in commit.parents:
        for change in reader.repo.names(parent, FOLDER):
            agreed = _before(reader, parent, change)
            for name, work in agreed.tasks.items() if not agreed.shut else ():
                if code and not outside(code, work.touches):
                    return f"{change}/{name}@{work.key}"
    return ""


def _agreed(change: str, spec: Spec, log: Log, base: Basis, rules: Policy) -> _State:
    """Return how a change stands under one policy: open for code, or shut, and why."""
    track = gates.track(log, base.trust)
    tasks = assignments.tasks(track, spec, gates.sentence(log), rules.verify)
    keys = assignments.keys(spec, tasks, log)
    state = _State(spec, log, Agreed(change, ""), rules)
    gate = gates.current(gates.standings(_facts(state, base.trust)))
    shut = ""
    if gate is not None and (log.unsound or gate.stage in SPEC_STAGES):
        shut = gate.reason if log.unsound else f"the {gate.stage} is not open: {gate.reason}"
    work = {task.id: Work(keys[task.id], task.touches) for task in tasks}
    return evolve(state, agreed=Agreed(change, shut, track, work))


def _facts(state: _State, trust: Trust) -> gates.Facts:
    return gates.Facts(state.spec, state.log, trust, state.policy.digest(), {})


def _older(repo: Repo, commits: Sequence[Commit], settings: bytes) -> Iterable[Policy]:
    """Yield the policies of the commits of the base that the range grew from, each once."""
    inside = {one.id for one in commits}
    seen = {settings}
    for parent in dict.fromkeys(parent for one in commits for parent in one.parents):
        data = repo.read(parent, configuration.PATH) if parent not in inside else None
        if data is None or data in seen:
            continue
        seen.add(data)
        try:
            yield configuration.read(data).policy
        except ConfigurationError:  # nothing was ever approved under what cannot be read
            continue


def _trust_files(repo: Repo, commit: str) -> dict[str, bytes]:
    return {name: repo.read(commit, f"{TRUST}/{name}") or b"" for name in repo.names(commit, TRUST)}


def _trust_fault(repo: Repo, base: Basis, commit: str) -> str:
    """Return why the trust file of `commit` does not follow from that of the base, or ''."""
    before, after = _trust_files(repo, base.commit), _trust_files(repo, commit)
    other = [name for name in before if name in after and after[name] != before[name]]
    if other:
        return f"{other[0]} is not what it is on the base"
    try:
        read_trust(after, root=base.first)
    except TrustError as error:
        return error.message.rstrip(".")
    return ""


def _unsound(
    reader: _Reader, head: str, commits: Sequence[Commit], changes: Sequence[str]
) -> Iterable[Refusal]:
    """Refuse records that do not verify, where they were added or last touched."""
    for change in changes:
        for one in reader.state(head, change).log.unsound[:1]:
            about = [
                each for each in commits if any(touch.change == change for touch in each.changed)
            ]
            exact = [
                each
                for each in about
                if any(touch.path.endswith(f"/{one.file}") for touch in each.changed)
            ]
            words = f"in the records of {change}, {one.reason.rstrip('.')}"
            yield refusal((exact or about)[-1], "records", words, "take it out of the range")


@define
class _Spent:
    """What a change on a smaller track took so far: the loosest track, its files, its lines."""

    track: Track
    files: set[str]
    lines: int
    last: Commit


def _count(spent: dict[str, _Spent], commit: Commit, facts: Facts) -> None:
    named = claim(commit)
    everyone = [one.agreed for one in facts.brought] or [
        one for one in facts.agreed if not one.shut and named and named.task in one.tasks
    ][:1]
    for agreed in everyone:
        code = commit.of(Kind.CODE)
        one = spent.setdefault(agreed.change, _Spent(agreed.track, set(), 0, commit))
        one.track = min(one.track, agreed.track, key=list(Track).index)
        one.files |= {touch.path for touch in code}
        one.lines += sum(touch.lines for touch in code)
        one.last = commit


def _oversized(reader: _Reader, head: str, spent: dict[str, _Spent]) -> Iterable[Refusal]:
    """Refuse a change that became larger than its track, unless people signed that it may."""
    rules = reader.basis.policies[0]
    for change, one in spent.items():
        if one.track is Track.FULL:
            continue
        size = policy.Size(len(one.files), min(one.lines, _net(reader, head, one)))
        found = policy.outgrown(one.track, size, sorted(one.files), rules)
        if found is None:
            continue
        state = reader.state(head, change)
        signed = [
            each for each in state.log.signed
            if waivers.is_waiver(each, "size") and waivers.covers(each.approval.details, found)
        ]  # fmt: skip
        waived = not state.log.unsound and waivers.enough(reader.basis.trust, signed, "size")
        now = state.agreed
        stepped_up = now.track is not one.track and not now.shut
        fits = policy.outgrown(now.track, size, sorted(one.files), rules) is None
        if not waived and not (stepped_up and fits):
            hint = f"accord approve {change} --track full, or --waive 'why it may stay'"
            yield refusal(one.last, "size", f"{change}: {found}", hint)


def _net(reader: _Reader, head: str, one: _Spent) -> int:
    """Return the lines that the range leaves changed in the files of a change."""
    start = reader.repo.fork(reader.basis.commit, head)
    return sum(each.lines for each in reader.repo.changed(start, head) if each.path in one.files)


def _notes(commits: Sequence[Commit]) -> Iterable[str]:
    """Say which rules the range itself would change, once it is on the base."""
    trust = {one.path for each in commits for one in each.of(Kind.TRUST)}
    steering = {one.path for each in commits for one in each.of(Kind.STEERING)}
    for path in sorted(trust | steering):
        yield f"{shown(path)} is edited; it counts once it is on the base"
