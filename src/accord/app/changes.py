"""Changes as they stand: found on their branches, read from the tree, judged by the core."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property

from attrs import define, evolve, frozen

from accord.app import desk, folding, identifying, reading, ruling, spec_bases, waivers, writers
from accord.app.identifying import ledger as ledger_of
from accord.app.ledger import Ledger, is_signed, on_branch
from accord.app.workshop import CHANGES, Workshop
from accord.approvals.log import read_log
from accord.approvals.records import FOLDER
from accord.core import assignments, checks, gates, identity, policy
from accord.core.approval import Approval, Log
from accord.core.checks import Finding, Severity
from accord.core.decision_record import FOLDER as DECISIONS
from accord.core.identity import Known
from accord.core.model import (
    SPEC_STAGES,
    STAGES,
    Spec,
    Stage,
    Task,
    Track,
    sha256,
)
from accord.core.ports import FileChange
from accord.errors import ConfigurationError
from accord.formats.registry import Format

TRAILER = "Spec-Task"
DELETED = sha256(b"deleted")
REGULAR = ("100644", "100755")
SUBMODULE = "160000"


@frozen
class Found:
    """Where a change was found: its name, its branch, the branch's tip."""

    change: str
    ref: str
    tip: str


@define(slots=False)
class Change:
    """One change. What is cheap is read at once; what costs git is read when first asked for.

    `edited` names documents that differ on the desk from the branch; `spec` has them as edited.
    `form` is the format that they are written in and `folder` where they lie.
    """

    workshop: Workshop
    found: Found
    spec: Spec
    unreadable: tuple[Finding, ...]
    log: Log
    edited: tuple[str, ...]
    form: Format
    folder: str

    @property
    def name(self) -> str:
        """Return the change's name."""
        return self.found.change

    @property
    def opening(self) -> Approval | None:
        """Return the record that opened the change, or None."""
        return gates.latest_track(self.log, self.workshop.trust)

    @property
    def track(self) -> Track:
        """Return the track that the signed records set."""
        return gates.track(self.log, self.workshop.trust)

    @property
    def sentence(self) -> str:
        """Return the sentence that the change began with."""
        return gates.sentence(self.log)

    @property
    def title(self) -> str:
        """Return the title of the first document, else the sentence."""
        titles = (one.title for one in self.spec.documents if one.title and one.title != one.path)
        return next(titles, self.sentence or self.name)

    @cached_property
    def fork(self) -> str:
        """Return the commit where the change left the base."""
        return self.workshop.repo.fork(self.workshop.base, self.found.tip)

    @cached_property
    def ledger(self) -> Ledger:
        """Return the decisions that hold for this change."""
        return on_branch(self.workshop, self.found.tip)

    @cached_property
    def code(self) -> tuple[FileChange, ...]:
        """Return what the change did outside its own records and documents.

        A trivial change has no documents: what lies in its spec folder counts like anything else.
        """
        own = [f"{FOLDER}/{self.name}/", ledger_of(self.folder), spec_bases.ledger(self.name)]
        if self.track is not Track.TRIVIAL:
            own.append(f"{self.folder}/")
        every = self.workshop.repo.changed(self.fork, self.found.tip)
        kept = (one for one in every if not one.path.startswith(tuple(own)))
        signed = f"{DECISIONS}/"  # a decision is nothing until it is signed, and then it is covered
        return tuple(
            one for one in kept if not one.path.startswith(signed)
            or not is_signed(self.workshop, self.ledger, self.fork, one)
        )  # fmt: skip

    @cached_property
    def files(self) -> dict[str, str]:
        """Map each path of `code` to the sha256 of its mode and bytes."""
        repo = self.workshop.repo

        def digest(one: FileChange) -> str:
            # A submodule has no bytes here: what it points at is what is approved.
            data = one.id.encode() if one.mode == SUBMODULE else repo.blob(one.id)
            return sha256(f"{one.mode}\n".encode() + data)

        return {one.path: digest(one) if one.id else DELETED for one in self.code}

    @cached_property
    def code_digest(self) -> str:
        """Return what evidence is about: the code as changed and the commit that it left."""
        listed = [f"{path}={digest}" for path, digest in sorted(self.files.items())]
        # A path in git is bytes, which need not be text.
        return sha256("\n".join([self.fork, *listed]).encode(errors="surrogateescape"))

    def findings_at(self, stage: Stage) -> tuple[Finding, ...]:
        """Return the findings in the documents up to `stage`, leaving later ones out of sight."""
        if stage not in self._found:
            self._found[stage] = self._find(stage)
        return self._found[stage]

    @cached_property
    def _found(self) -> dict[Stage, tuple[Finding, ...]]:
        """Keep what was found: a gate asks for it many times."""
        return {}

    def _find(self, stage: Stage) -> tuple[Finding, ...]:
        small = self.track is Track.SMALL
        following = () if small else SPEC_STAGES[SPEC_STAGES.index(stage) + 1 :]
        later = [self.spec.layout.documents[one] for one in following]
        documents = tuple(one for one in self.spec.documents if one.path not in later)
        verify = self.workshop.config.policy.verify
        found = checks.check(
            Spec(documents, self.spec.layout), default_verify=verify, tasks_in_story=small
        )
        form = self.form
        kept = tuple(form.said(one) for one in found if one.rule not in form.silent)
        others = (*folding.findings(self, stage), *ruling.findings(self, stage))
        return self.unreadable or (*kept, *self._shifted(), *others)

    def _shifted(self) -> Iterator[Finding]:
        """Yield what another item than before answers to, in a format that counts positions.

        It is shown at the gate and keeps it open to a decision: to approve is what settles it.
        """
        for one in identifying.findings(self.ids, self.spec) if self.ids else ():
            yield evolve(one, severity=Severity.WARNS)

    def blocking_at(self, stage: Stage) -> tuple[Finding, ...]:
        """Return the findings that keep the gate of `stage` shut, but for what somebody waived."""
        waived = waivers.hidden(self.log)
        return tuple(
            one for one in checks.blocking(self.findings_at(stage)) if one.key not in waived
        )

    @cached_property
    def ids(self) -> tuple[Known, ...]:
        """Return the items of a host's format as a person saw them last, by their lasting ids."""
        data = self.workshop.repo.read(self.found.tip, ledger_of(self.folder))
        return identity.from_toml(data.decode()) if data else ()

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """Return the tasks; a trivial change is one task that anything but protected paths is."""
        verify = self.workshop.config.policy.verify
        return assignments.tasks(self.track, self.spec, self.sentence, verify)

    @cached_property
    def keys(self) -> dict[str, str]:
        """Map each task to the digest of what it is built from, with what was sent back."""
        return assignments.keys(self.spec, self.tasks, self.log)

    @cached_property
    def landed(self) -> frozenset[str]:
        """Return the ids of the tasks whose present key stands in the branch's history."""
        said = set(self.workshop.repo.trailers(self.fork, self.found.tip, TRAILER))
        return frozenset(
            task.id
            for task in self.tasks
            if trailer(self.name, task.id, self.keys[task.id]) in said
        )

    @cached_property
    def standings(self) -> tuple[gates.Gate, ...]:
        """Return the six gates as the tree and the records have them."""
        if self.name in released(self.workshop):
            return tuple(
                gates.Gate(stage, gates.Standing.OPEN, "it is released", {}) for stage in STAGES
            )
        digest = self.workshop.config.policy.digest()
        separated = writers.separated(self)
        facts = gates.Facts(self.spec, self.log, self.workshop.trust, digest, {}, False, separated)
        standing = gates.standings(facts)
        ahead = gates.current(standing)
        if ahead is None or ahead.stage in SPEC_STAGES:
            return standing
        built = bool(self.tasks) and self.landed == {task.id for task in self.tasks}
        return gates.standings(evolve(facts, files=self.files, built=built))

    @property
    def gate(self) -> gates.Gate | None:
        """Return the gate that the change stands before, or None when all are open."""
        return gates.current(self.standings)

    @property
    def outgrowth(self) -> policy.Outgrowth | None:
        """Return how the real diff exceeds the track, unless a person waived that much."""
        size = policy.Size(len(self.code), sum(one.lines for one in self.code))
        paths = [one.path for one in self.code]
        found = policy.outgrown(self.track, size, paths, self.workshop.config.policy)
        if found is None:
            return None
        waived = [
            one
            for one in self.log.signed
            if waivers.is_waiver(one, "size") and waivers.covers(one.approval.details, found)
        ]
        return None if waivers.enough(self.workshop.trust, waived, "size") else found


def trailer(change: str, task: str, key: str) -> str:
    """Return the value of the commit trailer that says which task a commit is, built from what."""
    return f"{change}/{task}@{key}"


def find(workshop: Workshop) -> tuple[Found, ...]:
    """Return every open change, by name."""
    repo = workshop.repo
    base = workshop.base
    released = set(repo.names(base, FOLDER))
    found = {}
    for ref, tip in repo.refs("refs/heads/").items():
        own = ref.removeprefix(CHANGES) if ref.startswith(CHANGES) else ""
        if own in released:
            # A release that was cut off before it took the branch away; it is gone on with.
            if repo.contains(base, tip) and not repo.checkout_of(ref):
                found[own] = Found(own, ref, tip)
        elif own:
            found[own] = Found(own, ref, tip)
        elif ref != base:
            for change in set(repo.names(tip, FOLDER)) - released:
                if _opened_on(workshop, change, tip) == ref:
                    found[change] = Found(change, ref, tip)
    return tuple(found[name] for name in sorted(found))


def released(workshop: Workshop) -> tuple[str, ...]:
    """Return the names of the changes whose records are on the base branch."""
    return tuple(sorted(workshop.repo.names(workshop.base, FOLDER)))


def load(workshop: Workshop, name: str) -> Change:
    """Return the change called `name`. Raises ConfigurationError when there is none."""
    found = find(workshop)
    for one in found:
        if one.change == name:
            return read(workshop, one, altered(workshop, [one]))
    known = ", ".join(one.change for one in found[:8])
    if name in released(workshop):
        raise ConfigurationError(f"{name} is released", hint="accord log " + name)
    hint = f"there is: {known}" if known else "accord new 'what you want'"
    raise ConfigurationError(f"there is no change called {name}", hint=hint)


def load_past(workshop: Workshop, name: str) -> Change:
    """Return the change called `name`, open or released: then as it lies on the base.

    Raises ConfigurationError when there is none.
    """
    is_open = any(one.change == name for one in find(workshop))
    if is_open or name not in released(workshop):
        return load(workshop, name)
    base = workshop.base
    return read(workshop, Found(name, base, workshop.repo.resolve(base)), {}, desk_too=False)


def load_all(workshop: Workshop, only: Collection[str] | None = None) -> tuple[Change, ...]:
    """Return every open change, or those of them that `only` names."""
    return tuple(load_each(workshop, only))


def load_each(workshop: Workshop, only: Collection[str] | None = None) -> Iterator[Change]:
    """Yield what `load_all` returns, one after the other: thousands take more than a room has."""
    found = tuple(one for one in find(workshop) if only is None or one.change in only)
    history = altered(workshop, found)
    for one in found:
        yield read(workshop, one, history)


def choose(workshop: Workshop, name: str) -> Change:
    """Return the change called `name`; without a name the one that is checked out, or the only one.

    Raises ConfigurationError when that leaves a choice.
    """
    if name:
        return load(workshop, name)
    found = find(workshop)
    here = [one for one in found if one.ref == workshop.branch]
    only = here or (found if len(found) == 1 else ())
    if not only:
        listed = ", ".join(one.change for one in found[:8])
        fact = "there are several changes" if found else "there is no open change"
        raise ConfigurationError(fact, hint=f"name one: {listed}" if found else "accord new '...'")
    return load(workshop, only[0].change)


def altered(workshop: Workshop, found: Sequence[Found]) -> dict[str, str]:
    """Map each record file that the history of these branches changed or removed to the commit."""
    if not found:
        return {}
    base = workshop.repo.resolve(workshop.base)
    return dict(workshop.repo.altered(base, [one.tip for one in found], FOLDER))


def read(
    workshop: Workshop, found: Found, history: Mapping[str, str], *, desk_too: bool = True
) -> Change:
    """Read a change from a commit and, unless it is an older one, what was typed on its desk."""
    repo, name = workshop.repo, found.change
    entries = repo.folder(found.tip, f"{FOLDER}/{name}")
    files = {path: repo.blob(entry.id) for path, entry in entries.items()}
    log = reading.witnessed(workshop, name, read_log(name, files, workshop.trust), history)
    form, folder = reading.home(workshop, name, log)
    kept = repo.folder(found.tip, folder)
    texts = {path: repo.blob(entry.id) for path, entry in kept.items()}
    place = desk.of(workshop, name, found.ref)
    typed: dict[str, bytes | None] = {}
    strange: list[Finding] = []
    try:
        typed = desk.edits(workshop, place) if desk_too else {}
    except ConfigurationError as error:  # one desk must not keep the others from being seen
        strange.append(Finding("unreadable", Severity.BLOCKS, "desk", 1, 1, "desk",
                               error.message, error.hint))  # fmt: skip
    for path, data in typed.items():
        if data is None:
            texts.pop(path, None)
        else:
            texts[path] = data
    links = {
        path: f"{entry.mode} {entry.id}\n".encode()
        for path, entry in kept.items()
        if entry.mode not in REGULAR and path not in typed
    }
    spec, unreadable = reading.spec_of(texts, links, form)
    return Change(workshop, found, spec, (*strange, *unreadable), log, tuple(typed), form, folder)


def _opened_on(workshop: Workshop, change: str, tip: str) -> str:
    entries = workshop.repo.folder(tip, f"{FOLDER}/{change}")
    files = {path: workshop.repo.blob(entry.id) for path, entry in entries.items()}
    opening = gates.track_records(read_log(change, files, workshop.trust))
    return str(opening[0].details.get("branch", "")) if opening else ""
